"""Characters that no text of a body, a query or a message may have."""

from typing import Any

import pytest

from signaling.core.characters import misplaced


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"text": "A\x00B"}, "text"),
        ({"people": [{"name": "A"}, {"name": "\x1b[2J"}]}, "people.1.name"),
        ({"text": "\ud800"}, "text"),
        ({"text": "\uffff"}, "text"),
        ({"name": "phiếu\u202egpj.exe"}, "name"),
        ({"name": "\u2067A\u2069"}, "name"),
        ({"figures": {"\x00": 1}}, "figures"),
        ({"\x7f": 1}, ""),
        ([["\x0b"]], "0.0"),
        ("\x00", ""),
        ({"text": "dòng 1\r\n\tdòng 2", "name": "Điện Biên \u200e👨\u200d👩\u200d👧", "n": 1, "on": None}, None),
        ({}, None),
    ],
)
def test_the_first_misplaced_character_is_found_at_its_place(value: Any, place: str | None) -> None:
    assert misplaced(value) == place


def test_a_deep_value_is_walked_without_recursion() -> None:
    value: Any = "\x00"
    for _ in range(5000):
        value = [value]
    assert misplaced(value) == ".".join(["0"] * 5000)
