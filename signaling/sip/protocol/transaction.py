"""Transactions: one request and its responses, made reliable over UDP (RFC 3261 §17, RFC 6026).

Four machines without sockets or clocks. Each takes what came, with the time, and returns what is to be done: messages
to send, responses to hand up, or word that time is over. `deadline` is when `due` wants to be called next. A machine
in state TERMINATED is done and may be forgotten.

            caller                                       callee
    INVITE  CALLING → PROCEEDING → ACCEPTED (2xx)        PROCEEDING → ACCEPTED (2xx, until the ACK)
                    ↘ COMPLETED (3xx-6xx, ACK sent)                 ↘ COMPLETED → CONFIRMED (ACK)
    others  CALLING → PROCEEDING → COMPLETED             PROCEEDING → COMPLETED

The callee's machine also repeats a 2xx until its ACK comes, which the RFC leaves to the layer above (§13.3.1.4): here
both kinds of final answer are repeated in one place.
"""

from dataclasses import dataclass
from enum import Enum, auto

from signaling.sip.protocol.message import Message, Request, Response

T1 = 0.5
"""Seconds a round trip takes at most, usually."""
T2 = 4.0
T4 = 5.0
TIMEOUT = 64 * T1
"""Timers B, D, F, H, J, L and M."""


class State(Enum):
    """Where a transaction is."""

    CALLING = auto()
    PROCEEDING = auto()
    ACCEPTED = auto()
    COMPLETED = auto()
    CONFIRMED = auto()
    TERMINATED = auto()


@dataclass(frozen=True, slots=True)
class Send:
    """Put this on the wire."""

    message: Message


@dataclass(frozen=True, slots=True)
class Deliver:
    """Hand this response up."""

    response: Response


@dataclass(frozen=True, slots=True)
class TimedOut:
    """Nothing came in time: no response to a request, no ACK to a final answer."""


Output = Send | Deliver | TimedOut
Outputs = list[Output]


class _Machine:
    """What the four share: a state, when it ends, when something is to be repeated."""

    def __init__(self, state: State, reliable: bool) -> None:
        self.state = state
        self._reliable = reliable
        self._ends: float | None = None
        self._repeats: float | None = None
        self._interval = T1

    @property
    def deadline(self) -> float | None:
        """When `due` wants to be called; None for never."""
        return min((at for at in (self._ends, self._repeats) if at is not None), default=None)

    def _enter(self, state: State, ends: float | None) -> None:
        self.state, self._ends, self._repeats = state, ends, None

    def _leave(self, state: State, now: float, after: float) -> None:
        """Enter a state that only absorbs repetitions, which a reliable transport does not have."""
        if self._reliable:
            self._enter(State.TERMINATED, None)
        else:
            self._enter(state, now + after)

    def _repeat(self, now: float, interval: float) -> None:
        self._interval = interval
        self._repeats = now + interval


class ClientInvite(_Machine):
    """An INVITE of ours (§17.1.1)."""

    def __init__(self, request: Request, reliable: bool) -> None:
        super().__init__(State.CALLING, reliable)
        self.request = request
        self._ack: Request | None = None
        self._last_moment: float | None = None

    def start(self, now: float) -> Outputs:
        """Send the request."""
        self._enter(State.CALLING, now + TIMEOUT)
        if not self._reliable:
            self._repeat(now, T1)
        return [Send(self.request)]

    def received(self, response: Response, now: float) -> Outputs:
        """Take a response."""
        if self.state is State.COMPLETED:  # the refusal again: our ACK was lost
            return [Send(self._ack)] if self._ack and response.status >= 300 else []
        if self.state is State.TERMINATED or (self.state is State.ACCEPTED and not _is_success(response)):
            return []
        if response.status < 200:
            self._enter(State.PROCEEDING, self._last_moment)
            return [Deliver(response)]
        if response.status < 300:  # RFC 6026 §7.2: all of them go up, each wants an ACK
            if self.state is not State.ACCEPTED:
                self._enter(State.ACCEPTED, now + TIMEOUT)
            return [Deliver(response)]
        self._ack = refusal_ack(self.request, response)
        self._leave(State.COMPLETED, now, TIMEOUT)
        return [Send(self._ack), Deliver(response)]

    @property
    def is_cancelled(self) -> bool:
        """Whether a CANCEL was sent."""
        return self._last_moment is not None

    def cancelled(self, now: float) -> None:
        """A CANCEL was sent: the INVITE ends in so many seconds even if no final response comes (§9.1)."""
        self._last_moment = now + TIMEOUT
        if self.state is State.PROCEEDING:
            self._ends = self._last_moment

    def due(self, now: float) -> Outputs:
        """Repeat or give up, if it is time."""
        if self._ends is not None and now >= self._ends:
            waited = self.state in (State.CALLING, State.PROCEEDING)
            self._enter(State.TERMINATED, None)
            return [TimedOut()] if waited else []
        if self._repeats is not None and now >= self._repeats:
            self._repeat(now, 2 * self._interval)
            return [Send(self.request)]
        return []


class ClientRequest(_Machine):
    """Any other request of ours (§17.1.2)."""

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
        """Take a response."""
        if self.state not in (State.CALLING, State.PROCEEDING):
            return []
        if response.status < 200:
            self.state = State.PROCEEDING
            return [Deliver(response)]
        self._leave(State.COMPLETED, now, T4)
        return [Deliver(response)]

    def due(self, now: float) -> Outputs:
        """Repeat or give up, if it is time."""
        if self._ends is not None and now >= self._ends:
            waited = self.state is not State.COMPLETED
            self._enter(State.TERMINATED, None)
            return [TimedOut()] if waited else []
        if self._repeats is not None and now >= self._repeats:
            self._repeat(now, T2 if self.state is State.PROCEEDING else min(2 * self._interval, T2))
            return [Send(self.request)]
        return []


class ServerInvite(_Machine):
    """An INVITE of theirs (§17.2.1, RFC 6026 §7.1)."""

    def __init__(self, request: Request, reliable: bool) -> None:
        super().__init__(State.PROCEEDING, reliable)
        self.request = request
        self.last: Response | None = None

    def respond(self, response: Response, now: float) -> Outputs:
        """Send a response; a second final one is not sent."""
        if self.state is not State.PROCEEDING:
            return []
        self.last = response
        if response.status >= 200:
            self._enter(State.ACCEPTED if response.status < 300 else State.COMPLETED, now + TIMEOUT)
            # A 2xx is repeated on TCP too: a proxy behind it may have lost it on UDP (§13.3.1.4).
            if not self._reliable or response.status < 300:
                self._repeat(now, T1)
        return [Send(response)]

    def repeated(self) -> Outputs:
        """The INVITE came again."""
        again = self.state in (State.PROCEEDING, State.COMPLETED) and self.last is not None
        return [Send(self.last)] if again and self.last else []

    def acknowledged(self, now: float) -> bool:
        """An ACK came, of this transaction or of the dialog; tell whether it was the first to a 2xx."""
        if self.state is State.COMPLETED:
            self._leave(State.CONFIRMED, now, T4)
        accepted = self.state is State.ACCEPTED and self._repeats is not None
        if accepted:
            self._repeats = None
        return accepted

    def due(self, now: float) -> Outputs:
        """Repeat or give up, if it is time."""
        if self._ends is not None and now >= self._ends:
            unheard = self.state is State.COMPLETED or (self.state is State.ACCEPTED and self._repeats is not None)
            self._enter(State.TERMINATED, None)
            return [TimedOut()] if unheard else []
        if self._repeats is not None and now >= self._repeats and self.last is not None:
            self._repeat(now, min(2 * self._interval, T2))
            return [Send(self.last)]
        return []


class ServerRequest(_Machine):
    """Any other request of theirs (§17.2.2)."""

    def __init__(self, request: Request, reliable: bool) -> None:
        super().__init__(State.PROCEEDING, reliable)
        self.request = request
        self.last: Response | None = None

    def respond(self, response: Response, now: float) -> Outputs:
        """Send the response; a second final one is not sent."""
        if self.state is not State.PROCEEDING:
            return []
        self.last = response
        if response.status >= 200:
            self._leave(State.COMPLETED, now, TIMEOUT)
        return [Send(response)]

    def repeated(self) -> Outputs:
        """The request came again."""
        return [Send(self.last)] if self.last is not None else []

    def due(self, now: float) -> Outputs:
        """Be forgotten, if it is time."""
        if self._ends is not None and now >= self._ends:
            self._enter(State.TERMINATED, None)
        return []


Client = ClientInvite | ClientRequest
Server = ServerInvite | ServerRequest


def refusal_ack(invite: Request, response: Response) -> Request:
    """The ACK of a refusal, which belongs to the INVITE's transaction (§17.1.1.3)."""
    ack = _of_invite(invite, "ACK")
    ack.headers = [(name, value) for name, value in ack.headers if name != "to"]
    ack.headers += [(name, value) for name, value in response.headers if name == "to"]
    return ack


def cancellation(invite: Request) -> Request:
    """The CANCEL of an INVITE (§9.1)."""
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
