"""The H.245 procedures of one call: capabilities, master and slave, logical channels (ITU-T H.245 Annex C). Pure.

What is received goes into :meth:`Control.receive`; messages to be sent come out of `outbox`, what happened out of
`events`. Retransmission is TCP's; what does not come in time is the call's to notice.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from signaling.h323.protocol import capabilities, channels
from signaling.h323.protocol.capabilities import Capabilities, Pdu
from signaling.h323.protocol.channels import CAMERA_TYPE, SLIDES_SESSION, STATIC, TYPES, Address, Channel, Kind
from signaling.h323.protocol.presentation import Holder, PresentationToken

TERMINAL_TYPE: Final = 190
"""Of an MCU that mixes sound and pictures (H.323 table 1 has 190 for sound, pictures and data of an MCU)."""
MAX_TIES: Final = 3
"""Equal numbers of master and slave determination after which it is given up (N100)."""
DIGITS: Final = frozenset("0123456789*#ABCD")
MAX_DIGITS: Final = 64
"""Digits of one message that are read."""
MAX_EVENTS: Final = 256
MAX_CHANNEL: Final = 65_535
PICTURES: Final[tuple[Kind, ...]] = ("picture", "slides")
KINDS: Final = ("request", "response", "command", "indication")
INDEX_SHIFT, INDICATION = 5, KINDS.index("indication")
"""In PER the first three bits of a message tell its kind."""
UNDERSTOOD_SILENTLY: Final = ("nonStandard", "conferenceRequest", "communicationModeRequest")

Happened = Literal["changed", "picture", "slides", "asked", "ended", "digit", "end"]
Ports = Mapping[Kind, tuple[Address, Address]]
"""Where we take RTP and RTCP of each kind."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event: media "changed"; the other side wants a whole "picture" or whole "slides", "asked" to show its slides
    or has "ended" that, pressed a "digit", or will "end" the session."""

    kind: Happened
    digit: str = ""


class Control:
    """One H.245 session, from its first message to its last."""

    def __init__(self, own: Capabilities, ports: Ports, terminal_type: int = TERMINAL_TYPE) -> None:
        self.own = own
        self.ports = ports
        self.outbox: list[Pdu] = []
        self.events: list[Event] = []
        self.theirs: Capabilities | None = None
        """What the other side receives; None until it says so."""
        self.master: bool | None = None
        self.sending: dict[Kind, Channel] = {}
        """Our channels, once acknowledged."""
        self.taking: dict[Kind, Channel] = {}
        """Theirs, once acknowledged by us."""
        self.camera: Channel | None = None
        """Our newest channel of camera control, which goes on after a hold."""
        self.flows: dict[Kind, int] = {}
        """Bit/s that the other side allows our picture or slides at present, where that is not what its capabilities
        say."""
        self.token = PresentationToken(self.outbox)
        """That of slides; who has it opens the channel of slides."""
        self.failed = ""
        """What makes the session impossible; empty while it is possible."""
        self._type = terminal_type
        self._number = secrets.randbits(24)
        self._determining: Literal["", "asked", "answered"] = ""
        """Master and slave are being determined: we "asked", or "answered" and wait until that is confirmed (OUTGOING
        and INCOMING AWAITING RESPONSE of H.245 §C.2)."""
        self._ties = 0
        self._sequence = 0
        self._acknowledged = False
        """Whether the other side took our newest capability set."""
        self._paused = False
        """Whether the other side takes nothing at present (H.323 §8.4.6)."""
        self._moving = False
        """Whether we take nothing at present."""
        self._opening: dict[Kind, Channel] = {}
        self._refused: set[tuple[Kind, str]] = set()
        """Kind and codec of channels that the other side did not take."""
        self._channel = 0
        """Number of our newest channel."""

    def start(self) -> None:
        """Send our capabilities, and begin to determine who is master, unless the other side began that."""
        self._send_capabilities(self.own)
        if self.master is None:
            self._determine()

    @property
    def settled(self) -> bool:
        """True once both sides know each other and none of our channels waits for its answer."""
        return self._known and not self._opening

    @property
    def _known(self) -> bool:
        return self.theirs is not None and self._acknowledged and self.master is not None

    @property
    def hears(self) -> bool:
        """True while the other side hears us: no answer about our sound is due, and nothing is on hold or moving."""
        return self._known and "sound" not in self._opening and not self._paused and not self._moving

    @property
    def complete(self) -> bool:
        """True once the other side, too, sends of everything that we take; some never do."""
        announced = self.theirs is not None and self.theirs.camera
        expected = self.ports.keys() - ({"slides"} if announced else {"slides", "camera"})
        return self.settled and expected <= self.taking.keys()

    def close_unused(self) -> None:
        """Give up the ports of what neither side sends or may send: the media engine has released them."""
        used = self.sending.keys() | self.taking.keys() | ({"slides"} if self.presents else set())
        self.ports = {kind: where for kind, where in self.ports.items() if kind in used}

    @property
    def presents(self) -> bool:
        """True where both sides can show slides."""
        return self.own.slides is not None and self.theirs is not None and self.theirs.slides is not None

    def show_slides(self, holder: Holder | None) -> None:
        """Take whose slides the session shows: nobody's, the other side's, or another's, which are sent to it."""
        self.token.holder, number = holder, self._channel % MAX_CHANNEL + 1
        self._refused.discard(("slides", "H264"))
        if self.presents and not self._paused:
            self.token.show(holder, number)
            if self.token.channel == number:
                self._channel = number
            self._proceed()
            self._note("changed")

    def refuse_slides(self) -> None:
        """Refuse the other side to show the slides that it asked to show."""
        self.token.refuse()

    def request_picture(self, kind: Kind = "picture") -> None:
        """Ask for a whole picture, or whole slides (videoFastUpdatePicture)."""
        if (channel := self.taking.get(kind)) is not None:
            fields = {"logicalChannelNumber": channel.number, "type": ("videoFastUpdatePicture", 0)}
            self._send("command", "miscellaneousCommand", fields)

    def press(self, digit: str) -> None:
        """Send a DTMF digit."""
        as_signal = self.theirs is not None and self.theirs.dtmf
        value = ("signal", {"signalType": digit}) if as_signal else ("alphanumeric", digit)
        self._send("indication", "userInput", value)

    def end(self) -> None:
        """End the session."""
        self._send("command", "endSessionCommand", ("disconnect", 0))

    def pause(self) -> None:
        """Have the other side close its channels, and close ours, to open them elsewhere (H.323 §8.4.6)."""
        self._moving = True
        self._send_capabilities(Capabilities())
        self._forget_token()
        self._close_all()

    def resume(self, own: Capabilities, ports: Ports) -> None:
        """Open channels again, at other ports."""
        self.own, self.ports, self.taking, self.master, self._moving = own, ports, {}, None, False
        self.token.holder = None
        self.start()

    # --- what comes

    def receive(self, pdu: Pdu) -> None:
        """Take a message; those of kinds that a later version of H.245 has are left out."""
        kind, content = pdu
        if kind not in KINDS:
            return
        name, value = content
        handler = _HANDLERS.get(name)
        if handler is not None:
            handler(self, value)
        elif kind == "request" and name not in UNDERSTOOD_SILENTLY:
            self._send("indication", "functionNotSupported", {"cause": ("unknownFunction", 0)})

    def misread(self, encoded: bytes) -> None:
        """Say that a message could not be read (H.245 §7.13): no indication, since those get no answer."""
        if int.from_bytes(encoded[:1], "big") >> INDEX_SHIFT != INDICATION:
            self._send("indication", "functionNotSupported", {"cause": ("syntaxError", 0)})

    def _capabilities(self, fields: Mapping[str, Any]) -> None:
        self._send("response", "terminalCapabilitySetAck", {"sequenceNumber": fields["sequenceNumber"]})
        paused, self._paused = self._paused, not fields.get("capabilityTable")
        if self._paused and self.theirs is None:  # a call may begin on hold
            self.theirs = Capabilities()
        elif self._paused:
            self._forget_token()
            self._close_all()
        else:
            self.theirs, self._refused = capabilities.read(fields), set()
            if paused:
                self._determine()
            self.show_slides(self.token.holder)
            self._note("changed")
        self._proceed()

    def _capabilities_acknowledged(self, fields: Mapping[str, Any]) -> None:
        if fields["sequenceNumber"] == self._sequence:
            self._acknowledged = True
            self._proceed()

    def _capabilities_rejected(self, fields: Mapping[str, Any]) -> None:
        if fields["sequenceNumber"] == self._sequence:
            self.failed = "our capabilities were refused"

    def _determination(self, fields: Mapping[str, Any]) -> None:
        """Answer who is master: the greater type of terminal, else by the numbers (H.245 §C.2)."""
        master = self._type > fields["terminalType"]
        if self._type == fields["terminalType"]:
            ahead = (fields["statusDeterminationNumber"] - self._number) & 0xFFFFFF
            if ahead in (0, 0x800000):
                self._tied()
                return
            master = ahead < 0x800000
        self._determining = "answered"
        self._decide(master)

    def _tied(self) -> None:
        """Refuse equal numbers; where both sides asked at once, both draw another."""
        if self._determining == "asked":
            self._determine_again()
        else:
            self._send("response", "masterSlaveDeterminationReject", {"cause": ("identicalNumbers", 0)})

    def _determined(self, fields: Mapping[str, Any]) -> None:
        """Confirm the answer to our request; what confirms an answer of ours gets none."""
        asked, self._determining = self._determining == "asked", ""
        if asked:
            self._decide(fields["decision"][0] == "master")

    def _decide(self, master: bool) -> None:
        """Take whether we are master, and tell the other side what it is."""
        self._send("response", "masterSlaveDeterminationAck", {"decision": ("slave" if master else "master", 0)})
        self.master, self._ties = master, 0
        self._proceed()

    def _undetermined(self, _fields: Mapping[str, Any]) -> None:
        if self._determining == "asked":
            self._determine_again()

    def _determine_again(self) -> None:
        self._ties += 1
        if self._ties >= MAX_TIES:
            self.failed = "no master was determined"
        else:
            self._number = secrets.randbits(24)
            self._determine()

    def _opened(self, fields: Mapping[str, Any]) -> None:
        """Take a channel of the other side, or refuse it."""
        found, number = channels.read_request(fields), fields["forwardLogicalChannelNumber"]
        if fields.get("reverseLogicalChannelParameters") is not None:
            self.outbox.append(channels.reject(number, "unsuitableReverseParameters"))
        elif found is None or found.kind not in self.ports:
            self.outbox.append(channels.reject(number, "dataTypeNotSupported"))
        elif found.kind == "sound" and not self._suits(found.codec):
            self.outbox.append(channels.reject(number, "dataTypeNotAvailable"))
        else:
            self.taking[found.kind] = found
            self.outbox.append(channels.acknowledge(found, *self.ports[found.kind]))
            self._note("changed")

    def _suits(self, codec: str) -> bool:
        """Return whether we take a codec beside the one we send: our media engine sends the better one of the two."""
        ours = self.sending.get("sound") or self._opening.get("sound")
        if codec not in self.own.sounds:
            return False
        return ours is None or self.own.sounds.index(codec) >= self.own.sounds.index(ours.codec)

    def _open_acknowledged(self, fields: Mapping[str, Any]) -> None:
        if (channel := self._awaited(fields)) is None:
            return
        media, control = channels.acknowledged(fields)
        if media is None:
            self._refused.add((channel.kind, channel.codec))
            self._close(channel)
        else:
            self.sending[channel.kind] = opened = replace(channel, media=media, control=control)
            self.camera = opened if channel.kind == "camera" else self.camera
        self._note("changed")
        self._proceed()

    def _open_rejected(self, fields: Mapping[str, Any]) -> None:
        if (channel := self._awaited(fields)) is not None:
            self._refused.add((channel.kind, channel.codec))
            self._proceed()

    def _awaited(self, fields: Mapping[str, Any]) -> Channel | None:
        """Return our channel that is answered, which waits no longer; None where none of that number waits."""
        number = fields["forwardLogicalChannelNumber"]
        found = next((each for each in self._opening.values() if each.number == number), None)
        if found is not None:
            del self._opening[found.kind]
        return found

    def _closed(self, fields: Mapping[str, Any]) -> None:
        """Acknowledge that the other side closes a channel of its own."""
        number = fields["forwardLogicalChannelNumber"]
        self._send("response", "closeLogicalChannelAck", {"forwardLogicalChannelNumber": number})
        self.taking = {kind: each for kind, each in self.taking.items() if each.number != number}
        self._note("changed")

    def _close_requested(self, fields: Mapping[str, Any]) -> None:
        """Close a channel of ours that the other side wants closed."""
        number = fields["forwardLogicalChannelNumber"]
        found = next((each for each in self.sending.values() if each.number == number), None)
        if found is None:
            reject = {"forwardLogicalChannelNumber": number, "cause": ("unspecified", 0)}
            self._send("response", "requestChannelCloseReject", reject)
            return
        self._send("response", "requestChannelCloseAck", {"forwardLogicalChannelNumber": number})
        del self.sending[found.kind]
        self._refused.add((found.kind, found.codec))
        self._close(found)
        self._note("changed")

    def _round_trip(self, fields: Mapping[str, Any]) -> None:
        self._send("response", "roundTripDelayResponse", {"sequenceNumber": fields["sequenceNumber"]})

    def _mode_requested(self, fields: Mapping[str, Any]) -> None:
        reject = {"sequenceNumber": fields["sequenceNumber"], "cause": ("requestDenied", 0)}
        self._send("response", "requestModeReject", reject)

    def _capabilities_wanted(self, _fields: Any) -> None:
        self._send_capabilities(Capabilities() if self._moving else self.own)

    def _flow_controlled(self, fields: Mapping[str, Any]) -> None:
        """Limit our picture or slides as the other side says: all channels, or this one (H.245 §7.11)."""
        scope, restriction = fields["scope"], fields["restriction"]
        for kind in PICTURES:
            channel = self.sending.get(kind)
            if scope[0] == "logicalChannelNumber" and (channel is None or channel.number != scope[1]):
                continue
            self.flows.pop(kind, None)
            if restriction[0] == "maximumBitRate":
                self.flows[kind] = restriction[1] * 100
            self._note("changed")

    def _commanded(self, fields: Mapping[str, Any]) -> None:
        if fields["type"][0] in ("videoFastUpdatePicture", "videoFastUpdateGOB", "videoFastUpdateMB"):
            slides = self.sending.get("slides")
            ours = slides is not None and slides.number == fields["logicalChannelNumber"]
            self._note("slides" if ours else "picture")

    def _generic(self, fields: Mapping[str, Any]) -> None:
        """Take a message of H.239; generic messages of others are left out."""
        if self.own.slides is not None and (wish := self.token.receive(fields)) is not None:
            self._note(wish)
        self._proceed()
        self._note("changed")

    def _forget_token(self) -> None:
        if (wish := self.token.forget()) is not None:
            self._note(wish)

    def _input(self, value: tuple[str, Any]) -> None:
        kind, content = value
        if kind == "signal":
            content = content["signalType"]
        elif kind == "extendedAlphanumeric":
            content = content["alphanumeric"]
        elif kind != "alphanumeric":
            return
        for digit in content[:MAX_DIGITS].upper():
            if digit in DIGITS:
                self._note("digit", digit)

    def _session_ended(self, _value: Any) -> None:
        self._note("end")

    # --- what goes

    def _proceed(self) -> None:
        """Open our channels as soon as that is possible."""
        ready = self._acknowledged and self.master is not None
        if self.theirs is None or not ready or self._paused or self._moving:
            return
        for kind in self.ports:
            wanted = self._wanted(kind, self.theirs)
            held = self.sending.get(kind) or self._opening.get(kind)
            given_up = kind == "slides" and self.token.owner != "us"
            if held is not None and (given_up or (wanted is not None and held.codec != wanted.codec)):
                self.sending.pop(kind, None)
                self._opening.pop(kind, None)
                self._close(held)
                held = None
            if held is None and wanted is not None:
                self._open(wanted)

    def _wanted(self, kind: Kind, theirs: Capabilities) -> Channel | None:
        """Return a channel that the other side may take, without a number; None where there is none."""
        control = self.ports[kind][1]
        if kind == "sound":
            shared = (each for each in self.own.sounds if each in theirs.sounds)
            codec = next((each for each in shared if (kind, each) not in self._refused), None)
            return None if codec is None else Channel(0, kind, codec, STATIC[codec], control=control)
        if kind == "camera":
            wanted = theirs.camera and (kind, "H224") not in self._refused
            return Channel(0, kind, "H224", CAMERA_TYPE, control=control) if wanted else None
        if kind == "slides" and self.token.owner != "us":
            return None
        limits, own = (theirs.slides, self.own.slides) if kind == "slides" else (theirs.picture, self.own.picture)
        if limits is None or own is None or (kind, "H264") in self._refused:
            return None
        mode = max(set(limits.modes) & set(own.modes), default=0)
        session = SLIDES_SESSION if kind == "slides" and self.master else 0
        return Channel(0, kind, "H264", TYPES[mode], limits, control=control, mode=mode, session=session)

    def _open(self, channel: Channel) -> None:
        number = self.token.channel if channel.kind == "slides" else 0  # the number that our request named
        if not number:
            self._channel = number = self._channel % MAX_CHANNEL + 1
        self._opening[channel.kind] = numbered = replace(channel, number=number)
        self._send("request", "openLogicalChannel", channels.open_request(numbered))

    def adopt(self, sending: Mapping[Kind, Channel], taking: Mapping[Kind, Channel]) -> None:
        """Take the channels of fast connect as open (H.323 §8.1.7)."""
        self.sending |= sending
        self.taking |= taking
        self._channel = max([self._channel, *(each.number for each in sending.values())])

    def _close_all(self) -> None:
        """Close our channels."""
        for channel in (*self.sending.values(), *self._opening.values()):
            self._close(channel)
        self.sending, self._opening = {}, {}
        self._note("changed")

    def _close(self, channel: Channel) -> None:
        fields = {"forwardLogicalChannelNumber": channel.number, "source": ("user", 0), "reason": ("unknown", 0)}
        self._send("request", "closeLogicalChannel", fields)

    def _send_capabilities(self, own: Capabilities) -> None:
        self._sequence, self._acknowledged = (self._sequence + 1) % 256, False
        self.outbox.append(capabilities.write(own, self._sequence))

    def _determine(self) -> None:
        self._determining = "asked"
        fields = {"terminalType": self._type, "statusDeterminationNumber": self._number}
        self._send("request", "masterSlaveDetermination", fields)

    def _send(self, kind: str, name: str, value: Any) -> None:
        self.outbox.append((kind, (name, value)))

    def _note(self, kind: Happened, digit: str = "") -> None:
        event = Event(kind, digit)
        if len(self.events) < MAX_EVENTS and not (kind != "digit" and event in self.events):
            self.events.append(event)


_HANDLERS: Mapping[str, Callable[[Control, Any], None]] = {
    "terminalCapabilitySet": Control._capabilities,
    "terminalCapabilitySetAck": Control._capabilities_acknowledged,
    "terminalCapabilitySetReject": Control._capabilities_rejected,
    "masterSlaveDetermination": Control._determination,
    "masterSlaveDeterminationAck": Control._determined,
    "masterSlaveDeterminationReject": Control._undetermined,
    "openLogicalChannel": Control._opened,
    "openLogicalChannelAck": Control._open_acknowledged,
    "openLogicalChannelReject": Control._open_rejected,
    "closeLogicalChannel": Control._closed,
    "requestChannelClose": Control._close_requested,
    "roundTripDelayRequest": Control._round_trip,
    "requestMode": Control._mode_requested,
    "sendTerminalCapabilitySet": Control._capabilities_wanted,
    "flowControlCommand": Control._flow_controlled,
    "miscellaneousCommand": Control._commanded,
    "userInput": Control._input,
    "genericRequest": Control._generic,
    "genericResponse": Control._generic,
    "genericCommand": Control._generic,
    "endSessionCommand": Control._session_ended,
}
"""Handlers of messages by name."""
