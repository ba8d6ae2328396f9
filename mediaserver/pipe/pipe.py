"""The pipe between two media workers that share rooms: streams of cameras, screens and voices both ways, once each.

Each worker has the whole room, and mixes and draws for the seats whose transports it has. Of the others it gets by
pipes what it needs: the layers of cameras that somebody follows there, the voices of open floors, and from the room's
home renditions of composed pictures (:mod:`mediaserver.pipe.remote_picture`), whose names stand in place of a seat's.

Which those are stands in records (:mod:`mediaserver.pipe.records`), by room and seat:

    ("offer", room, seat)   [poor, [[kind, rid, codec, height, most, active], …]]   of the worker that has the seat
    ("want", room, seat)    [lines, [[kind, rid, high?], …]]                        of one that has it not
    ("composes", room)      true                                                    of one that passes its pictures on
    ("stream", ssrc)        [room, seat, kind, rid]                                 of the worker that sends it
    ("voice", number)       [room, seat]                                            of the worker that sends it

They travel as APP packets of RTCP (RFC 3550 §6.7). All voices share one SSRC: before each packet of theirs stand the
voice's number, the packet's own sequence number and SSRC, its level (RFC 6464; 255 for none) and its codec.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from struct import Struct
from typing import Any, NamedTuple, Protocol

from mediaserver.api import PipeEnd
from mediaserver.congestion.downlink import LINE_BPS
from mediaserver.peer.forwarder import Forwarder
from mediaserver.pipe.records import Key, Records
from mediaserver.pipe.remote_picture import audience_of
from mediaserver.pipe.remote_seat import (
    Kind,
    Offer,
    OfferedLayer,
    RemoteLayer,
    RemoteSource,
    Want,
    read_offer,
    read_want,
    write_want,
)
from mediaserver.pipe.transport import PipeTransport
from mediaserver.rtp import rtcp
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import SINGLE_NAL, VIDEO_CLOCK
from mediaserver.rtp.rtcp import Heard
from mediaserver.rtp.source import FlushQueue, VideoSource
from mediaserver.transport.peer_path import MAX_SSRCS
from mediaserver.transport.udp_mux import UdpMux

logger = logging.getLogger(__name__)

OWN_SSRC, VOICES_SSRC = 1, 2
"""The SSRC of our feedback and records, and that of all voices."""
PICTURES = range(VOICES_SSRC + 1, VOICES_SSRC + 13)
"""SSRCs of renditions of composed pictures; those wanted beyond them are composed where they are wanted."""
STREAMS = range(PICTURES.stop, MAX_SSRCS + 1)
"""SSRCs of layers: as many as a path takes. What is wanted beyond them waits until one is free."""
VOICES = range(1 << 16)
KEEPALIVE_S = 1.0
SILENCE_S = 3.0
"""Seconds of silence after which the other worker counts as gone."""
MEASURE_S = 1.0
ROUND_TRIP_S = 0.001
VIDEO_TYPES = {"VP8": 96, "H264": 97, SINGLE_NAL: 98}
VOICE_TYPE = 99
VOICE_CODECS = ("opus", "G722", "PCMA", "PCMU")
NO_LEVEL = 255
_VOICE = Struct("!HHIBB")


class PipedRoom(Protocol):
    """A room that is shared by a pipe."""

    def remote_source(self, pipe: "Pipe", seat: str) -> RemoteSource | None:
        """Return a seat, or a composed picture, that comes by a pipe; None where there is none."""

    def remote_offered(self, seat: str) -> None:
        """Take it that what another worker offers of a seat changed."""

    def remote_composes(self) -> None:
        """Take it that another worker begins or ends to pass on its composed pictures, or sends one anew."""

    def remote_wanted(self, seat: str) -> None:
        """Take it that what another worker wants of a seat, or of a composed picture, changed."""

    def remote_heard(self, pipe: "Pipe", seat: str, packet: Packet, now: float, codec: str) -> None:
        """Take a packet of a voice that comes by a pipe, if that leads to the worker of its seat."""


class Stream(NamedTuple):
    """The content of a stream of a pipe."""

    room: str
    seat: str
    kind: str
    rid: str


class Voice(NamedTuple):
    """The seat whose voice comes."""

    room: str
    seat: str


class Pipe:
    """One end of a pipe; `rooms` returns a room of this worker by name."""

    def __init__(
        self, mux: UdpMux, end: PipeEnd, flush_queue: FlushQueue, rooms: Callable[[str], PipedRoom | None]
    ) -> None:
        self.end = end
        self._flush_queue = flush_queue
        self._rooms = rooms
        self._records = Records()
        self._transport = PipeTransport(mux, end, self)
        self._transport.path.heard = time.monotonic()  # it has time to open its end
        self._sent: dict[Stream, int] = {}
        """SSRCs of the streams that we send."""
        self._forwarders: dict[int, Forwarder] = {}
        """Forwarders of layers, by SSRC; they stay for the next stream under that number."""
        self._voices: dict[Voice, int] = {}
        """Numbers of the voices that we send."""
        self._voice_packets = 0
        self._received: dict[int, Stream] = {}
        """The streams that we get, by SSRC."""
        self._heard: dict[int, Voice] = {}
        """The voices that we get, by number."""
        self._offers: dict[tuple[str, str], Offer] = {}
        """What the other worker has of its seats, by room and seat."""
        self._wants: dict[str, dict[str, Want]] = {}
        """What it wants of ours, by room and seat."""
        self._layers: dict[int, RemoteLayer] = {}
        """Those of them that are layers and have begun."""
        self._told = self._measured = 0.0
        self._flushing = False
        self.waiting: set[Stream] = set()
        """Layers that are wanted and found no free SSRC."""

    @property
    def alive(self) -> bool:
        """Return whether the other worker was heard lately."""
        return time.monotonic() - self._transport.path.heard < SILENCE_S

    # What we have, and what the other worker wants of it

    def offer(self, room: str, seat: str, layers: Iterable[OfferedLayer], *, poor: bool) -> None:
        """Say which layers of a seat of ours there are."""
        offered = [list(layer) for layer in layers]
        self._write(("offer", room, seat), [poor, offered] if poor or offered else None)

    def watched(self, room: str) -> dict[str, int]:
        """Return the heights in pixels at which the other worker watches cameras of our seats, by seat."""
        return {seat: wanted.lines for seat, wanted in self._wants.get(room, {}).items()}

    def offer_pictures(self, room: str, *, on: bool) -> None:
        """Say that composed pictures of a room are passed on, or that none are."""
        self._write(("composes", room), True if on else None)

    def pictures(self, room: str) -> set[str]:
        """Return the names of the composed pictures that the other worker wants or is sent, or did want."""
        served = {each.seat for each in (*self._sent, *self.waiting) if each.room == room}
        return {name for name in (*self._wants.get(room, {}), *served) if audience_of(name) is not None}

    def serve(self, room: str, seat: str, find: Callable[[Kind, str], VideoSource | None], now: float) -> None:
        """Send the layers of a seat or a picture of ours that the other worker wants, and no others; `find` returns one
        by kind and RID."""
        wanted = self._wants.get(room, {}).get(seat, Want())
        high = {Stream(room, seat, each.kind, each.rid): each.high for each in wanted.layers}
        layers = {Stream(room, seat, each.kind, each.rid): find(each.kind, each.rid) for each in wanted.layers}
        self.waiting = {each for each in self.waiting if each[:2] != (room, seat)}
        for stream in [each for each in self._of(room, seat) if layers.get(each) is None]:
            self._end(stream, now)
        for stream, layer in layers.items():
            if layer is not None and layer.codec in VIDEO_TYPES and (ssrc := self._begin(stream)) is not None:
                forwarder = self._forwarder(ssrc)
                forwarder.rewriter.decodes_high = high[stream]
                forwarder.follow(layer, now)

    def _of(self, room: str, seat: str) -> list[Stream]:
        """Return the streams that we send of a seat."""
        return [each for each in self._sent if (each.room, each.seat) == (room, seat)]

    def speak(self, room: str, seat: str, packet: Packet, codec: str) -> None:
        """Send a packet of a voice of ours, while its floor is open."""
        if codec not in VOICE_CODECS or (number := self._voice(Voice(room, seat))) is None:
            return
        level = NO_LEVEL if packet.level is None else packet.level
        head = _VOICE.pack(number, packet.sequence, packet.ssrc & 0xFFFFFFFF, level, VOICE_CODECS.index(codec))
        second, timestamp = VOICE_TYPE | packet.marker << 7, packet.timestamp & 0xFFFFFFFF
        self._voice_packets += 1
        outgoing = (second, self._voice_packets & 0xFFFF, timestamp, VOICES_SSRC, head + packet.payload)
        self._transport.send([outgoing])

    def _voice(self, voice: Voice) -> int | None:
        """Return the number of a voice of ours, a free one for a new voice; None where there is none."""
        if voice not in self._voices:
            taken = set(self._voices.values())
            free = (each for each in VOICES if each not in taken and self._records.settled(("voice", each)))
            number = next(free, None)
            if number is None:
                return None
            self._voices[voice] = number
            self._write(("voice", number), list(voice))
        return self._voices[voice]

    @property
    def streams(self) -> int:
        """Return the number of layers that are sent."""
        return len(self._sent) - self.renditions

    @property
    def renditions(self) -> int:
        """Return the number of renditions of composed pictures that are sent."""
        return sum(each.kind == "composed" for each in self._sent)

    def hush(self, room: str, seat: str) -> None:
        """End a voice of ours: its floor was closed."""
        number = self._voices.pop(Voice(room, seat), None)
        if number is not None:
            self._write(("voice", number), None)

    def _begin(self, stream: Stream) -> int | None:
        """Return the SSRC of a stream, a free one for a new stream; None where there is none."""
        if stream in self._sent:
            return self._sent[stream]
        taken, allowed = set(self._sent.values()), PICTURES if stream.kind == "composed" else STREAMS
        ssrc = next((each for each in allowed if each not in taken and self._records.settled(("stream", each))), None)
        if ssrc is None:
            self.waiting.add(stream)
            return None
        self._sent[stream] = ssrc
        self._write(("stream", ssrc), list(stream))
        return ssrc

    def _end(self, stream: Stream, now: float) -> None:
        """Free the SSRC of a stream, if it has one, once the other worker knows of it."""
        ssrc = self._sent.pop(stream, None)
        if ssrc is None:
            return
        if ssrc in self._forwarders:
            self._forwarders[ssrc].follow(None, now)
        self._write(("stream", ssrc), None)

    def _forwarder(self, ssrc: int) -> Forwarder:
        if ssrc not in self._forwarders:
            made = self._forwarders[ssrc] = Forwarder(VIDEO_TYPES, VIDEO_CLOCK, self._transport)
            made.ssrc = made.stream.ssrc = ssrc
        return self._forwarders[ssrc]

    # What the other worker has, and what we want of it

    def offered(self, room: str, seat: str) -> Offer:
        """Return what the other worker has of a seat."""
        return self._offers.get((room, seat), Offer())

    def composes(self, room: str) -> bool:
        """Return whether the other worker passes on its composed pictures of a room."""
        return self._records.theirs.get(("composes", room)) is True

    def want(self, room: str, seat: str, wanted: Want) -> None:
        """Ask for these layers of a seat of the other worker and for no others."""
        self._write(("want", room, seat), write_want(wanted))

    def ask_keyframe(self, ssrc: int) -> None:
        """Ask for a key frame of a stream."""
        self._transport.send_rtcp(rtcp.picture_loss(OWN_SSRC, ssrc))

    def forget_seat(self, room: str, seat: str, now: float) -> None:
        """Neither offer, want nor send anything of a seat any more."""
        for stream in self._of(room, seat):
            self._end(stream, now)
        self.hush(room, seat)
        self.waiting = {each for each in self.waiting if each[:2] != (room, seat)}
        for key in (("offer", room, seat), ("want", room, seat)):
            self._write(key, None)
        for ssrc in [ssrc for ssrc, each in self._received.items() if (each.room, each.seat) == (room, seat)]:
            self._layers.pop(ssrc, None)

    # Packets

    def rtp(self, packets: list[Packet], extensions: dict[int, bytes], now: float) -> None:
        """Take packets of one stream; those whose record is still to come are dropped."""
        ssrc = packets[0].ssrc
        if ssrc == VOICES_SSRC:
            for packet in packets:
                self._hear(packet, now)
            return
        stream = self._received.get(ssrc)
        layer = None if stream is None else self._layer(ssrc, stream)
        if layer is not None and (missing := layer.take(packets, now)):
            self._transport.send_rtcp(rtcp.nack(OWN_SSRC, layer.ssrc, missing))

    def _hear(self, packet: Packet, now: float) -> None:
        if len(packet.payload) < _VOICE.size:
            return
        number, packet.sequence, packet.ssrc, level, codec = _VOICE.unpack_from(packet.payload)
        voice = self._heard.get(number)
        room = None if voice is None else self._rooms(voice.room)
        if voice is not None and room is not None and codec < len(VOICE_CODECS):
            packet.payload, packet.level = packet.payload[_VOICE.size :], None if level == NO_LEVEL else level
            room.remote_heard(self, voice.seat, packet, now, VOICE_CODECS[codec])

    def _layer(self, ssrc: int, stream: Stream) -> RemoteLayer | None:
        """Return the layer that comes under an SSRC, which begins with its first packet."""
        if ssrc in self._layers:
            return self._layers[ssrc]
        room = self._rooms(stream.room)
        source = None if room is None else room.remote_source(self, stream.seat)
        layer = None if source is None else source.find(stream.kind, stream.rid)
        if room is None or source is None or layer is None:
            return None
        if layer.ssrc:  # its sinks have numbers of another stream
            layer = source.renew(layer)
            if stream.kind == "composed":
                room.remote_composes()
            else:
                room.remote_offered(stream.seat)
        self._layers[ssrc] = layer
        self._transport.path.register(ssrc, layer.begin(ssrc))
        return layer

    def rtcp(self, data: bytes, now: float) -> None:
        """Take one RTCP compound packet."""
        with self._refused():
            for item in rtcp.parse(data, now):
                self._take(item, now)

    @contextmanager
    def _refused(self) -> Iterator[None]:
        """Log what no worker sends, and go on."""
        try:
            yield
        except ValueError as error:
            logger.warning("x the media worker at %s sends what none sends: %s", self.end.host, error)

    def _take(self, item: Heard, now: float) -> None:
        match item:
            case rtcp.Application():
                for key in self._records.take(item.data):
                    with self._refused():
                        self._changed(key)
                self._hurry()
            case rtcp.Nack():
                if (forwarder := self._forwarders.get(item.ssrc)) is not None:
                    forwarder.resend(item.sequences, LINE_BPS, ROUND_TRIP_S, now)
            case rtcp.KeyframeRequest():
                if (forwarder := self._forwarders.get(item.ssrc)) is not None:
                    forwarder.pass_on_request(now)  # of many receivers, each of which was limited there

    def _changed(self, key: Key) -> None:
        value = self._records.theirs.get(key)
        match key:
            case ("stream", int(ssrc)):
                self._assign(ssrc, value)
            case ("voice", int(number)):
                self._note_voice(number, value)
            case ("offer", str(name), str(seat)):
                self._note_offer(name, seat, value)
            case ("want", str(name), str(seat)):
                self._note_want(name, seat, value)
            case ("composes", str(name)):
                if (room := self._rooms(name)) is not None:
                    room.remote_composes()

    def _note_voice(self, number: int, value: Any) -> None:
        match value:
            case [str(room), str(seat)]:
                self._heard[number] = Voice(room, seat)
            case _:
                self._heard.pop(number, None)

    def _note_offer(self, name: str, seat: str, value: Any) -> None:
        if value is None:
            self._offers.pop((name, seat), None)
        else:
            self._offers[name, seat] = read_offer(value)
        if (room := self._rooms(name)) is not None:
            room.remote_offered(seat)

    def _note_want(self, name: str, seat: str, value: Any) -> None:
        wants = self._wants.setdefault(name, {})
        if value is None:
            wants.pop(seat, None)
        else:
            wants[seat] = read_want(value)
        if not wants:
            del self._wants[name]
        if (room := self._rooms(name)) is not None:
            room.remote_wanted(seat)

    def _assign(self, ssrc: int, value: Any) -> None:
        self._layers.pop(ssrc, None)
        match value:
            case [str(room), str(seat), str(kind), str(rid)]:
                self._received[ssrc] = Stream(room, seat, kind, rid)
            case _:
                self._received.pop(ssrc, None)

    def _write(self, key: Key, value: Any) -> None:
        self._records.write(key, value)
        self._hurry()

    def _hurry(self) -> None:
        """Send records with the packets of this poll."""
        if not self._flushing and not self._records.quiet:
            self._flushing = True
            self._flush_queue.append(self)

    def flush(self, now: float) -> None:
        """Send the records that are due; a worker that is silent gets them once it is heard again."""
        self._flushing = False
        for message in self._records.messages(now) if self.alive else ():
            self._tell(message, now)

    def _tell(self, message: bytes, now: float) -> None:
        self._told = now
        self._transport.send_rtcp(rtcp.application(OWN_SSRC, message))

    def tick(self, now: float) -> None:
        """Repeat what was not acknowledged, requests for packets and for key frames; called every `TICK_S`."""
        self.flush(now)
        if now - self._told >= KEEPALIVE_S:
            self._tell(b'{"a":[],"r":[]}', now)
        measures = now - self._measured >= MEASURE_S
        for layer in self._layers.values():
            layer.remind(now)
            if layer.nack.waiting and layer.sinks and (again := layer.nack.due(now)):
                self._transport.send_rtcp(rtcp.nack(OWN_SSRC, layer.ssrc, again))
            if measures:
                layer.measure(now)
        self._measured = now if measures else self._measured

    def close(self) -> None:
        """Send and take nothing any more."""
        for forwarder in self._forwarders.values():
            forwarder.close()
        self._transport.close()
