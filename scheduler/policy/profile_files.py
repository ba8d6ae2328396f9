"""Reads policy profiles from YAML files, reports each error with its line, and finds the profile in force on a day.

A profile may extend another by id: its sections override those of the other, mappings key by key, lists as a whole.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import ValidationError

from scheduler.core.capacity_limit import CapacityLimit
from scheduler.core.errors import PolicyError
from scheduler.core.model import ClassId
from scheduler.policy.policy import Policy

DATA = Path(__file__).parents[1] / "data"
SHIPPED = (DATA / "pre-KH-2023.yaml", DATA / "KH-2023.yaml")
"""The regulation, and a profile without deadlines for registrations from before it was in force."""
TWO_TIER = DATA / "KH-2025-2T.yaml"
"""An example without a regulation behind it: add it by ``DIEMCAU_PROFILE``."""

_MAX_DEPTH = 8


@dataclass(slots=True)
class Profiles:
    """All profiles, by the day they begin; the periods neither overlap nor leave gaps.

    Every service holds the same one: what is uploaded while the server runs is added to it
    (`scheduler.policy.upload`).
    """

    policies: tuple[Policy, ...]

    @classmethod
    def of(cls, policies: Iterable[Policy]) -> Self:
        """Return the profiles in order. Raises PolicyError if their periods or ids collide."""
        ordered = sorted(policies, key=lambda policy: (policy.effective_from is not None, policy.effective_from))
        if not ordered:
            raise PolicyError("no profile")
        ids = [policy.id for policy in ordered]
        if len(set(ids)) != len(ids):
            raise PolicyError("two profiles share an id")
        for old, new in pairwise(ordered):
            _check_border(old, new)
        return cls(tuple(ordered))

    def at(self, instant: datetime) -> Policy:
        """Return the profile in force at an instant; before the first one, the first."""
        held = [
            p
            for p in self.policies
            if p.effective_from is None or p.effective_from <= instant.astimezone(p.zone).date()
        ]
        return held[-1] if held else self.policies[0]

    def on(self, day: date) -> Policy:
        """Return the profile in force on a day; before the first one, the first."""
        held = [policy for policy in self.policies if policy.effective_from is None or policy.effective_from <= day]
        return held[-1] if held else self.policies[0]

    def rank(self, level: str, klass: ClassId, unit: str, start: datetime) -> int:
        """Return the rank of a session that a unit of a level hosts, by the profile in force at its `start`."""
        return self.at(start).rank(level, klass, unit, start)

    def usable(self, maximum: CapacityLimit) -> CapacityLimit:
        """Return the usable share of a maximum over time, at each time by the profile then in force."""
        for policy in self.policies[1:]:
            begins = policy.begins
            maximum = maximum.changed(begins, maximum.at(begins)) if begins else maximum
        first = self.policies[0].capacity.usable(maximum.first)
        return CapacityLimit(
            first, tuple((since, self.at(since).capacity.usable(amount)) for since, amount in maximum.steps)
        )

    def day(self, instant: datetime) -> date:
        """Return the day of the province at an instant."""
        return instant.astimezone(self.at(instant).zone).date()


def _check_border(old: Policy, new: Policy) -> None:
    if new.effective_from is None or new.effective_from == old.effective_from:
        raise PolicyError(f"{old.id} and {new.id} begin on the same day")
    day_before = new.effective_from - timedelta(days=1)
    if old.effective_to is not None and old.effective_to != day_before:
        what = "overlap" if old.effective_to > day_before else "leave a gap"
        raise PolicyError(f"{old.id} and {new.id} {what}: {old.effective_to} and {new.effective_from}")


def files(text: str) -> tuple[Path, ...]:
    """Parse a setting: ids of shipped profiles or files, separated by colons. Raises ValueError."""
    names = [name.strip() for name in text.split(":") if name.strip()]
    paths = []
    for name in names:
        shipped = DATA / f"{name}.yaml"
        path = shipped if "/" not in name and shipped.is_file() else Path(name)
        if not path.is_file():
            raise ValueError(f"no such file: {name}")
        paths.append(path)
    return tuple(paths)


def load(paths: Sequence[Path] = SHIPPED) -> Profiles:
    """Read profile files; one may extend another that is read or shipped. Raises PolicyError, OSError."""
    return _together([_shipped().get(path) or _Source.of(path) for path in paths])


def read(files: Iterable[tuple[str, str]]) -> Profiles:
    """Read profiles given as (file name, YAML text). Raises PolicyError with file, line and field of each fault."""
    return _together([_Source(name, text) for name, text in files])


def parse(text: str) -> Policy:
    """Read one profile. Raises PolicyError."""
    return read([("profile", text)]).policies[0]


def read_over(text: str, profiles: Profiles) -> Policy:
    """Read one profile, which may extend one of `profiles`. Raises PolicyError with line and field of each fault."""
    source = _Source("profile", text)
    bases = _by_id(_shipped().values())
    bases |= {policy.id: _Source(policy.id, canonical(policy)) for policy in profiles.policies}
    return source.policy(bases)


def restored(content: str, base: Policy) -> Policy:
    """Read a profile that :func:`canonical` wrote; rules that it lacks are those of `base`. Raises PolicyError."""
    whole = _laid_over(json.loads(canonical(base)), json.loads(content))
    try:
        return Policy.model_validate(whole)
    except ValidationError as error:
        raise PolicyError(f"{whole.get('id')}: {error}") from error


def digest(policy: Policy) -> str:
    """Return the SHA-256 of a profile's contents."""
    return sha256(canonical(policy).encode()).hexdigest()


def canonical(policy: Policy) -> str:
    """Return a profile as JSON with sorted keys."""
    return json.dumps(policy.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)


def _together(sources: Sequence["_Source"]) -> Profiles:
    bases = _by_id([*_shipped().values(), *sources])
    return Profiles.of([source.policy(bases) for source in sources])


def _by_id(sources: Iterable["_Source"]) -> dict[str, "_Source"]:
    return {str(source.data.get("id")): source for source in sources}


@cache
def _shipped() -> dict[Path, "_Source"]:
    return {path: _Source.of(path) for path in SHIPPED}


class _Once(yaml.SafeLoader):
    """Refuses a key that a mapping has twice, where YAML would keep the last: there is one operating unit (R-012)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        for place, (key, _) in enumerate(node.value):
            if key.value in keys[:place]:
                raise yaml.MarkedYAMLError(problem=f"{key.value} is said twice", problem_mark=key.start_mark)
        return super().construct_mapping(node, deep)


class _Source:
    """One profile file: its data, and the line of each part."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        try:
            loader = _Once(text)
            self._node = loader.get_single_node()
            data = loader.construct_document(self._node) if self._node else None
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            raise PolicyError(f"{name}: not YAML: {error}") from error
        if not isinstance(data, dict):
            raise PolicyError(f"{name}: not a mapping")
        self.data: dict[object, object] = data

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read a file. Raises PolicyError, OSError."""
        return cls(path.name, path.read_text(encoding="utf-8"))

    def policy(self, bases: Mapping[str, "_Source"]) -> Policy:
        """Return the validated profile, merged with the one it extends. Raises PolicyError."""
        try:
            return Policy.model_validate(self._whole(bases, _MAX_DEPTH))
        except ValidationError as error:
            raise PolicyError("; ".join(self._fault(fault["loc"], fault["msg"]) for fault in error.errors())) from error

    def _whole(self, bases: Mapping[str, "_Source"], depth: int) -> dict[object, object]:
        wanted = self.data.get("extends")
        if wanted is None:
            return self.data
        base = bases.get(str(wanted))
        if base is None or base is self or not depth:
            raise PolicyError(
                f"{self._name}, line {self._line(('extends',))}: extends: no profile {wanted!r} to extend"
            )
        return _laid_over(base._whole(bases, depth - 1), self.data)

    def _fault(self, loc: tuple[int | str, ...], message: str) -> str:
        field = ".".join(map(str, loc)) or "profile"
        return f"{self._name}, line {self._line(loc)}: {field}: {message.removeprefix('Value error, ')}"

    def _line(self, loc: tuple[int | str, ...]) -> int:
        """Return the line, from 1, of the innermost part of the text that a field's path reaches."""
        node, line = self._node, 1
        for step in loc:
            if isinstance(node, yaml.MappingNode):
                entry = next(((key, value) for key, value in node.value if key.value == str(step)), None)
                if entry is None:
                    break
                line, node = entry[0].start_mark.line + 1, entry[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                break
        return line


def _laid_over(below: dict[object, object], above: Mapping[object, object]) -> dict[object, object]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _laid_over(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
