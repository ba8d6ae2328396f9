"""Runs all rooms of one process: one UDP port, one audio clock, and the calls of the control API."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from mediaserver.api import (
    ENDS,
    EVERYONE,
    EVERYTHING,
    INTERRUPTED,
    MAX_DIGITS,
    RTP_PORTS,
    CallReport,
    CameraMovement,
    ComposedWhen,
    ConnectionQuality,
    Descriptions,
    Encryption,
    Event,
    Held,
    Layout,
    ProbeTarget,
    Prompt,
    RecordingEnded,
    RoomOptions,
    RoomState,
    SeatOptions,
    SipLimits,
)
from mediaserver.audio.mix_minus import PTIME_MS
from mediaserver.audio.playback import EVENTS, DigitPlayback, PromptPlayback
from mediaserver.captions.captioner import COMMAND, Captioner
from mediaserver.errors import BadOffer, UnknownRoom
from mediaserver.peer.sip import SipPeer
from mediaserver.peer.webrtc import TICK_S, WebRtcPeer
from mediaserver.recording.files import FolderFiles, RecordingFiles
from mediaserver.room.room import Room
from mediaserver.rtp.source import FlushQueue
from mediaserver.rtp.telephone_event import DIGITS, PAUSE
from mediaserver.sdp import sip_parse
from mediaserver.sdp.webrtc import parse_offer
from mediaserver.throttled_log import ThrottledLog
from mediaserver.transport.dscp import Dscp
from mediaserver.transport.dtls import make_certificate
from mediaserver.transport.plain_rtp import PlainPorts
from mediaserver.transport.probe import Probe
from mediaserver.transport.udp_mux import UdpMux
from mediaserver.worker.ticker import Ticker

POLL_MS = PTIME_MS
"""Milliseconds between two reads of the sockets, which are polled together with each audio tick instead of being waited
for. Datagrams that came in between are read together and leave to each receiver with one system call; a datagram waits
10 ms on average."""
FAST_POLL_MS = PTIME_MS // 2
"""The shorter interval. It holds while somebody joins (the three flights of a handshake each wait for a poll), while
the pacer sends a picture in parts, and where the kernel's receive buffer is small."""
JOIN_FAST_POLL_S = 3.0
"""Seconds of fast polling after an SDP answer, in which a browser on a long link may have joined as well."""
AUDIO_TICK_S = PTIME_MS / 1000
HOUSEKEEPING_TICKS = round(TICK_S / AUDIO_TICK_S)
REFRESH_TICKS = 25
MAX_LATE_TICKS = 10
"""Audio ticks that are caught up one by one; after a longer delay the count begins anew."""
MAX_EVENTS = 10_000
"""Events that wait for a reader. When more wait, the oldest are dropped: the latest state counts."""


logger = logging.getLogger(__name__)


def _tick_number(now: float) -> int:
    """Return the number of audio ticks that are over at `now` (seconds), the one that is due now included."""
    return round(now * 1000) // PTIME_MS


class LocalEngine:
    """Implements :class:`mediaserver.api.MediaEngine` in this process, on the addresses `hosts` and one UDP `port`.

    Port 0 takes any free one. Room systems get ports out of `rtp_ports`; `files` opens the files of a recording by its
    path; `recognizer` begins the command line of the process that recognizes speech; `dscp` marks packets.
    """

    def __init__(
        self,
        hosts: Iterable[str],
        port: int,
        rtp_ports: range = RTP_PORTS,
        files: Callable[[Path], RecordingFiles] = FolderFiles,
        recognizer: Sequence[str] = COMMAND,
        dscp: Dscp | None = None,
    ) -> None:
        self._dscp = dscp or Dscp()
        self._files = files
        self._captioner = Captioner(self._emit, recognizer)
        self._hosts = tuple(hosts)
        self._port = port
        self._flush_queue = FlushQueue()
        self._mux = UdpMux()
        self._probe = Probe(self._mux)
        self._certificate = make_certificate()
        self._plain = PlainPorts(rtp_ports, self._mux.counters, self._dscp, self._certificate)
        self._rooms: dict[str, Room] = {}
        self._writing: dict[str, str] = {}
        """The room of each file, by path, that is being recorded into or being closed."""
        self._ended: dict[str, RecordingEnded] = {}
        """How recordings ended, by path, that no server has acknowledged yet."""
        self._events: deque[Event] = deque(maxlen=MAX_EVENTS)
        self._event_added = asyncio.Event()
        self._closed = False
        self._throttled_log = ThrottledLog(logger)
        self._ticker = Ticker(POLL_MS, self._poll)
        """Polls the sockets; runs while there are rooms, or connectivity checks of others are awaited."""
        self._ticks_done = 0
        """Number of the last audio tick that has run."""
        self._fast_poll_until = 0.0
        """Monotonic time in seconds until which sockets are polled fast, since somebody joins."""

    def start(self) -> None:
        """Bind the port. Raises OSError."""
        self._mux.open(self._hosts, self._port, self._dscp.video)

    def _poll(self) -> None:
        """Read all sockets, run the audio ticks that are due, and flush the packets that came of it."""
        now = time.monotonic()
        self._mux.poll(now)
        if self._plain.port_pairs:
            self._plain.poll(now)
        due = _tick_number(now)
        if due != self._ticks_done:
            self._run_due_ticks(due, now)
        if self._flush_queue:
            self._flush_queue.flush(now)
        for room in tuple(self._rooms.values()):
            room.polled(now)
        fast = self._flush_queue or now < self._fast_poll_until or not self._mux.has_large_buffer
        self._ticker.set_period(FAST_POLL_MS if fast else POLL_MS)
        self._stop_idle(now)

    def _stop_idle(self, now: float) -> None:
        """Stop polling when nobody is served."""
        if not self._rooms and not self._probe.is_open(now):
            self._ticker.stop()

    def _run_due_ticks(self, due: int, now: float) -> None:
        """Run the audio ticks up to number `due` for all rooms on one clock, missed ones included."""
        first = self._ticks_done + 1 if due - self._ticks_done <= MAX_LATE_TICKS else due
        for number in range(first, due + 1):
            self._run_tick(number, now)
        self._ticks_done = due

    def _run_tick(self, number: int, now: float) -> None:
        for room in tuple(self._rooms.values()):
            try:  # not by _run_guarded: it is called 50 times a second
                room.sound(number * AUDIO_TICK_S)
            except Exception:
                self._caught(room)
            if number % HOUSEKEEPING_TICKS == 0:
                self._run_guarded(room, room.tick, now)
            if number % REFRESH_TICKS == 0:
                self._run_guarded(room, room.refresh, now)

    def _run_guarded(self, room: Room, work: Callable[[float], None], now: float) -> None:
        """Run one job of a room; an exception in it is logged and stops neither other jobs nor other rooms."""
        try:
            work(now)
        except Exception:
            self._caught(room)

    def _caught(self, room: Room) -> None:
        self._throttled_log.caught("x audio tick of %s", room.name)

    def _emit(self, event: Event) -> None:
        if isinstance(event, RecordingEnded):
            self._keep_end(event)
        self._events.append(event)
        self._event_added.set()

    def _keep_end(self, end: RecordingEnded) -> None:
        self._writing.pop(end.path, None)
        self._ended[end.path] = end
        if len(self._ended) > ENDS:
            lost = self._ended.pop(next(iter(self._ended)))
            logger.warning("x nobody noted how the recording into %s ended: %s", lost.path, lost.error)

    def _room(self, room: str) -> Room:
        try:
            return self._rooms[room]
        except KeyError:
            raise UnknownRoom(room) from None

    async def open_room(self, room: str, options: RoomOptions) -> None:
        """Open a room; opening an open room changes nothing."""
        if room not in self._rooms:
            tick = _tick_number(time.monotonic())
            if not self._rooms:
                self._ticks_done = tick
                self._ticker.start()
            self._rooms[room] = Room(
                room, options, self._flush_queue, self._emit, (tick + 1) * AUDIO_TICK_S, self._files
            )

    async def close_room(self, room: str) -> None:
        """Close a room with all its peers and its recording."""
        await self._close(room, None)

    async def _close(self, room: str, error: str | None) -> None:
        if found := self._rooms.pop(room, None):
            self._stop_idle(time.monotonic())
            self._captioner.stop(room)
            await found.close(error)

    async def give_up(self) -> None:
        """Close every room because no server came; each recording is marked interrupted, so that the next server
        continues it."""
        closing = (self._close(room, INTERRUPTED) for room in tuple(self._rooms))
        await asyncio.gather(*closing, return_exceptions=True)

    async def set_names(self, room: str, title: str, names: Mapping[str, str]) -> None:
        """Change the meeting's title and the names of absent points."""
        self._room(room).set_names(title, names)

    async def add_seat(self, room: str, options: SeatOptions) -> None:
        """Add a seat, or change the options of one that exists."""
        self._room(room).add_seat(options)

    async def remove_seat(self, room: str, seat: str) -> None:
        """Remove a seat and close its transport."""
        await self._room(room).remove_seat(seat)

    async def connect(
        self,
        room: str,
        seat: str,
        offer: str,
        plain: bool = False,
        encryption: Encryption = "off",
        media_hosts: Sequence[str] = (),
        limits: SipLimits = EVERYTHING,
    ) -> str:
        """Answer an SDP offer. Raises BadOffer, NoPortFree, UnknownRoom, UnknownSeat."""
        target = self._room(room)
        target.seat(seat)
        if plain:
            return await self._connect_sip(target, offer, self._sip_peer(target, seat, encryption, media_hosts, limits))
        peer = WebRtcPeer(
            seat,
            parse_offer(offer),
            mux=self._mux,
            certificate=self._certificate,
            flush_queue=self._flush_queue,
            listener=target,
        )
        await target.connect(seat, peer)
        self._fast_poll_until = time.monotonic() + JOIN_FAST_POLL_S
        return peer.answer

    async def _connect_sip(self, target: Room, offer: str, peer: SipPeer) -> str:
        answer = peer.answer(sip_parse.parse(offer))
        await target.connect(peer.seat, peer)
        peer.begin()
        peer.theirs = offer
        return answer

    def _sip_peer(
        self, target: Room, seat: str, encryption: Encryption, media_hosts: Sequence[str], limits: SipLimits
    ) -> SipPeer:
        return SipPeer(
            seat,
            self._hosts,
            ports=self._plain,
            options=target.options,
            flush_queue=self._flush_queue,
            listener=target,
            encryption=encryption,
            media_hosts=frozenset(media_hosts),
            limits=limits,
        )

    async def invite(
        self,
        room: str,
        seat: str,
        host: str = "",
        simple: bool = False,
        encryption: Encryption = "off",
        media_hosts: Sequence[str] = (),
        limits: SipLimits = EVERYTHING,
    ) -> str:
        """Return an SDP offer to call a room system with. Raises NoPortFree, UnknownRoom, UnknownSeat."""
        target = self._room(room)
        target.seat(seat)
        peer = self._sip_peer(target, seat, encryption, media_hosts, limits)
        offer = peer.offer(host, simple=simple)
        await target.connect(seat, peer)
        return offer

    async def accept(self, room: str, seat: str, answer: str) -> None:
        """Take the SDP answer of a room system. Raises BadOffer, UnknownRoom, UnknownSeat."""
        target = self._room(room)
        peer = target.seat(seat).peer
        if not isinstance(peer, SipPeer) or not peer.offered:
            raise BadOffer("an answer to nothing")
        if peer.transport.state == "new":
            peer.accept(sip_parse.parse(answer))
        else:
            peer.accept_reoffer(sip_parse.read(answer))
            target.renegotiated(seat)
        peer.theirs = answer

    async def renegotiate(self, room: str, seat: str, offer: str) -> str:
        """Answer an SDP offer within a call. Raises BadOffer, NoPortFree, UnknownRoom, UnknownSeat."""
        peer = self._call(room, seat)
        answer = peer.renegotiate(sip_parse.read(offer))
        peer.theirs = offer
        self._room(room).renegotiated(seat)
        return answer

    async def reoffer(self, room: str, seat: str) -> str:
        """Return an SDP offer of what a call uses. Raises BadOffer, UnknownRoom, UnknownSeat."""
        return self._call(room, seat).reoffer()

    def _call(self, room: str, seat: str) -> SipPeer:
        """Return the media of a connected room system. Raises BadOffer, UnknownRoom, UnknownSeat."""
        peer = self._room(room).seat(seat).peer
        if not isinstance(peer, SipPeer) or peer.transport.state != "connected":
            raise BadOffer("no call to change")
        return peer

    async def refresh_picture(self, room: str, seat: str, *, slides: bool = False) -> None:
        """Send a key frame of its picture, or of others' slides, to a seat."""
        peer = self._room(room).seat(seat).peer
        if isinstance(peer, SipPeer) and slides:
            forwarder = None if peer.streams.slides is None else peer.streams.slides.forwarder
        else:
            forwarder = None if peer is None else peer.picture
        if forwarder is not None:
            forwarder.request_keyframe(time.monotonic())

    async def descriptions(self, room: str, seat: str) -> Descriptions:
        """Return the descriptions of a room system's call. Raises BadOffer, UnknownRoom, UnknownSeat."""
        peer = self._call(room, seat)
        return Descriptions(peer.description, peer.theirs)

    async def move_in(
        self,
        room: str,
        seat: str,
        descriptions: Descriptions,
        encryption: Encryption = "off",
        media_hosts: Sequence[str] = (),
        limits: SipLimits = EVERYTHING,
    ) -> str:
        """Return an offer that moves a call to this seat. Raises BadOffer, NoPortFree, UnknownRoom, UnknownSeat."""
        target = self._room(room)
        target.seat(seat)
        peer = self._sip_peer(target, seat, encryption, media_hosts, limits)
        offer = peer.move_in(sip_parse.parse(descriptions.theirs), descriptions.ours)
        await target.connect(seat, peer)
        return offer

    async def try_keyframe(self, room: str, seat: str) -> None:
        """Request a key frame of a room system's camera. Raises BadOffer, UnknownRoom, UnknownSeat."""
        self._call(room, seat).try_keyframe(time.monotonic())

    async def call_report(self, room: str, seat: str) -> CallReport:
        """Return what a room system's call carried so far. Raises BadOffer, UnknownRoom, UnknownSeat."""
        return self._call(room, seat).report(time.monotonic())

    async def play_prompt(self, room: str, seat: str, prompt: Prompt) -> None:
        """Speak a prompt to a room system. Raises BadOffer, UnknownRoom, UnknownSeat."""
        self._room(room).play(seat, PromptPlayback(prompt, self._call(room, seat).sound, self._flush_queue))

    async def send_digits(self, room: str, seat: str, digits: str) -> bool:
        """Send DTMF digits to a room system. Raises BadOffer, UnknownRoom, UnknownSeat."""
        peer = self._call(room, seat)
        if len(digits) > MAX_DIGITS or not set(digits) <= {*DIGITS, PAUSE}:
            raise BadOffer("no DTMF digits")
        if peer.audio is None or not peer.audio.takes(EVENTS):
            return False
        playback = DigitPlayback(digits, peer.audio.clock_rate, peer.event_clock, self._flush_queue)
        self._room(room).play(seat, playback)
        return True

    async def move_camera(self, room: str, seat: str, movement: CameraMovement) -> None:
        """Move the camera of a room system."""
        if (controller := self._room(room).seat(seat).controller) is not None:
            controller.move(movement, time.monotonic())

    async def use_camera_preset(self, room: str, seat: str, preset: int, store: bool) -> None:
        """Move the camera of a room system to a stored position, or store its position."""
        if (controller := self._room(room).seat(seat).controller) is not None:
            (controller.store_preset if store else controller.activate_preset)(preset)

    async def select_camera_source(self, room: str, seat: str, number: int) -> None:
        """Let the picture of a room system come from another of its video sources."""
        if (controller := self._room(room).seat(seat).controller) is not None:
            controller.select_source(number, time.monotonic())

    async def show_overlay(self, room: str, seat: str, text: str, seconds: float) -> None:
        """Write an overlay over the picture of a seat."""
        self._room(room).show_overlay(seat, text, seconds)

    async def set_floor(self, room: str, seat: str, open_: bool) -> None:
        """Open or close the floor of a seat."""
        self._room(room).set_floor(seat, open_)

    async def set_gain(self, room: str, seat: str, decibels: float) -> None:
        """Set the gain of a seat's voice in dB."""
        self._room(room).set_gain(seat, decibels)

    async def set_layout(self, room: str, layout: Layout | None, audience: str = EVERYONE) -> None:
        """Change the picture composed for an audience."""
        self._room(room).set_layout(layout, audience)

    async def set_content(self, room: str, seat: str | None) -> None:
        """Choose the seat whose shared screen is the room's content."""
        self._room(room).set_content(seat)

    async def refuse_share(self, room: str, seat: str) -> None:
        """Refuse a room system to show its slides."""
        self._room(room).refuse_share(seat)

    async def set_view(self, room: str, seat: str, source: str, lines: int = 0) -> None:
        """Choose the source that a seat sees."""
        self._room(room).set_view(seat, source, lines)

    async def start_recording(self, room: str, path: str, composed: ComposedWhen = "live") -> None:
        """Record into the file `path`, or into that of its tracks. Raises AlreadyRecording."""
        self._room(room).start_recording(path, composed)
        self._writing[path] = room

    async def pause_recording(self, room: str, paused: bool) -> None:
        """Pause the recording, or resume it."""
        self._room(room).pause_recording(paused)

    async def record_voices(self, room: str, on: bool) -> None:
        """Start or stop recording each point's sound in a file of its own."""
        self._room(room).record_voices(on)

    async def recorded(self, room: str) -> float | None:
        """Return the seconds recorded so far; None when no recording runs."""
        return self._room(room).recorded

    async def stop_recording(self, room: str) -> None:
        """Stop the recording."""
        self._room(room).stop_recording()

    async def set_captions(self, room: str, model: str | None) -> None:
        """Recognize the speech of those who are heard, or stop that."""
        found = self._room(room)
        if model is None:
            found.caption(None)
            self._captioner.stop(room)
        else:
            found.caption(partial(self._captioner.hear, room))
            self._captioner.start(room, model)

    async def lines(self, room: str) -> Mapping[str, ConnectionQuality]:
        """Return the connection quality of each connected seat of a room."""
        return self._room(room).lines

    async def held(self) -> Held:
        """Return every open room, every file that is not closed, and every end that no server has acknowledged."""
        return Held(tuple(self._rooms), dict(self._writing), tuple(self._ended.values()))

    async def room_state(self, room: str) -> RoomState:
        """Return the state of a room for a server that takes over. Raises UnknownRoom."""
        return self._room(room).state

    async def noted(self, path: str) -> None:
        """Forget how the recording into `path` ended: a server has stored it."""
        self._ended.pop(path, None)

    async def probe(self) -> ProbeTarget:
        """Answer connectivity checks for a while; return where, and their credentials."""
        now = time.monotonic()
        self._probe.open(now)
        if not self._rooms:
            self._ticks_done = _tick_number(now)
        self._ticker.start()
        return ProbeTarget(self._probe.fragment, self._probe.password, tuple(self._mux.addresses))

    async def stats(self) -> dict[str, object]:
        """Return the counters of the engine."""
        counters = self._mux.counters
        seats = [seat for room in self._rooms.values() for seat in room.seats.values()]
        return {
            "rooms": len(self._rooms),
            "seats": len(seats),
            "peers": sum(s.peer is not None and s.peer.transport.state == "connected" for s in seats),
            "packets_in": counters.packets_in,
            "bytes_in": counters.bytes_in,
            "packets_out": counters.packets_out,
            "bytes_out": counters.bytes_out,
            "strangers": counters.strangers,
            "malformed": counters.malformed,
            "excess": counters.excess,
            "undecryptable": counters.undecryptable,
            "camera_requests": counters.camera_requests,
            "refused": counters.refused,
            **self._captioner.stats,
        }

    async def events(self) -> AsyncIterator[Event]:
        """Yield events in order; ends after :meth:`close`."""
        while True:
            while self._events:
                yield self._events.popleft()
            if self._closed:
                return
            self._event_added.clear()
            await self._event_added.wait()

    async def close(self) -> None:
        """Close every room and the port."""
        for room in tuple(self._rooms):
            await self.close_room(room)
        await self._captioner.close()
        self._ticker.stop()
        self._mux.close()
        self._closed = True
        self._event_added.set()
