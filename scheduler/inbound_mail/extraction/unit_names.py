"""Finds the units and points that a text names: single units, names of points, or all units of a level. Pure.

An ambiguous name matches nothing. Names that match no unit are returned, so that a person is asked about them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from scheduler.core.model import COMMUNE, DEPARTMENT, DISTRICT, Point, Unit
from scheduler.inbound_mail.extraction.vn_datetimes import flat
from scheduler.units.naming import key

MAX_PARTS = 300
MAX_ECHO = 80

_PARTS = re.compile(r"[,;\n\t+]|\s+(?:va|cung)\s+|\s-\s|^\s*-\s*|\.\s|:\s", re.MULTILINE)
_GROUP = re.compile(
    r"\b(?:cac|toan bo|tat ca(?: cac)?|[0-9]+)\s+(?P<what>so|xa|huyen|phuong|thi xa|thanh pho|ban|don vi)\b"
    r"(?:[\s,]+(?:va\s+)?(?:ban|nganh|xa|phuong|thi tran|thi xa|thanh pho|huyen)(?:\s+cap tinh)?)*"
    r"(?:\s+(?:thuoc|cua|tren dia ban)\s+(?:ubnd\s+)?"
    r"(?P<parent>(?:huyen|thi xa|thanh pho)\s[\w\s]{2,30}?)(?=[,;.\n()]|\s-\s|$))?"
)
_LEVELS = {
    "so": DEPARTMENT,
    "ban": DEPARTMENT,
    "xa": COMMUNE,
    "phuong": COMMUNE,
    "huyen": DISTRICT,
    "thi xa": DISTRICT,
    "thanh pho": DISTRICT,
}
_ENDS = re.compile(r"(?:\s+(?:trong|tren|cua)\s+(?:toan\s+|dia ban\s+)?tinh)?\s*(?:$|[,;.)(\n]|\s-\s|\s(?:va|cung)\s)")
_FILLERS = {"ubnd", "cac", "gom", "tinh", "thuoc", "trong tinh", "tren toan tinh", "tren dia ban tinh"}
_POLITE = re.compile(
    r"^(?:(?:tai|gom|diem cau|lanh dao|dai dien|phong hop|thanh phan|moi|don vi|van phong(?= ubnd)|(?:[0-9]+[.)]))\s*)+"
)
_OFFICE = re.compile(r"^(?:ubnd|uy ban nhan dan)\s+")


@dataclass(frozen=True, slots=True)
class NamedPoints:
    """The points that a text names, in its order; parts that match no unit; parts that match several."""

    points: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()


class UnitNames:
    """Looks up units and points by name, as of one day. The name of a unit stands for its first point."""

    def __init__(self, units: Sequence[Unit], points: Sequence[Point]) -> None:
        self._units = units
        first: dict[str, str] = {}
        for point in points:
            first.setdefault(point.unit, point.id)
        self._first = first
        self._level = {point.id: point.level for point in points}
        self._names: dict[str, set[str]] = {}
        for point in points:
            self._learn(point.name, point.id)
            self._learn(point.label, point.id)
        for unit in units:
            if unit.id in first:
                self._learn(unit.name, first[unit.id])
                self._learn(_bare(unit.name), first[unit.id])

    def _learn(self, name: str, point: str) -> None:
        self._names.setdefault(_key(name), set()).add(point)

    def point_of(self, unit: str) -> str | None:
        """Return the first point of a unit."""
        return self._first.get(unit)

    def one(self, text: str) -> str | None:
        """Return the point that a whole text, or its first part, names; None if none or several match."""
        for part in (text, *_PARTS.split(flat(text))):
            points = self._points_named(part)
            if len(points) == 1:
                return next(iter(points))
        return None

    def read(self, text: str) -> NamedPoints:
        """Return every point that a list names."""
        points: list[str] = []
        unknown: list[str] = []
        ambiguous: list[str] = []
        for part, level in self._parts(flat(text), points):
            matches = self._points_named(part)
            if len(matches) > 1 and level:
                matches = {point for point in matches if self._level.get(point) == level}
            if len(matches) == 1:
                points += matches
            elif matches:
                ambiguous.append(part)
            elif part not in _FILLERS and len(part) > 1:
                unknown.append(part)
        echo = tuple(part[:MAX_ECHO] for part in unknown)
        return NamedPoints(tuple(dict.fromkeys(points)), echo, tuple(ambiguous))

    def _parts(self, plain: str, points: list[str]) -> Iterator[tuple[str, str | None]]:
        """Yield the single names of a list, each with the level that was stated for it; take groups at once."""
        level, at = None, 0
        for group in _GROUP.finditer(plain):
            yield from self._split(plain[at : group.start()], level)
            level, at = _LEVELS.get(group["what"]), group.end()
            if group["parent"] or _ENDS.match(plain, group.end()):
                points += self._group(group)
                level = None
        yield from self._split(plain[at:], level)

    def _split(self, plain: str, level: str | None) -> Iterator[tuple[str, str | None]]:
        parts = (part.strip(" .():-") for part in _PARTS.split(plain)[:MAX_PARTS])
        return ((part, level) for part in parts if part)

    def _group(self, match: re.Match[str]) -> list[str]:
        """Return the points of a level, all or those below one unit."""
        units: Iterable[Unit] = [unit for unit in self._units if unit.level == _LEVELS.get(match["what"])]
        if match["parent"]:
            parents = {unit.id for unit in self._units if _key(unit.name) == _key(match["parent"])}
            units = [unit for unit in units if unit.parent in parents]
        return [self._first[unit.id] for unit in units if unit.id in self._first]

    def _points_named(self, part: str) -> set[str]:
        name = _key(_POLITE.sub("", flat(part)))
        return self._names.get(name) or self._names.get(_OFFICE.sub("", name)) or set()


def _key(name: str) -> str:
    return key(re.sub(r"[^\w\s.]", " ", name)).strip(" .")


def _bare(name: str) -> str:
    """Return a unit's name without its kind: Huyện Vạn Ninh → Vạn Ninh."""
    return re.sub(r"^(?:huyen|xa|phuong|thi tran|thi xa|thanh pho)\s", "", flat(name))
