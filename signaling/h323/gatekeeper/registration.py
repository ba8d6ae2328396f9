"""Registers at a gatekeeper and asks it for calls (ITU-T H.323 §7.2, §8.1; H.225.0 §7.19). Pure; `now` is an argument.

What is to be sent gathers in `outbox`, what happened in `events`. Times are in seconds of any one clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from signaling.h323.protocol import h225, ras
from signaling.h323.protocol.h225 import Address, Value
from signaling.h323.protocol.ras import AdmittedCall, Endpoint, Message, Parties

TIMERS: Final[Mapping[str, tuple[float, int]]] = {
    "gatekeeperRequest": (5.0, 2),
    "registrationRequest": (3.0, 2),
    "unregistrationRequest": (3.0, 1),
    "admissionRequest": (5.0, 2),
    "disengageRequest": (3.0, 2),
}
"""After how many seconds a request is sent again, and how often (H.225.0 §7.19, recommended values)."""
PATIENCE_S: Final = 60.0
"""Seconds for which requests in progress (RIP) may put off an answer."""
LIFE_S: Final = 300
"""Seconds for which a registration is asked to hold; the gatekeeper may choose others."""
RENEWAL: Final = 0.5
"""The share of that time after which a registration is renewed, so that there is time for every retransmission."""
RETRY_S: Final = 30.0
"""Seconds after which a registration that was refused, or not answered, is tried again."""
GAP_S: Final = 1.0
"""The shortest time between two registrations, whatever the gatekeeper asks for."""
MIN_REPORT_S: Final = 5.0
"""The shortest time between two reports of a call."""
REGISTER_AGAIN: Final = {"reregistrationRequired", "ttlExpired", "undefinedReason", ""}
"""Reasons of a URQ after which an endpoint may register at once."""
UNKNOWN_TO_IT: Final = {"callerNotRegistered", "invalidEndpointIdentifier"}
"""Reasons of an ARJ by which the gatekeeper says that it has lost our registration."""


@dataclass(frozen=True, slots=True)
class Event:
    """One piece of news. `answered`: the gatekeeper admitted the call of a request, or not (`rejection` says why, "no
    answer" if it was silent); `dropped`: it ends a call; `changed`: we are registered now, or no longer."""

    kind: Literal["answered", "dropped", "changed"]
    number: int = 0
    call: AdmittedCall | None = None
    rejection: str = ""
    fields: Value = field(default_factory=dict)


@dataclass(slots=True)
class _Request:
    """A request that waits for its answer."""

    message: Message
    due: float
    tries: int
    latest: float
    call: AdmittedCall | None = None
    wanted: bool = True
    """False once nobody waits for the admission any more."""


class Registration:
    """A registration at one gatekeeper, and the calls that it has admitted."""

    def __init__(self, endpoint: Endpoint, gatekeeper: Address, first: int) -> None:
        """Begin unregistered; `first` is the number of the first request, from 1 to 65535."""
        self.endpoint = endpoint
        self.gatekeeper = gatekeeper
        """Address of requests: the configured address, or what the gatekeeper said when it was discovered."""
        self.outbox: list[bytes] = []
        self.events: list[Event] = []
        self.calls: dict[bytes, AdmittedCall] = {}
        """Admitted calls by identifier."""
        self.registered = False
        self.why = "not asked yet"
        """The reason for which we are not registered."""
        self._configured = gatekeeper
        self._name = ""
        self._life = LIFE_S
        self._number = first - 1
        self._requests: dict[int, _Request] = {}
        self._due: float | None = None
        """Time at which the registration is begun or renewed."""
        self._asked = float("-inf")
        self._reports: dict[bytes, tuple[float, float]] = {}
        """Time of the next report (IRR) of a call, and their interval."""

    @property
    def next_due(self) -> float | None:
        """Time at which :meth:`tick` has something to do; None for never."""
        times = [each.due for each in self._requests.values()] + [due for due, _ in self._reports.values()]
        return min([*times, *([] if self._due is None else [self._due])], default=None)

    @property
    def waiting(self) -> bool:
        """True while any request waits for its answer."""
        return bool(self._requests)

    # --- what we ask

    def begin(self, now: float) -> None:
        """Register at the configured address."""
        self.gatekeeper, self._name, self._due = self._configured, "", None
        self.endpoint = replace(self.endpoint, identifier="")
        earlier = ("gatekeeperRequest", "registrationRequest")
        self._requests = {number: each for number, each in self._requests.items() if each.message[0] not in earlier}
        self._register(now, discovered=False)

    def admit(self, call: AdmittedCall, parties: Parties, now: float) -> int:
        """Ask for a call; an event of the returned number says whether it is admitted."""
        return self._ask(ras.admission_request(self.endpoint, call, parties), now, call)

    def abandon(self, number: int) -> None:
        """Note that nobody waits for an admission any more: should it come, it is given back."""
        if (request := self._requests.get(number)) is not None:
            request.wanted = False

    def disengage(self, call: bytes, now: float) -> None:
        """Tell that an admitted call has ended; do nothing for others."""
        self._reports.pop(call, None)
        if (ended := self.calls.pop(call, None)) is not None and self.registered:
            self._ask(ras.disengage_request(self.endpoint, ended), now, ended)

    def leave(self, now: float) -> None:
        """Tell that all calls have ended, and unregister."""
        for each in list(self.calls):
            self.disengage(each, now)
        if self.registered:
            self._ask(ras.unregistration_request(self.endpoint), now)
        self.registered, self.why, self._due = False, "left", None

    def tick(self, now: float) -> None:
        """Send again what was not answered, give up what was not answered at all, renew, report."""
        for number, request in list(self._requests.items()):
            if request.due <= now:
                self._overdue(number, request, now)
        for call, (due, interval) in list(self._reports.items()):
            if due <= now:
                self._reports[call] = now + interval, interval
                self._report(self._next_number(), [self.calls[call]])
        if self._due is not None and self._due <= now:
            self._due = None
            if self.registered:
                self._asked = now
                self._ask(ras.keep_alive(self.endpoint, self._name, self._life), now)
            else:
                self.begin(now)

    def _register(self, now: float, *, discovered: bool) -> None:
        self._asked = now
        self._ask(ras.registration_request(self.endpoint, self._name, LIFE_S, discovered=discovered), now)

    def _ask(self, message: Message, now: float, call: AdmittedCall | None = None) -> int:
        number, (seconds, again) = self._next_number(), TIMERS[message[0]]
        asked = ras.numbered(message, number)
        self._requests[number] = _Request(asked, now + seconds, again, now + PATIENCE_S, call)
        self._send(asked)
        return number

    def _next_number(self) -> int:
        self._number = self._number % 65535 + 1
        return self._number

    def _send(self, message: Message) -> None:
        self.outbox.append(ras.write(message))

    def _overdue(self, number: int, request: _Request, now: float) -> None:
        """Send a request again, or give it up."""
        if request.tries > 0:
            request.tries -= 1
            request.due = now + TIMERS[request.message[0]][0]
            self._send(request.message)
            return
        del self._requests[number]
        if request.message[0] == "admissionRequest":
            self.events.append(Event("answered", number, request.call, "no answer"))
        if request.message[0] not in ("unregistrationRequest", "disengageRequest"):
            self._lose("no answer", now + RETRY_S)

    def _lose(self, why: str, again: float | None) -> None:
        """Note that we are not registered, and when that is tried again."""
        if self.registered:
            self.events.append(Event("changed"))
        self.registered, self.why, self._due = False, why, again

    # --- what the gatekeeper says

    def receive(self, data: bytes, now: float) -> None:
        """Take a message of the gatekeeper. Raises BadPdu."""
        name, fields = ras.parse(data)
        number = fields.get("requestSeqNum", 0)
        request = self._requests.get(number)
        if name == "requestInProgress" and request is not None:
            request.due = min(now + fields["delay"] / 1000, request.latest)
            request.tries = TIMERS[request.message[0]][1]
        elif name in _REQUESTS:
            _REQUESTS[name](self, number, fields, now)
        elif request is not None and name in _ANSWERS and name.startswith(request.message[0].removesuffix("Request")):
            del self._requests[number]
            _ANSWERS[name](self, number, request, fields, now)
        elif name in _NOT_UNDERSTOOD:
            self._send(ras.confirm("unknownMessageResponse", number, messageNotUnderstood=data[:64]))

    def _discovered(self, _number: int, _request: _Request, fields: Value, now: float) -> None:
        self._name = fields.get("gatekeeperIdentifier", "")
        self.gatekeeper = h225.transport(fields["rasAddress"]) or self._configured
        self._register(now, discovered=True)

    def _confirmed(self, _number: int, _request: _Request, fields: Value, now: float) -> None:
        self.endpoint = replace(self.endpoint, identifier=fields["endpointIdentifier"])
        self._name = fields.get("gatekeeperIdentifier", self._name)
        self._life = fields.get("timeToLive", LIFE_S)
        self._due = max(now + GAP_S, now + fields["timeToLive"] * RENEWAL) if "timeToLive" in fields else None
        if not self.registered:
            self.events.append(Event("changed"))
        self.registered, self.why = True, ""

    def _refused(self, _number: int, request: _Request, fields: Value, now: float) -> None:
        why, asked = ras.reason(fields), request.message[1]
        self._lose(why, now + RETRY_S)
        if why == "discoveryRequired" and not (asked["discoveryComplete"] and not asked["keepAlive"]):
            self._due = None
            self._ask(ras.gatekeeper_request(self.endpoint), now)
        elif why == "fullRegistrationRequired" and asked["keepAlive"]:
            self._due = now + GAP_S

    def _undiscovered(self, _number: int, _request: _Request, fields: Value, now: float) -> None:
        self._lose(ras.reason(fields), now + RETRY_S)

    def _admitted(self, number: int, request: _Request, fields: Value, now: float) -> None:
        assert request.call is not None
        call = ras.admitted(request.call, fields)
        key = call.identity.call
        self.calls[key] = call
        if not request.wanted:
            self.disengage(key, now)
            return
        if interval := fields.get("irrFrequency", 0):
            every = max(float(interval), MIN_REPORT_S)
            self._reports[key] = now + every, every
        self.events.append(Event("answered", number, call, fields=fields))

    def _rejected(self, number: int, request: _Request, fields: Value, now: float) -> None:
        why = ras.reason(fields)
        if why in UNKNOWN_TO_IT:
            self._lose(why, max(now, self._asked + GAP_S))
        self.events.append(Event("answered", number, request.call, why))

    def _noted(self, _number: int, _request: _Request, _fields: Value, _now: float) -> None:
        """Do nothing: the call, or the registration, has ended here whatever the gatekeeper says of it."""

    # --- what the gatekeeper asks

    def _asked_to_leave(self, number: int, fields: Value, now: float) -> None:
        self._send(ras.confirm("unregistrationConfirm", number))
        at_once = ras.reason(fields) in REGISTER_AGAIN
        self._lose(ras.reason(fields) or "unregistered", max(now, self._asked + GAP_S) if at_once else now + RETRY_S)

    def _asked_to_drop(self, number: int, fields: Value, _now: float) -> None:
        self._send(ras.confirm("disengageConfirm", number))
        if (call := ras.named_call(fields, self.calls)) is not None:
            self._reports.pop(call.identity.call, None)
            del self.calls[call.identity.call]
            self.events.append(Event("dropped", call=call))

    def _asked_for_bandwidth(self, number: int, fields: Value, _now: float) -> None:
        """Agree to no less than a call has: what it sends cannot be made less in its course."""
        call, wanted = ras.named_call(fields, self.calls), fields["bandWidth"]
        if call is None:
            answer: tuple[str, dict[str, Any]] = "notBound", {"allowedBandWidth": 0}
        elif wanted < call.bandwidth:
            answer = "insufficientResources", {"allowedBandWidth": call.bandwidth}
        else:
            self.calls[call.identity.call] = replace(call, bandwidth=wanted)
            self._send(ras.confirm("bandwidthConfirm", number, bandWidth=wanted))
            return
        self._send(ras.confirm("bandwidthReject", number, rejectReason=(answer[0], 0), **answer[1]))

    def _asked_for_info(self, number: int, fields: Value, _now: float) -> None:
        every = not fields["callReferenceValue"]
        call = None if every else ras.named_call(fields, self.calls)
        told = list(self.calls.values()) if every else [] if call is None else [call]
        self._report(number, told)

    def _report(self, number: int, calls: list[AdmittedCall]) -> None:
        """Tell of calls; nothing can be told before the gatekeeper has given us an identifier."""
        if self.registered:
            self._send(ras.info_response(self.endpoint, number, calls))


_ANSWERS: Final = {
    "gatekeeperConfirm": Registration._discovered,
    "gatekeeperReject": Registration._undiscovered,
    "registrationConfirm": Registration._confirmed,
    "registrationReject": Registration._refused,
    "unregistrationConfirm": Registration._noted,
    "unregistrationReject": Registration._noted,
    "admissionConfirm": Registration._admitted,
    "admissionReject": Registration._rejected,
    "disengageConfirm": Registration._noted,
    "disengageReject": Registration._noted,
}
_REQUESTS: Final = {
    "unregistrationRequest": Registration._asked_to_leave,
    "disengageRequest": Registration._asked_to_drop,
    "bandwidthRequest": Registration._asked_for_bandwidth,
    "infoRequest": Registration._asked_for_info,
}
_NOT_UNDERSTOOD: Final = {
    "gatekeeperRequest",
    "registrationRequest",
    "admissionRequest",
    "locationRequest",
    "nonStandardMessage",
    "resourcesAvailableIndicate",
    "serviceControlIndication",
}
"""Messages that nobody may ask of an endpoint like ours."""
