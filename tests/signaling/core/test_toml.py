"""TOML whose keys have as many parts as a host name may have, and no more."""

import tomllib

import pytest

from signaling.core import toml


def test_a_key_has_at_most_the_parts_of_a_host_name() -> None:
    nested: object = 1
    for _ in range(toml.MAX_DOTS + 1):
        nested = {"a": nested}
    key = "a." * toml.MAX_DOTS + "a = 1"
    assert toml.loads(f"# {'.' * 999}\n{key}\n") == nested
    for longer in (f"a.{key}", f"[b]\na.{key}", f"b = {{a.{key}}}", "[" + "a." * 32_766 + "a]"):
        line = longer.count("\n") + 1
        with pytest.raises(tomllib.TOMLDecodeError, match=rf"^More than 127 dots \(at line {line}\)$"):
            toml.loads(longer)
