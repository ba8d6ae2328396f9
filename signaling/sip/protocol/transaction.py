"""Transactions: one request and its responses, made reliable over UDP (RFC 3261 §17, RFC 6026).

Four machines without sockets or clocks. Each takes what came, with the time, and returns what is to be done: messages
to send, responses to hand up, or word that time is over. `deadline` is when `due` wants to be called next. A machine
in state TERMINATED is done and may be forgotten.

            caller                                       callee
    INVITE  CALLING → PROCEEDING → ACCEPTED (2xx)        PROCEEDING → ACCEPTED (2xx, until the ACK)
                    ↘ COMPLETED (3xx-6xx, ACK sent)                 ↘ COMPLETED → CONFIRMED (ACK)
    others  CALLING → PROCEEDING → COMPLETED             PROCEEDING → COMPLETED

The callee's machine also repeats a 2xx until its ACK comes, which the RFC leaves to the layer above (§13.3.1.4), and a
reliable provisional response until its PRACK comes (RFC 3262 §3): here all of them are repeated in one place.
"""

from dataclasses import dataclass
from enum import Enum, auto

from signaling.sip.protocol.message import Message, Request, Response

T1 = 0.5
"""Estimate of a round trip in seconds."""
T2 = 4.0
T4 = 5.0
TIMEOUT = 64 * T1
"""Timers B, D, F, H, J, L and M, in seconds."""


class State(Enum):
    """The state of a transaction."""

    CALLING = auto()
    PROCEEDING = auto()
    ACCEPTED = auto()
    COMPLETED = auto()
    CONFIRMED = auto()
    TERMINATED = auto()


@dataclass(frozen=True, slots=True)
class Send:
    """Send this message."""

    message: Message


@dataclass(frozen=True, slots=True)
class Deliver:
    """Hand this response to the listener."""

    response: Response


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The time is over: no response to a request, or no ACK to a final response."""


Output = Send | Deliver | TimedOut
Outputs = list[Output]


class _Machine:
    """Common part of the four machines: a state, when it ends, when the next retransmission is due."""

    def __init__(self, state: State, reliable: bool) -> None:
        self.state = state
        self._reliable = reliable
        self._ends_at: float | None = None
        self._repeats_at: float | None = None
        self._interval = T1

    @property
    def deadline(self) -> float | None:
        """Return the time at which `due` is to be called next; None: never."""
        return min((at for at in (self._ends_at, self._repeats_at) if at is not None), default=None)

    def _enter(self, state: State, ends: float | None) -> None:
        self.state, self._ends_at, self._repeats_at = state, ends, None

    def _absorb(self, state: State, now: float, after: float) -> None:
        """Enter a state that only absorbs retransmissions; on a reliable transport terminate at once."""
        if self._reliable:
            self._enter(State.TERMINATED, None)
        else:
            self._enter(state, now + after)

    def _repeat(self, now: float, interval: float) -> None:
        self._interval = interval
        self._repeats_at = now + interval


class ClientInvite(_Machine):
    """Client transaction of an INVITE (§17.1.1)."""

    def __init__(self, request: Request, reliable: bool) -> None:
        super().__init__(State.CALLING, reliable)
        self.request = request
        self._ack: Request | None = None
        self._cancel_deadline: float | None = None

    def start(self, now: float) -> Outputs:
        """Send the request."""
        self._enter(State.CALLING, now + TIMEOUT)
        if not self._reliable:
            self._repeat(now, T1)
        return [Send(self.request)]

    def received(self, response: Response, now: float) -> Outputs:
        """Process a response."""
        if self.state is State.COMPLETED:  # the refusal again: our ACK was lost
            return [Send(self._ack)] if self._ack and response.status >= 300 else []
        if self.state is State.TERMINATED or (self.state is State.ACCEPTED and not _is_success(response)):
            return []
        if response.status < 200:
            self._enter(State.PROCEEDING, self._cancel_deadline)
            return [Deliver(response)]
        if response.status < 300:  # RFC 6026 §7.2: all of them go up, each wants an ACK
            if self.state is not State.ACCEPTED:
                self._enter(State.ACCEPTED, now + TIMEOUT)
            return [Deliver(response)]
        self._ack = refusal_ack(self.request, response)
        self._absorb(State.COMPLETED, now, TIMEOUT)
        return [Send(self._ack), Deliver(response)]

    @property
    def is_cancelled(self) -> bool:
        """Return whether a CANCEL was sent."""
        return self._cancel_deadline is not None

    def cancelled(self, now: float) -> None:
        """Note that a CANCEL was sent: the INVITE ends after 64·T1 even without a final response (§9.1)."""
        self._cancel_deadline = now + TIMEOUT
        if self.state is State.PROCEEDING:
            self._ends_at = self._cancel_deadline

    def due(self, now: float) -> Outputs:
        """Retransmit or time out if it is due."""
        if self._ends_at is not None and now >= self._ends_at:
            waited = self.state in (State.CALLING, State.PROCEEDING)
            self._enter(State.TERMINATED, None)
            return [TimedOut()] if waited else []
        if self._repeats_at is not None and now >= self._repeats_at:
            self._repeat(now, 2 * self._interval)
            return [Send(self.request)]
        return []


class ClientRequest(_Machine):
    """Client transaction of any other request (§17.1.2)."""

    def __init__(self, request: Request, reliable: bool) -> None:
        super().__init__(State.CALLING, reliable)
        self.request = request

    def start(self, now: float) -> Outputs:
        """Send the request."""
        self._enter(State.CALLING, now + TIMEOUT)
        if not self._reliable:
            self._repeat(now, T1)
        return [Send(self.request)]

    def received(self, response: Response, now: float) -> Outputs:
        """Process a response."""
        if self.state not in (State.CALLING, State.PROCEEDING):
            return []
        if response.status < 200:
            self.state = State.PROCEEDING
            return [Deliver(response)]
        self._absorb(State.COMPLETED, now, T4)
        return [Deliver(response)]

    def due(self, now: float) -> Outputs:
        """Retransmit or time out if it is due."""
        if self._ends_at is not None and now >= self._ends_at:
            waited = self.state is not State.COMPLETED
            self._enter(State.TERMINATED, None)
            return [TimedOut()] if waited else []
        if self._repeats_at is not None and now >= self._repeats_at:
            self._repeat(now, T2 if self.state is State.PROCEEDING else min(2 * self._interval, T2))
            return [Send(self.request)]
        return []


class ServerInvite(_Machine):
    """Server transaction of an INVITE (§17.2.1, RFC 6026 §7.1)."""

    def __init__(self, request: Request, reliable: bool) -> None:
        super().__init__(State.PROCEEDING, reliable)
        self.request = request
        self.last: Response | None = None
        self._unacknowledged = ""
        """The RAck that belongs to the reliable provisional response."""

    def respond(self, response: Response, now: float) -> Outputs:
        """Send a response, reliably if it has an RSeq; ignore a second final one."""
        if self.state is not State.PROCEEDING:
            return []
        self.last = response
        if response.status < 200 and (number := response.get("rseq")) is not None:
            self._unacknowledged = f"{number} {self.request.sequence[0]} INVITE"
            self._ends_at = now + TIMEOUT
            self._repeat(now, T1)
        if response.status >= 200:
            self._enter(State.ACCEPTED if response.status < 300 else State.COMPLETED, now + TIMEOUT)
            # A 2xx is repeated on TCP too: a proxy behind it may have lost it on UDP (§13.3.1.4).
            if not self._reliable or response.status < 300:
                self._repeat(now, T1)
        return [Send(response)]

    def repeated(self) -> Outputs:
        """Answer a retransmission of the INVITE."""
        again = self.state in (State.PROCEEDING, State.COMPLETED) and self.last is not None
        return [Send(self.last)] if again and self.last else []

    def acknowledged_provisional(self, rack: str) -> bool:
        """Process the RAck of a PRACK; return True if it is the first of the reliable provisional response."""
        if not self._unacknowledged or " ".join(rack.split()) != self._unacknowledged:
            return False
        self._unacknowledged = ""
        if self.state is State.PROCEEDING:
            self._ends_at = self._repeats_at = None
        return True

    def acknowledged(self, now: float) -> bool:
        """Process an ACK of this transaction or of the dialog; return True if it was the first ACK of a 2xx."""
        if self.state is State.COMPLETED:
            self._absorb(State.CONFIRMED, now, T4)
        accepted = self.state is State.ACCEPTED and self._repeats_at is not None
        if accepted:
            self._repeats_at = None
        return accepted

    def due(self, now: float) -> Outputs:
        """Retransmit or time out if it is due."""
        if self._ends_at is not None and now >= self._ends_at:
            if self.state is State.PROCEEDING:  # no PRACK: the INVITE still gets a final response
                self._ends_at = self._repeats_at = None
                return [TimedOut()]
            unheard = self.state is State.COMPLETED or (self.state is State.ACCEPTED and self._repeats_at is not None)
            self._enter(State.TERMINATED, None)
            return [TimedOut()] if unheard else []
        if self._repeats_at is not None and now >= self._repeats_at and self.last is not None:
            self._repeat(now, min(2 * self._interval, T2))
            return [Send(self.last)]
        return []


class ServerRequest(_Machine):
    """Server transaction of any other request (§17.2.2)."""

    def __init__(self, request: Request, reliable: bool) -> None:
        super().__init__(State.PROCEEDING, reliable)
        self.request = request
        self.last: Response | None = None

    def respond(self, response: Response, now: float) -> Outputs:
        """Send the response; ignore a second final one."""
        if self.state is not State.PROCEEDING:
            return []
        self.last = response
        if response.status >= 200:
            self._absorb(State.COMPLETED, now, TIMEOUT)
        return [Send(response)]

    def repeated(self) -> Outputs:
        """Answer a retransmission of the request."""
        return [Send(self.last)] if self.last is not None else []

    def due(self, now: float) -> Outputs:
        """Terminate if it is due."""
        if self._ends_at is not None and now >= self._ends_at:
            self._enter(State.TERMINATED, None)
        return []


Client = ClientInvite | ClientRequest
Server = ServerInvite | ServerRequest


def refusal_ack(invite: Request, response: Response) -> Request:
    """Return the ACK of a refusal, which belongs to the INVITE's transaction (§17.1.1.3)."""
    ack = _of_invite(invite, "ACK")
    ack.headers = [(name, value) for name, value in ack.headers if name != "to"]
    ack.headers += [(name, value) for name, value in response.headers if name == "to"]
    return ack


def cancellation(invite: Request) -> Request:
    """Return the CANCEL of an INVITE (§9.1)."""
    return _of_invite(invite, "CANCEL")


def _of_invite(invite: Request, method: str) -> Request:
    number, _ = invite.sequence
    request = Request(method, invite.uri)
    request.headers = _named(invite, "via")[:1] + _named(invite, "route")
    request.headers += [("max-forwards", "70")]
    for name in ("from", "to", "call-id"):
        request.headers += _named(invite, name)
    request.add("cseq", f"{number} {method}")
    return request


def _named(message: Message, name: str) -> list[tuple[str, str]]:
    return [(each, value) for each, value in message.headers if each == name]


def _is_success(response: Response) -> bool:
    return 200 <= response.status < 300
