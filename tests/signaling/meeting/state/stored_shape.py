"""The shape of a stored meeting: its JSON Schema, without words and defaults; and an example with all fields filled.

    python -m tests.signaling.meeting.state.stored_shape

writes those of this release into `versions/`, under the number of its version.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import AwareDatetime, BaseModel, TypeAdapter

from signaling.meeting.state import snapshot
from signaling.meeting.state.snapshot import MeetingSnapshot

VERSIONS = Path(__file__).parent / "versions"
WORDS = frozenset({"title", "description", "default"})
"""What a schema says besides the shape."""
Pick = Callable[[Any], Any]
"""Picks a value of one of the plain types."""
AT = datetime(2026, 11, 30, 2, 11, 26, tzinfo=UTC)
PLAIN: dict[Any, Any] = {str: "x", int: 7, float: 1.5, bool: True, datetime: AT, AwareDatetime: AT}


def shape() -> dict[str, Any]:
    """Return the JSON Schema of what this release stores, without words, defaults and the version."""
    found = TypeAdapter(MeetingSnapshot).json_schema()
    kinds = found.pop("$defs")
    del found["properties"]["version"]
    return {name: _bare(kind) for name, kind in sorted({**kinds, "MeetingSnapshot": found}.items())}


def _bare(part: Any) -> Any:
    if isinstance(part, list):
        return [_bare(each) for each in part]
    if not isinstance(part, dict):
        return part
    bare = {name: _bare(each) for name, each in part.items() if name not in WORDS}
    if "properties" in part:
        bare["properties"] = {name: _bare(each) for name, each in part["properties"].items()}
    return bare


def breaks(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what stands in the way of reading what was stored in an old shape, or would be lost by it."""
    found = []
    for name, before in old.items():
        after = new.get(name)
        if after is None:
            found.append(f"{name} is gone")
            continue
        was, now = before.get("properties", {}), after.get("properties", {})
        found += [f"{name}.{key} was {each}" for key, each in was.items() if not _reads(now.get(key), each)]
        found += [f"{name}.{key} has no default" for key in after.get("required", []) if key not in before["required"]]
    return found


def _reads(new: Any, old: Any) -> bool:
    """Return whether a part of a schema takes all that an old one took: it is the same, or lists more values."""
    if isinstance(old, dict) and isinstance(new, dict):
        return new.keys() == old.keys() and all(
            set(old[key]) <= set(new[key]) if key == "enum" else _reads(new[key], old[key]) for key in old
        )
    if isinstance(old, list) and isinstance(new, list):
        return len(new) == len(old) and all(map(_reads, new, old))
    return bool(new == old)


def made(kind: Any, pick: Pick = PLAIN.__getitem__) -> Any:
    """Return a value of a type whose plain values are picked. By default it has all that it can hold: each collection
    has an entry, and nothing is absent."""
    if kind in PLAIN:
        return pick(kind)
    if isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, BaseModel)):
        hints = get_type_hints(kind, include_extras=True)
        skipped = {"version"} | {name for name, hint in hints.items() if get_origin(hint) is ClassVar}
        return kind(**{name: made(hints[name], pick) for name in hints if name not in skipped})
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return made(arguments[0], pick)
    if origin is Literal:
        return arguments[pick(int) % len(arguments)]
    if origin in (Union, UnionType):
        return made(next(each for each in arguments if each is not NoneType), pick) if pick(bool) else None
    if origin is tuple and arguments[-1] is not ...:
        return tuple(made(each, pick) for each in arguments)
    if origin is Mapping:
        return {made(arguments[0], pick): made(arguments[1], pick)} if pick(bool) else {}
    assert origin in (tuple, list), kind
    return origin([made(arguments[0], pick)] if pick(bool) else [])


def recorded(number: int) -> dict[str, Any]:
    """Return shape and example of a version, as they were written when that was the newest."""
    kept: dict[str, Any] = json.loads((VERSIONS / f"{number}.json").read_text())
    return kept


if __name__ == "__main__":
    example = json.loads(snapshot.dump(made(MeetingSnapshot)))
    text = json.dumps({"shape": shape(), "example": example}, indent=1, ensure_ascii=False)
    (VERSIONS / f"{snapshot.VERSION}.json").write_text(text + "\n")
