"""Reads the units file: a JSON list of agencies, each with its one point, named and validated by Điều 6.4.

    {"units": [{"id": "568", "name": "Thành phố Nha Trang", "level": "huyen", "parent": "56", "abbr": "NT"},
               {"id": "22327", "name": "Phường Vĩnh Hòa", "level": "xa", "parent": "568", "point": "NT.VinhHoa"}]}

``point`` is required where the level is named from the register; elsewhere it may be omitted, and if given it must be
the name by the rule. A parent stands before its children, or is known already. ``valid_from`` and ``valid_to`` are the
first and the last day of a unit, ``successor`` is the unit it became part of. ``valid_from`` of the file itself is the
default for entries without one. The profile in force on its first day names a unit and knows its level.
"""

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Strict, ValidationError

from scheduler.core.errors import BadUnits, UnitProblem
from scheduler.core.model import Point, Unit
from scheduler.policy.policy import LevelPolicy, Policy
from scheduler.policy.profile_files import Profiles
from scheduler.units.naming import Names, slug, split


def _clean(text: str) -> str:
    cleaned = " ".join(unicodedata.normalize("NFC", text).split())
    if not cleaned or not cleaned.isprintable():
        raise ValueError("empty or with control characters")
    return cleaned


Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Text = Annotated[str, Field(max_length=200), AfterValidator(_clean)]
Day = Annotated[date, Strict(strict=False), Field(ge=date(1945, 9, 2), le=date(2199, 12, 31))]


class UnitEntry(BaseModel):
    """One agency of the file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: Id
    name: Text
    level: str
    parent: Id | None = None
    abbr: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    point: Text | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None
    successor: Id | None = None


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """A unit with its first point, as the units file and imports name them."""

    unit: Unit
    point: Point

    def same_as(self, old: "RegistryEntry") -> bool:
        """Return whether an import changes nothing; it does not concern devices."""
        names = (self.point.name, self.point.label) == (old.point.name, old.point.label)
        return names and self.unit == old.unit


def parse(text: str, profiles: Profiles, known: Iterable[RegistryEntry] = ()) -> list[RegistryEntry]:
    """Read a units file, on top of the `known` units. Raises BadUnits with every error found."""
    reader = _Reader(profiles, known)
    for number, raw in enumerate(_entries(text), start=1):
        reader.read(number, raw)
    reader.finish()
    if reader.problems:
        raise BadUnits(reader.problems)
    return reader.entries


def _entries(text: str) -> list[object]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadUnits([UnitProblem("not-json", line=error.lineno, value=error.msg)]) from error
    except RecursionError as error:
        raise BadUnits([UnitProblem("not-json", line=1, value="nested too deeply")]) from error
    except ValueError as error:
        raise BadUnits([UnitProblem("not-json", line=1, value="a number of thousands of digits")]) from error
    entries = document.get("units") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise BadUnits([UnitProblem("no-units", line=1)])
    if document.get("valid_from") is None:
        return entries
    return [{"valid_from": document["valid_from"], **entry} if isinstance(entry, dict) else entry for entry in entries]


class _Fault(Exception):
    def __init__(self, word: str, value: str) -> None:
        super().__init__(word)
        self.word, self.value = word, value


class _Reader:
    def __init__(self, profiles: Profiles, known: Iterable[RegistryEntry]) -> None:
        self._profiles = profiles
        self._names = {policy.id: Names(policy) for policy in profiles.policies}
        self._units: dict[str, Unit] = {}
        self._owners: dict[str, str] = {}  # slug of a point's name → its unit
        self._seen: set[str] = set()
        self._successors: list[tuple[int, str]] = []
        self.entries: list[RegistryEntry] = []
        self.problems: list[UnitProblem] = []
        for old in known:
            self._units[old.unit.id] = old.unit
            self._owners[slug(old.point.name)] = old.unit.id

    def read(self, number: int, raw: object) -> None:
        try:
            entry = UnitEntry.model_validate(raw)
            self._add(entry)
            if entry.successor is not None:
                self._successors.append((number, entry.successor))
        except _Fault as fault:
            self.problems.append(UnitProblem(fault.word, entry=number, value=fault.value))
        except ValidationError as error:
            for detail in error.errors():
                place = ".".join(map(str, detail["loc"]))
                self.problems.append(UnitProblem("bad-field", entry=number, value=f"{place}: {detail['msg']}"))

    def _add(self, entry: UnitEntry) -> None:
        if entry.id in self._seen:
            raise _Fault("duplicate-id", entry.id)
        self._seen.add(entry.id)
        if entry.valid_from and entry.valid_to and entry.valid_to < entry.valid_from:
            raise _Fault("ends-before-it-begins", entry.id)
        policy = self._policy(entry)
        level = policy.level(entry.level)
        if level is None:
            raise _Fault("unknown-level", entry.level)
        self._register(entry, level, self._parent(entry, policy, level))

    def _policy(self, entry: UnitEntry) -> Policy:
        """Return the profile in force when the unit begins; for one without a first day, the oldest."""
        first = self._profiles.policies[0]
        if entry.valid_from is None:
            return first
        return self._profiles.at(datetime.combine(entry.valid_from, time(), first.zone).astimezone(UTC))

    def finish(self) -> None:
        """Report every successor that does not exist."""
        for number, successor in self._successors:
            if successor not in self._units:
                self.problems.append(UnitProblem("unknown-successor", entry=number, value=successor))

    def _parent(self, entry: UnitEntry, policy: Policy, level: LevelPolicy) -> Unit | None:
        if entry.parent is None:
            return None
        parent = self._units.get(entry.parent)
        if parent is None:
            raise _Fault("unknown-parent", entry.parent)
        above = policy.level(parent.level)
        if above is None or above.rank <= level.rank:
            raise _Fault("parent-not-higher", entry.parent)
        return parent

    def _register(self, entry: UnitEntry, level: LevelPolicy, parent: Unit | None) -> None:
        name = self._name(entry, level, parent)
        if self._owners.setdefault(slug(name), entry.id) != entry.id:
            raise _Fault("duplicate-name", name)
        unit = Unit(**entry.model_dump(exclude={"point"}))
        label = self._names[self._policy(entry).id].label(level, entry.name)
        self._units[unit.id] = unit
        self.entries.append(RegistryEntry(unit, Point(slug(name), name, label, unit.id, unit.level, 1, (1,))))

    def _name(self, entry: UnitEntry, level: LevelPolicy, parent: Unit | None) -> str:
        """Return the point's name: by rule, or the given one where the rule allows it (register, free)."""
        names = self._names[self._policy(entry).id]
        ruled = names.generate(level, entry.name, parent.abbr if parent else None)
        if level.naming.rule in {"register", "free"} and entry.point:
            if split(entry.point)[1] is not None or not names.valid(level, entry.point):
                raise _Fault("bad-name", entry.point)
            return entry.point
        if ruled is None:
            raise _Fault("no-name", entry.name)
        if entry.point not in (None, ruled):
            raise _Fault("bad-name", f"{entry.point}, not {ruled}")
        return ruled
