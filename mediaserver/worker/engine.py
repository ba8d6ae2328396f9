"""Runs all rooms of one process: one port, one audio clock, and the calls of the control API."""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from mediaserver.api import (
    EVERYONE,
    EVERYTHING,
    INTERRUPTED,
    MAX_KEPT,
    MAX_KEPT_TEXT,
    RTP_PORTS,
    ComposedWhen,
    ConnectionQuality,
    Encryption,
    Event,
    Held,
    Layout,
    PipeEnd,
    Pipes,
    ProbeTarget,
    RoomOptions,
    RoomState,
    SeatOptions,
    SipLimits,
)
from mediaserver.captions.captioner import COMMAND, Captioner
from mediaserver.errors import NoPipe, TooLarge
from mediaserver.peer.sip import SipPeer
from mediaserver.peer.webrtc import WebRtcPeer
from mediaserver.pipe.pipe import Pipe
from mediaserver.recording.files import FolderFiles, RecordingFiles
from mediaserver.room.room import Room
from mediaserver.rtp.source import FlushQueue
from mediaserver.sdp.webrtc import parse_offer
from mediaserver.transport.dscp import Dscp
from mediaserver.transport.dtls import make_certificate
from mediaserver.transport.plain_rtp import PlainPorts
from mediaserver.transport.probe import Probe
from mediaserver.transport.udp_mux import UdpMux
from mediaserver.video.compositor import PictureWork
from mediaserver.worker.event_queue import EventQueue
from mediaserver.worker.media_clock import AUDIO_TICK_S, MediaClock, tick_number
from mediaserver.worker.process_stats import process_stats
from mediaserver.worker.room_system_calls import RoomSystemCalls
from mediaserver.worker.unused_memory import give_back

logger = logging.getLogger(__name__)

IDLE_S = 10.0
"""Seconds without a meeting after which memory is given back: the threads of the last one have ended by then."""


class LocalEngine(RoomSystemCalls):
    """Implements :class:`mediaserver.api.MediaEngine` in this process, on the addresses `hosts` and one UDP `port`.

    Port 0 takes any free one. With `tcp` browsers may connect by TCP to a port of the same number, and to
    `tcp_fronts`, from where somebody passes it on. Room systems get ports out of `rtp_ports`; `files` opens the files
    of a recording by its path; `recognizer` begins the command line of the process that recognizes speech; `dscp` marks
    packets.
    """

    def __init__(
        self,
        hosts: Iterable[str],
        port: int,
        rtp_ports: range = RTP_PORTS,
        files: Callable[[Path], RecordingFiles] = FolderFiles,
        recognizer: Sequence[str] = COMMAND,
        dscp: Dscp | None = None,
        tcp: bool = False,
        tcp_fronts: Sequence[tuple[str, int]] = (),
    ) -> None:
        self._tcp = tcp
        self._tcp_fronts = tcp_fronts
        self._dscp = dscp or Dscp()
        self._files = files
        self._events = EventQueue()
        self._captioner = Captioner(self._events.add, recognizer)
        self._port = port
        self._mux = UdpMux()
        self._probe = Probe(self._mux)
        self._certificate = make_certificate()
        plain = PlainPorts(rtp_ports, self._mux.counters, self._dscp, self._certificate)
        super().__init__(tuple(hosts), plain, FlushQueue())
        self._id = secrets.token_hex(8)
        """By this other workers know us, whichever server leads."""
        self._started_at = time.time()
        self._picture_work = PictureWork()
        self._kept: dict[str, str] = {}
        """What a server gave to keep for later ones."""
        self._pipes: dict[str, Pipe] = {}
        self._clock = MediaClock(self._rooms, self._pipes, self._mux, plain, self._probe, self._flush_queue)

    def start(self) -> None:
        """Bind the port. Raises OSError."""
        self._mux.open(self._hosts, self._port, self._dscp.video)
        if not self._tcp:
            return
        try:
            self._mux.listen(self._port, self._dscp.video, self._tcp_fronts)
        except OSError as exc:
            logger.warning("- no TCP port for browsers that UDP does not reach: %s", exc)

    async def open_room(self, room: str, options: RoomOptions) -> None:
        """Open a room; opening an open room changes nothing."""
        if room not in self._rooms:
            now = time.monotonic()
            self._clock.start(now)
            begins = (tick_number(now) + 1) * AUDIO_TICK_S
            self._rooms[room] = Room(
                room, options, self._flush_queue, self._events.add, begins, self._files, self._picture_work
            )

    async def close_room(self, room: str) -> None:
        """Close a room with all its peers and its recording."""
        await self._close(room, None)

    async def _close(self, room: str, error: str | None) -> None:
        if found := self._rooms.pop(room, None):
            self._clock.stop_idle(time.monotonic())
            self._captioner.stop(room)
            await found.close(error)
            asyncio.get_running_loop().call_later(IDLE_S, self._give_back_idle)

    def _give_back_idle(self) -> None:
        """Give memory back that closed rooms had, while there is none that this could delay."""
        if not self._rooms:
            give_back()

    async def give_up(self) -> None:
        """Close every room because no server came; each recording is marked interrupted, so that the next server
        continues it."""
        closing = (self._close(room, INTERRUPTED) for room in tuple(self._rooms))
        await asyncio.gather(*closing, return_exceptions=True)

    async def pipes(self) -> Pipes:
        """Return where pipes end here, and to which workers there are some."""
        return Pipes(self._id, tuple(self._mux.addresses), tuple(self._pipes))

    async def open_pipe(self, worker: str, end: PipeEnd) -> None:
        """Open our end of a pipe to another worker. Raises NoPipe."""
        await self.close_pipe(worker)
        try:
            self._pipes[worker] = Pipe(self._mux, end, self._flush_queue, self._rooms.get)
        except (OSError, ValueError) as error:
            raise NoPipe(str(error)) from error
        self._share_by(worker)

    async def close_pipe(self, worker: str) -> None:
        """Close the pipe to another worker."""
        pipe = self._pipes.pop(worker, None)
        if pipe is not None:
            self._share_by(worker)
            pipe.close()

    def _share_by(self, worker: str) -> None:
        """Let the rooms that are shared with a worker follow the pipe to it."""
        for room in self._rooms.values():
            if worker in room.workers:
                room.share(room.workers, room.home, self._pipes)

    async def share_room(self, room: str, workers: Sequence[str], home: str = "") -> None:
        """Share a room with other workers."""
        self._room(room).share(workers, home, self._pipes)

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
        self._clock.poll_fast(time.monotonic())
        return peer.answer

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
        self._events.writing[path] = room

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
        late = round(self._clock.late_s, 4)
        return {seat: replace(line, late=late) for seat, line in self._room(room).lines.items()}

    async def held(self) -> Held:
        """Return every open room, every file that is not closed, and every end that no server has acknowledged."""
        ended = tuple(self._events.ended.values())
        return Held(tuple(self._rooms), dict(self._events.writing), ended, dict(self._kept))

    async def keep(self, name: str, text: str) -> None:
        """Keep a text under a name for later servers; empty: forget it. Raises TooLarge."""
        if not text:
            self._kept.pop(name, None)
        elif max(len(name), len(text)) > MAX_KEPT_TEXT or (name not in self._kept and len(self._kept) >= MAX_KEPT):
            raise TooLarge("more than is kept for later servers")
        else:
            self._kept[name] = text

    async def room_state(self, room: str) -> RoomState:
        """Return the state of a room for a server that takes over. Raises UnknownRoom."""
        return self._room(room).state

    async def noted(self, path: str) -> None:
        """Forget how the recording into `path` ended: a server has stored it."""
        self._events.ended.pop(path, None)

    async def probe(self) -> ProbeTarget:
        """Answer connectivity checks for a while; return where, and their credentials."""
        now = time.monotonic()
        self._probe.open(now)
        self._clock.start(now)
        addresses = tuple(self._mux.addresses), tuple(self._mux.tcp.addresses)
        return ProbeTarget(self._probe.fragment, self._probe.password, *addresses)

    async def stats(self) -> dict[str, object]:
        """Return the counters of the engine."""
        counters = self._mux.counters
        seats = [seat for room in self._rooms.values() for seat in room.seats.values()]
        return {
            "rooms": len(self._rooms),
            "seats": len(seats),
            "peers": sum(s.peer is not None and s.peer.transport.state == "connected" for s in seats),
            "dtls_calls": sum(isinstance(s.peer, SipPeer) and s.peer.transport.by_dtls for s in seats),
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
            "tcp_connections": self._mux.tcp.connections,
            "tcp_dropped": self._mux.tcp.dropped,
            "pipe_streams": sum(pipe.streams for pipe in self._pipes.values()),
            "pipe_renditions": sum(pipe.renditions for pipe in self._pipes.values()),
            "pipe_waiting": sum(len(pipe.waiting) for pipe in self._pipes.values()),
            "lost_in": counters.lost_in,
            "lost_out": counters.lost_out,
            "repeated": counters.repeated,
            "pictures": self._picture_work.pictures,
            "compose_s": round(self._picture_work.compose_s, 6),
            "encode_s": round(self._picture_work.encode_s, 6),
            "mix_s": round(self._clock.mix_s, 6),
            "lag": self._clock.lag.stats,
            "started_at": self._started_at,
            "time": round(time.time(), 3),
            **process_stats(),
            **self._captioner.stats,
        }

    def events(self) -> AsyncIterator[Event]:
        """Yield events in order; ends after :meth:`close`."""
        return self._events.read()

    async def close(self) -> None:
        """Close every room and the port."""
        for room in tuple(self._rooms):
            await self.close_room(room)
        for worker in tuple(self._pipes):
            await self.close_pipe(worker)
        await self._captioner.close()
        self._clock.stop()
        self._mux.close()
        self._events.close()
