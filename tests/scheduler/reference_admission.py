"""A second implementation of admission for tests: ranks, queue, victims and codes, minute by minute, in whole numbers.

It is written from docs/admission.md alone and shares nothing with the product, because tests that reused the product's
helpers let mutants survive. Every minute is checked by itself: 5·load ≤ 4·max, and load ≤ max before codes are shed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

SHARE = (4, 5)
Slots = tuple[tuple[int, int], ...]  # (start, end) in minutes; the last is the meeting


@dataclass(frozen=True)
class Standing:
    """A unit with an exceptional rank in meetings that start in [first, last), in minutes (A22)."""

    body: str
    rank: int
    first: int
    last: int


@dataclass(frozen=True)
class Rules:
    """A profile's rules of revocation; times in minutes."""

    lowest_first: bool = False
    reprieve: bool = True
    live_may_fall: bool = False
    protect: int = 0
    notice: int = 0
    test_legs: int = 0


@dataclass
class Entry:
    """One registration: `state` is waiting, issued, revoked or cancelled."""

    id: str
    seq: int
    rank: int
    slots: Slots
    legs: int
    urgent: bool
    level: str = ""
    state: str = "waiting"

    @property
    def minutes(self) -> list[int]:
        """Every minute of its slots."""
        return [minute for start, end in self.slots for minute in range(start, end)]

    def runs(self, minute: int) -> bool:
        """Return whether a minute is one of its slots."""
        return any(start <= minute < end for start, end in self.slots)

    @property
    def first(self) -> int:
        """Its first minute."""
        return min(start for start, _ in self.slots)


@dataclass
class Reference:
    """Decides on registrations as the product must; has all of them and the maximum of each minute."""

    rules: Rules
    sessions: list[int]
    points: list[int]
    entries: dict[str, Entry] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    standings: tuple[Standing, ...] = ()

    def rank(self, level: str, body: str, slots: Slots, urgent: bool) -> int:
        """Return the rank of a meeting: that of its unit at its start, one more for an emergency."""
        rank, starts = self.ranks[level], slots[-1][0]
        for standing in self.standings:
            if standing.body == body and standing.first <= starts < standing.last:
                rank = standing.rank
        return rank + 1 if urgent else rank

    def issued(self) -> list[Entry]:
        """Return the registrations that hold capacity."""
        return [entry for entry in self.entries.values() if entry.state == "issued"]

    def queued(self) -> list[Entry]:
        """Return the registrations that wait, the highest rank and earliest first."""
        found = [entry for entry in self.entries.values() if entry.state in {"waiting", "revoked"}]
        return sorted(found, key=lambda entry: (-entry.rank, entry.seq))

    def over(self, held: Iterable[Entry], where: Iterable[int], share: tuple[int, int] = SHARE) -> Iterator[int]:
        """Yield the minutes in which a share of a maximum is exceeded."""
        taken, (num, den) = list(held), share
        reserved = self.rules.test_legs if share == SHARE else 0
        for minute in where:
            running = [entry for entry in taken if entry.runs(minute)]
            legs = sum(entry.legs for entry in running)
            points = den * (legs + reserved) if legs else 0
            if den * len(running) > num * self.sessions[minute] or points > num * self.points[minute]:
                yield minute

    def fits(self, entry: Entry, held: Iterable[Entry], minutes: Iterable[int] | None = None) -> bool:
        """Return whether a registration exceeds no limit beside others, in all or some of its minutes."""
        return not list(self.over([*held, entry], entry.minutes if minutes is None else minutes))

    def added(self, entry: Entry, now: int) -> list[int]:
        """Return the minutes from now on in which an amended registration takes more than it has."""
        old = self.entries[entry.id]
        return [
            minute
            for minute in entry.minutes
            if minute >= now and not (old.state == "issued" and old.runs(minute) and entry.legs <= old.legs)
        ]

    def room(self, entry: Entry, now: int) -> bool:
        """Return whether an amended registration needs no revocation."""
        return self.fits(entry, [e for e in self.issued() if e.id != entry.id], self.added(entry, now))

    def plan(self, entry: Entry, now: int, minutes: list[int] | None = None) -> list[str] | None:
        """Return the registrations that lose their codes for a registration, latest first; None if it must wait.

        It is decided on in all its minutes, or only in some of them.
        """
        minutes = entry.minutes if minutes is None else minutes
        if not self.fits(entry, (), minutes):
            return None
        held = [other for other in self.issued() if other.id != entry.id]
        candidates = [other for other in held if other.rank < entry.rank and self._may_fall(other, entry, now)]
        candidates.sort(key=lambda other: (other.rank if self.rules.lowest_first else 0, -other.seq))
        return self._victims(held, candidates, [entry], minutes, SHARE)

    def spared(self, entry: Entry, now: int, plan: list[str]) -> set[str]:
        """Return the registrations that keep their codes only by reprieve, though later than a victim (A24)."""
        strict = Reference(replace(self.rules, reprieve=False), self.sessions, self.points, self.entries, self.ranks)
        earliest = min((self.entries[victim].seq for victim in plan), default=self.entries[entry.id].seq)
        taken = set(strict.plan(entry, now) or ()) - set(plan)
        return {each for each in taken if plan and self.entries[each].seq > earliest}

    def ahead(self, entry: Entry, now: int, minutes: list[int] | None = None) -> list[str]:
        """Return the queued registrations that come before one, overlap it and could be issued now."""
        wanted = set(entry.minutes if minutes is None else minutes)
        order = (-entry.rank, entry.seq)
        before = [e for e in self.queued() if e.id != entry.id and (-e.rank, e.seq) < order]
        meeting = [e for e in before if e.first > now and not wanted.isdisjoint(e.minutes)]
        return [e.id for e in meeting if self.plan(e, now) is not None]

    def _may_fall(self, held: Entry, entry: Entry, now: int) -> bool:
        if held.runs(now) and not (entry.urgent and self.rules.live_may_fall):
            return False
        near = any(now < start < now + self.rules.protect for start, _ in held.slots)
        return entry.urgent or not near

    def shed(self, now: int) -> list[str]:
        """Return the registrations that lose their codes because even the whole maximum is exceeded."""
        held = self.issued()
        order = sorted(held, key=lambda entry: (entry.runs(now), entry.rank, -entry.seq))
        return self._victims(held, order, [], range(now, len(self.points)), (1, 1)) or []

    def _victims(
        self, held: list[Entry], order: list[Entry], beside: list[Entry], where: Iterable[int], share: tuple[int, int]
    ) -> list[str] | None:
        minutes, gone = list(where), []

        def bad() -> set[int]:
            return set(self.over([*(e for e in held if e not in gone), *beside], minutes, share))

        for entry in order:
            if any(entry.runs(minute) for minute in bad()):
                gone.append(entry)
        if bad():
            return None
        for entry in sorted(gone, key=lambda entry: (-entry.rank, entry.seq)) if self.rules.reprieve else ():
            gone.remove(entry)
            if bad():
                gone.append(entry)
        return [entry.id for entry in order if entry in gone]

    def reinstate(self, now: int) -> list[str]:
        """Issue the queued registrations that fit, in order; return them."""
        issued = []
        for entry in self.queued():
            if self.in_time(entry, now) and self.fits(entry, self.issued()):
                entry.state = "issued"
                issued.append(entry.id)
        return issued

    def in_time(self, entry: Entry, now: int) -> bool:
        """Return whether a registration begins late enough to be notified of a code before it."""
        return entry.first > now and (entry.urgent or entry.first - now >= self.rules.notice)
