"""The text of the message protocol: calls, their arguments and results, dataclasses and events, with their types.

    python -m tests.mediaserver.rpc.protocol_text

writes that of this release into `versions/`, under the number of its version.
"""

import json
from dataclasses import MISSING, fields, is_dataclass
from inspect import Parameter, isclass, signature
from pathlib import Path
from typing import Any, get_args, get_type_hints

from mediaserver import api
from mediaserver.rpc import protocol, version

VERSIONS = Path(__file__).parent / "versions"
Text = dict[str, dict[str, dict[str, str]]]
"""By kind ("calls", "dataclasses", "events") and name, each argument or field with its type, " = …" where it has a
default."""


def _type(hint: Any) -> str:
    return str(hint.__name__ if isclass(hint) and not get_args(hint) else hint).replace("mediaserver.api.", "")


def _field(hint: Any, has_default: bool) -> str:
    return _type(hint) + (" = …" if has_default else "")


def _fields(kind: type) -> dict[str, str]:
    hints = get_type_hints(kind)
    return {
        each.name: _field(hints[each.name], each.default is not MISSING or each.default_factory is not MISSING)
        for each in fields(kind)
    }


def _call(name: str) -> dict[str, str]:
    method = getattr(api.MediaEngine, name)
    hints = get_type_hints(method)
    defaults = {key: each.default is not Parameter.empty for key, each in signature(method).parameters.items()}
    arguments = {key: _field(hints[key], defaults[key]) for key in defaults if key != "self"}
    return {**arguments, "return": _type(hints["return"])}


def text() -> Text:
    """Return the text of this release's protocol."""
    kinds = [each for each in vars(api).values() if isclass(each) and is_dataclass(each)]
    return {
        "calls": {name: _call(name) for name in protocol.CALLS},
        "dataclasses": {each.__name__: _fields(each) for each in kinds if each.__name__ not in protocol.EVENTS},
        "events": {name: _fields(each) for name, each in protocol.EVENTS.items()},
    }


def breaks(old: Text, new: Text) -> list[str]:
    """Return for what two versions do not understand each other, whichever of them is the server's."""
    found = []
    for kind, names in old.items():
        for name, before in names.items():
            after = new[kind].get(name)
            if after is None:
                found.append(f"{name} is gone")
                continue
            found += [f"{name}.{key} was {each}" for key, each in before.items() if after.get(key) != each]
            found += [f"{name}.{key} has no default" for key in after.keys() - before if " = …" not in after[key]]
    return found


def recorded(number: int) -> Text:
    """Return the text of a version, as it was written when that was the newest."""
    kept: Text = json.loads((VERSIONS / f"{number}.json").read_text())
    return kept


if __name__ == "__main__":
    (VERSIONS / f"{version.VERSION}.json").write_text(json.dumps(text(), indent=1, ensure_ascii=False) + "\n")
