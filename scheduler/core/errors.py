"""All errors that the scheduler raises on purpose.

    SchedulerError
    ├── PolicyError             the policy profile is faulty
    ├── InvalidRequest          a registration with faulty fields
    ├── CapacityExceeded        a registration that would break one of the two limits (Điều 12.4.a)
    ├── StateSecret             a session that would speak of state secrets (Điều 5.2)
    ├── TooLate                 a registration after the last moment of its class (Điều 13.2.a)
    ├── IllegalMove             a state that does not allow the requested move
    ├── OutOfOrder              a session would be issued before one that comes first (Điều 12.4.b)
    ├── NotMissed               a session is released that was opened, or may still be
    ├── NotLive                 a session is extended that is not held now
    ├── BadUnits                a units file with faulty entries
    ├── BadDevices              a number of devices outside 1–99
    ├── LostKey                 codes were encrypted with another key than the configured one
    ├── UnknownUnit
    ├── UnknownProfile          no profile was uploaded under this id, or it is in force already
    ├── ProfileStale            a profile would differ from the one that was shown
    ├── NoWorkingDay            a calendar whose corrections leave no working day
    ├── UnknownPoint
    ├── TooManyDocuments        of a session, or as evidence
    ├── UnknownSession
    ├── UnknownDuty
    ├── NotAsked
    ├── UnknownDraft
    ├── DraftSettled            a draft that was confirmed or discarded already
    ├── DevicesDescribed        a count of devices would remove some that are described
    ├── NotQuarantined          a letter that does not wait for its sender to be confirmed
    └── NotAdmitted             a code that does not admit the point now
        ├── CodeUnknown
        ├── NotInvited
        ├── TooEarly
        ├── Ended
        ├── Revoked
        └── Cancelled

Facts are attributes; the server turns classes into HTTP status and WebSocket words, and facts into Vietnamese.
"""

from dataclasses import dataclass
from datetime import datetime

from scheduler.core.model import ClassId, Refuse


class SchedulerError(Exception):
    """Base of all errors of the scheduler."""


class PolicyError(SchedulerError):
    """The policy profile cannot be used; the text says where."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One faulty field: a stable machine word and the value (or entry) it is about."""

    field: str
    word: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.word}" + (f" ({self.value})" if self.value else "")


class InvalidRequest(SchedulerError):
    """A registration or a script with faulty fields.

    Words: ``required`` ``too-long`` ``bad-characters`` ``unknown-point`` ``duplicate-point`` ``host-among-points``
    ``no-timezone`` ``fraction-of-second`` ``end-before-start`` ``in-the-past`` ``too-far`` ``too-long-interval``
    ``rehearsal-after-official`` ``phone-format`` ``unit-ended`` ``unit-merged``
    ``unit-not-yet`` ``unknown-code`` ``not-for-class`` ``people-range`` ``fewer-than-counted``; of a
    script ``too-many`` ``duplicate-item`` ``not-in-session``
    ``minutes-range``.
    """

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        return "; ".join(map(str, self.errors))


class CapacityExceeded(SchedulerError):
    """The registration does not fit; nothing was changed."""

    def __init__(self, refusal: Refuse) -> None:
        super().__init__(refusal)
        self.refusal = refusal
        self.limit = refusal.limit
        self.interval = refusal.interval
        self.usable = refusal.usable
        self.needed = refusal.needed
        self.suggestions = refusal.suggestions

    def __str__(self) -> str:
        return f"{self.limit}: needs {self.needed}, usable {self.usable} from {self.interval.start:%Y-%m-%d %H:%M:%SZ}"


class StateSecret(SchedulerError):
    """The session would speak of state secrets, which is forbidden here (Điều 5.2, A29); only the refusal is stored."""


class TooLate(SchedulerError):
    """The registration was received after the last moment of its class, by its `article`; nothing was changed.

    `remaining` are the classes it could still be registered under, each with its own last moment (None: any). Times
    are the province's own.
    """

    def __init__(
        self,
        klass: ClassId,
        article: str,
        effective: datetime,
        latest: datetime,
        remaining: tuple[tuple[ClassId, datetime | None], ...],
    ) -> None:
        super().__init__(klass, article, effective, latest, remaining)
        self.klass = klass
        self.article = article
        self.effective = effective
        self.latest = latest
        self.remaining = remaining

    def __str__(self) -> str:
        return f"{self.klass}: received {self.effective:%Y-%m-%d %H:%M:%SZ}, latest {self.latest:%Y-%m-%d %H:%M:%SZ}"


class IllegalMove(SchedulerError):
    """A session in `state` cannot make this move; nothing was changed."""

    def __init__(self, state: str, move: str) -> None:
        super().__init__(state, move)
        self.state = state
        self.move = move

    def __str__(self) -> str:
        return f"no {self.move} while {self.state}"


class OutOfOrder(SchedulerError):
    """Sessions that come first at the same time could be served now; only an override with a reason passes them."""

    def __init__(self, ahead: tuple[str, ...]) -> None:
        super().__init__(ahead)
        self.ahead = ahead


class NotMissed(SchedulerError):
    """A session can be released only from `since` on, and if nobody has opened it; nothing was changed."""

    def __init__(self, since: datetime) -> None:
        super().__init__(since)
        self.since = since


class NotLive(SchedulerError):
    """Only a live meeting can be extended; nothing was changed."""


@dataclass(frozen=True, slots=True)
class UnitProblem:
    """One fault of a units file: the line (for broken JSON) or the entry number, both from 1."""

    word: str
    line: int | None = None
    entry: int | None = None
    value: str = ""

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line is not None else f"entry {self.entry}"
        return f"{place}: {self.word}" + (f" ({self.value})" if self.value else "")


class BadUnits(SchedulerError):
    """A units file that was refused as a whole; nothing was imported."""

    def __init__(self, problems: list[UnitProblem]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class BadDevices(SchedulerError):
    """The number of devices is not within 1 to 99, which two digits distinguish (R-033)."""

    def __init__(self, devices: int) -> None:
        super().__init__(devices)
        self.devices = devices


class UnknownProfile(SchedulerError):
    """There is no uploaded profile with this id that is still to come into force."""

    def __init__(self, profile: str) -> None:
        super().__init__(profile)


class ProfileStale(SchedulerError):
    """The profile that would come into force differs from the one that was shown."""


class UnknownUnit(SchedulerError):
    """No such unit."""

    def __init__(self, unit: str) -> None:
        super().__init__(unit)
        self.unit = unit


class LostKey(SchedulerError):
    """Session codes cannot be decrypted with the configured key: they were encrypted with another one."""

    def __str__(self) -> str:
        return (
            "the session codes were encrypted with another key: "
            "put code.key back into the data directory from the backup, or set DIEMCAU_CODE_KEY to what it was"
        )


class NoWorkingDay(SchedulerError):
    """The calendar has no working day near the one asked for."""


class UnknownPoint(SchedulerError):
    """No such point."""

    def __init__(self, point: str) -> None:
        super().__init__(point)
        self.point = point


class TooManyDocuments(SchedulerError):
    """A session, or a control's evidence, has `most` files already."""

    def __init__(self, most: int) -> None:
        super().__init__(str(most))
        self.most = most


class UnknownSession(SchedulerError):
    """No such session."""

    def __init__(self, session: str) -> None:
        super().__init__(session)
        self.session = session


class UnknownDraft(SchedulerError):
    """No such draft."""

    def __init__(self, draft: str) -> None:
        super().__init__(draft)
        self.draft = draft


class DraftSettled(SchedulerError):
    """The draft is no longer open but in `state`; nothing was changed."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class NotQuarantined(SchedulerError):
    """The letter does not wait for its sender to be confirmed, or no longer; nothing was changed."""


class UnknownDuty(SchedulerError):
    """There is no duty with this id."""

    def __init__(self, duty: str) -> None:
        super().__init__(duty)
        self.duty = duty


class NotAsked(SchedulerError):
    """The host has not asked this point who takes part (Điều 14.4.b); nothing was stored."""


class NotAdmitted(SchedulerError):
    """Base of the reasons why a code does not admit a point now."""


class CodeUnknown(NotAdmitted):
    """This code was never issued for a session."""


class NotInvited(NotAdmitted):
    """The point is neither host nor component of the session (Điều 3.7)."""


class TooEarly(NotAdmitted):
    """The lobby is not open yet; it opens at `opens`."""

    def __init__(self, opens: datetime) -> None:
        super().__init__(opens)
        self.opens = opens


class Ended(NotAdmitted):
    """The last slot and its grace time are over."""


class Cancelled(NotAdmitted):
    """The session was cancelled: its code is dead for ever (I10)."""


class Revoked(NotAdmitted):
    """The code was revoked for a session of a higher level, or for lack of capacity: it is dead for ever (R-068)."""


class DevicesDescribed(SchedulerError):
    """The last devices of the point are described; they are removed one by one."""
