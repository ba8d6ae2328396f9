"""The record of a call, and the words for how it ended. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from scheduler.operations.incidents.model import LineMeasurement
from signaling.messages.calls import ProtectionWord
from signaling.messages.words import Farewell

Direction = Literal["in", "out"]
Purpose = Literal["session", "front-door", "test"]
"""Why there is a call: for a session, at the front door before any session is known, or to try the device."""
SipEnd = Literal["bye", "hung-up", "unreachable", "session-timer", "no-ack", "too-many-requests", "gatekeeper"]
"""Why a call ended: the device hung up, the centre did, the connection was lost, or the gatekeeper ended it."""
NotAdmitted = Literal["gatekeeper-absent", "gatekeeper-unknown", "gatekeeper-denied", "gatekeeper-full"]
"""Why the gatekeeper of H.323 did not admit a call: it does not answer or has not registered us, does not know who is
called, does not allow the call, or has no bandwidth left."""
Failure = Literal[
    "refused", "unanswered", "gone", "certificate", "not-encrypted", "no-codec", "no-media", "full", NotAdmitted
]
"""Why a call did not come about: refused by whoever was called, not answered in time, given up by the caller before it
was connected, or for its TLS, its encryption, its codecs, its media, want of a leg, or the gatekeeper."""
Outcome = Literal["", SipEnd, Failure, Farewell, "silent", "redialled", "server-stopped"]
"""How a call ended; empty while it goes on. `silent`: no media came any more; `redialled`: a controller had it dialled
again; a Farewell: its seat was taken."""
OUTCOMES: frozenset[str] = frozenset(
    word for part in get_args(Outcome) for word in ((part,) if isinstance(part, str) else get_args(part))
)


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call with a room system, by the names that device and session had then; `id` is 0 before it is stored.

    `began` is when it was dialled or came in, `status` the SIP status of a refusal. Codecs are those of what is sent
    to it; losses are the mean shares (0 to 1) of packets lost to us and from us, `round_trip` the longest in seconds;
    None where nothing was measured.
    """

    began: datetime
    device: str
    point: str
    name: str
    direction: Direction
    purpose: Purpose
    address: str
    transport: str
    session: str = ""
    number: str = ""
    """Of the session."""
    answered: datetime | None = None
    ended: datetime | None = None
    outcome: Outcome = ""
    status: int = 0
    sound: str = ""
    picture: str = ""
    protection: ProtectionWord = ""
    lost_up: float | None = None
    lost_down: float | None = None
    round_trip: float | None = None
    report: str = ""
    """JSON of the CallTestReport of a test call."""
    id: int = 0


@dataclass(slots=True)
class Measured:
    """The measurements of a call that goes on."""

    ups: float = 0.0
    downs: float = 0.0
    count: int = 0
    round_trip: float = 0.0
    _newest: LineMeasurement | None = field(default=None, repr=False)

    def add(self, measurement: LineMeasurement) -> None:
        """Count a measurement, once."""
        if measurement is self._newest:
            return
        self._newest = measurement
        self.ups += measurement.up
        self.downs += measurement.down
        self.count += 1
        self.round_trip = max(self.round_trip, measurement.round_trip)

    @property
    def values(self) -> dict[str, float]:
        """The columns of the record; none where nothing was measured."""
        if not self.count:
            return {}
        means = {"lost_up": self.ups / self.count, "lost_down": self.downs / self.count}
        return {name: round(value, 4) for name, value in {**means, "round_trip": self.round_trip}.items()}


def outcome_of(reason: str) -> Outcome:
    """Return the outcome of a call that ended for a reason."""
    word = reason.replace(" ", "-")
    return word if word in OUTCOMES else "hung-up"  # type: ignore[return-value]
