"""One meeting as packets: seats, what each sees and hears, compositions, the mix, the recording. Rights are decided
elsewhere."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Any

from mediaserver.api import (
    COMPOSED,
    CONTENT,
    EVERYONE,
    HOST,
    RECORDING,
    CameraControllable,
    CameraWanted,
    ComposedWhen,
    ConnectionQuality,
    DigitPressed,
    Event,
    FloorDecided,
    FloorDecision,
    KeyframeWanted,
    Layout,
    Levels,
    MediaElsewhere,
    PeerDown,
    PeerUp,
    RoomOptions,
    RoomState,
    SeatOptions,
    ShareAsked,
    Speaking,
    TileIcon,
    TilesForwarded,
)
from mediaserver.audio.active_speaker import THRESHOLD_DBOV
from mediaserver.audio.input import AudioInput
from mediaserver.audio.mix_minus import PTIME_MS, Samples
from mediaserver.audio.mixer import Mixer
from mediaserver.audio.playback import Playback
from mediaserver.audio.playout_delay import SAMPLE_RATE
from mediaserver.audio.voice_relay import VoiceRelay
from mediaserver.errors import UnknownSeat
from mediaserver.peer.simulcast import CameraInput, SimulcastLayer
from mediaserver.peer.sip import SipPeer
from mediaserver.peer.webrtc import WebRtcPeer
from mediaserver.pipe.pipe import Pipe
from mediaserver.pipe.remote_seat import RemoteSource
from mediaserver.recording.files import FolderFiles, RecordingFiles
from mediaserver.recording.track_file import Scene
from mediaserver.room import slides
from mediaserver.room.compositions import Compositions, best_quality_step, shows_screen
from mediaserver.room.picture_clock import PictureClock
from mediaserver.room.resolution_demand import ResolutionDemand
from mediaserver.room.room_recording import RoomRecording
from mediaserver.room.room_sharing import RoomSharing
from mediaserver.room.seat import Seat
from mediaserver.room.tile_allocation import TileDemand, wanted_bitrate
from mediaserver.room.tile_forwarding import TileForwarding, sufficient_step
from mediaserver.room.tile_view import TileView
from mediaserver.rtp.frame_assembler import Frame
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue, Source
from mediaserver.throttled_log import ThrottledLog
from mediaserver.transport.plain_rtp import Elsewhere
from mediaserver.transport.state import State
from mediaserver.video.compositor import ComposeRequest, ComposeResult, PictureWork
from mediaserver.video.quality import (
    CAMERA_BPS,
    COMPOSED_BPS,
    LARGE,
    QUALITIES,
    SCREEN_BPS,
    TILES_BPS,
    USUAL,
)
from mediaserver.video.tile_icons import with_sound

logger = logging.getLogger(__name__)

LEVELS_TICKS = 12
"""Audio ticks between two events with levels: a little more than four events in a second."""
SHARE_S = 2.0
"""Seconds for which another MCU must not have stood in a picture before it is sent that: what was painted with it may
still be under way, and who speaks by turns would change between two pictures all the time."""
MAX_LIP_SYNC_DELAY_S = 0.3
MAX_PLAUSIBLE_LAG_S = 1.0
"""A larger lag in seconds between pictures and sound means that the sender's clock cannot be trusted."""


class Room:
    """Everything of one meeting in packets. The event loop's thread alone touches it.

    `emit` takes events; `flush_queue` collects sources to flush; `start` is the time in seconds at which both clocks of
    the room begin; `files` opens the files of a recording; `picture_work` counts the pictures of all rooms.
    """

    def __init__(
        self,
        name: str,
        options: RoomOptions,
        flush_queue: FlushQueue,
        emit: Callable[[Event], None],
        start: float,
        files: Callable[[Path], RecordingFiles] = FolderFiles,
        picture_work: PictureWork | None = None,
    ) -> None:
        self.name = name
        self.options = options
        self._flush_queue = flush_queue
        self._emit = emit
        self._picture_work = picture_work or PictureWork()
        self._title = options.title
        self._names = dict(options.names)
        """Names of absent points by seat, for their empty cards."""
        self.seats: dict[str, Seat] = {}
        self._labels: dict[str, str] = dict(options.names)
        """The names in the tiles of everyone and of absent points, by seat."""
        self._picture_clock = PictureClock(name, options, start, self)
        self.compositions = Compositions(options, flush_queue, self._picture_clock.wake)
        self._tile_forwarding = TileForwarding(name, options, self.seats, self.compositions)
        self._layouts: dict[str, Layout] = {}
        """The layouts that were set, by audience."""
        self.content: str | None = None
        """The seat whose shared screen is shown."""
        self.mixer = Mixer(flush_queue, options)
        self.heard = self.mixer.hear
        """Takes the packets of microphones from peers."""
        self._sharing = RoomSharing(name, self.seats, self.compositions, flush_queue)
        self.polled = self._picture_clock.polled
        """Begins a picture that is due; called after each poll."""
        self._playbacks: dict[str, Playback] = {}
        """What seats get in place of the mix."""
        self._mixed = self.mixer.mixed
        """Seats whose voices were mixed in the last tick; each hears a mix of its own."""
        self._levels: dict[str, int] = {}
        """The levels of the last event."""
        self._due = 0.0
        """Time in seconds before which no peer has work for :meth:`tick`, and no view waits."""
        self._idle = True
        """Whether the compositor holds nothing that it must still drop."""
        self.recording = RoomRecording(name, options, start, files, emit, self.compositions, self.mixer, self)
        self._caption: Callable[[Mapping[str, Samples], float], None] | None = None
        """Takes the sound of each tick by seat, and seconds since the room was opened."""
        self._last_tasks: set[asyncio.Task[None]] = set()
        self._throttled_log = ThrottledLog(logger)
        self._start = start
        self._picture_clock.start()

    # Seats

    def add_seat(self, options: SeatOptions) -> None:
        """Add a seat, or change the options of one that exists."""
        seat = self.seats.setdefault(options.seat, Seat(options))
        camera_changed, seat.options = seat.options.camera != options.camera, options
        self._sharing.place(seat, time.monotonic())
        self.set_gain(options.seat, options.gain)
        self.set_floor(options.seat, options.floor)
        self._set_view(seat, options.view, options.lines)
        self._arrange()
        if camera_changed:
            self._refresh_viewers(options.seat)

    def set_names(self, title: str, names: Mapping[str, str]) -> None:
        """Change the title and the names of absent points."""
        self._title, self._names = title, dict(names)
        self._label_tiles()

    async def remove_seat(self, name: str) -> None:
        """Remove a seat. Its name stays where a pane is pinned to it and shows an empty card."""
        seat = self.seats.pop(name, None)
        if seat is None:
            return
        if any(name in picture.layout_state.layout.seats for picture in self.compositions):
            self._names[name] = seat.options.label
        self.mixer.forget(name)
        self._playbacks.pop(name, None)
        for camera_input in (seat.input, seat.content_input):
            camera_input.follow(None, time.monotonic())
        self._keep_derived()
        self._arrange()
        self._refresh_viewers(name)
        self._sharing.remove(seat, time.monotonic())
        if seat.peer is not None:
            await seat.peer.close()

    def seat(self, name: str) -> Seat:
        """Return a seat by name. Raises UnknownSeat."""
        try:
            return self.seats[name]
        except KeyError:
            raise UnknownSeat(self.name, name) from None

    async def connect(self, name: str, peer: WebRtcPeer | SipPeer) -> None:
        """Give a seat its transport and close the previous one."""
        seat = self.seat(name)
        old, seat.peer = seat.peer, peer
        self._playbacks.pop(name, None)
        seat.demand, seat.tiles = ResolutionDemand(), TileView()
        self.hurry()
        self._limit(seat)
        now = time.monotonic()
        for camera_input in (seat.input, seat.content_input):
            camera_input.follow(None, now)
        self._refresh_viewers(name)
        self.controllable(name)
        if old is not None:
            await old.close()

    def renegotiated(self, name: str) -> None:
        """Follow what a room system sends and takes since its session changed."""
        seat = self.seat(name)
        playback = self._playbacks.get(name)
        if playback is not None and not playback.renegotiated():
            del self._playbacks[name]
        self._limit(seat)
        self._connect_sound(name)
        self._refresh_viewers(name)
        self.hurry()

    def set_floor(self, name: str, open_: bool) -> None:
        """Open or close the floor of a seat."""
        seat = self.seat(name)
        seat.floor = open_
        if open_:
            self.mixer.open(name, seat.gain)
            if isinstance(seat.peer, WebRtcPeer):
                seat.peer.listen()
        else:
            self.mixer.close(name)
            self._sharing.hush(name)
        self._connect_sound(name)

    def set_gain(self, name: str, decibels: float) -> None:
        """Set the gain of a seat's voice in dB."""
        self.seat(name).gain = decibels
        self.mixer.amplify(name, decibels)

    def set_layout(self, layout: Layout | None, audience: str = EVERYONE) -> None:
        """Change the picture composed for an audience; with None it sees everyone's."""
        now = time.monotonic()
        if layout is None:
            self._layouts.pop(audience, None)
        else:
            self._layouts[audience] = layout
        self.compositions.choose(audience, layout, now)
        self._arrange()
        self._refresh_views()
        self.recording.follow_composition(now)
        self._follow_cameras(now)  # also of pictures that are watched only now

    def set_content(self, name: str | None) -> None:
        """Choose the seat whose shared screen is shown."""
        if name is not None:
            self.seat(name)
        self.content = name
        slides.compose(self.compositions, name, time.monotonic())
        self._arrange()
        self._refresh_views()

    def set_view(self, name: str, source: str, lines: int = 0) -> None:
        """Choose the source that a seat sees, on a display `lines` pixels high."""
        self._set_view(self.seat(name), source, lines)
        self._follow_cameras(time.monotonic())

    def show_overlay(self, name: str, text: str, seconds: float) -> None:
        """Write an overlay over the composed picture that a seat sees; empty text ends it."""
        seat, now = self.seat(name), time.monotonic()
        seat.overlay = self.compositions.show_overlay(seat.own_composition, text, now) if text else ""
        seat.overlay_ends = now + seconds
        self._overlays_changed()

    def _keep_derived(self) -> None:
        """Drop the compositions that nobody's overlay needs any longer, and nobody from whom something is left out."""
        self.compositions.keep_derived({name for seat in self.seats.values() for name in (seat.overlay, seat.left_out)})

    def _overlays_changed(self) -> None:
        self._keep_derived()
        self._arrange()
        self._refresh_views()

    def _end_overlays(self, now: float) -> None:
        over = [seat for seat in self.seats.values() if seat.overlay and seat.overlay_ends <= now]
        for seat in over:
            seat.overlay = ""
        if over:
            self._overlays_changed()

    def _set_view(self, seat: Seat, source: str, lines: int) -> None:
        seat.overlay = seat.overlay if (seat.view, seat.lines) == (source, lines) else ""
        seat.view, seat.lines = source, lines
        self._leave_out(seat)
        self._limit(seat)
        self._refresh_view(seat)
        if seat.tiles.last_event is not None:
            self._emit(seat.tiles.last_event)

    def _leave_out(self, seat: Seat) -> None:
        """Compose what a seat is not to see of its layout without that."""
        if self._changes_left_out(seat, time.monotonic()):
            self._keep_derived()
            self._arrange()

    def _changes_left_out(self, seat: Seat, now: float) -> bool:
        """Choose what is left out of the layout of a seat: its own camera and screen where it must not see itself, and
        the shared screen for one that sees it as slides. Its overlay stays. Return whether that is news."""
        own = seat.options.seat if self._must_be_left_out(seat, now) else ""
        screens = self._has_slides(seat)
        before, shown, seat.left_out = seat.left_out, seat.chosen_composition, ""
        if own or screens:
            seat.left_out = self.compositions.leave_out(shown, now, seat=own, screens=screens)
        if seat.left_out == before:
            return False
        if seat.overlay:
            text = self.compositions.of(seat.overlay).overlay
            seat.overlay = self.compositions.show_overlay(seat.own_composition, text, now)
        return True

    def _must_be_left_out(self, seat: Seat, now: float) -> bool:
        """Return whether a seat that must not see itself needs a composition of its own: where it stands in that of
        its audience, or did so a moment ago. Else it shares that, which is encoded once."""
        if seat.options.sees_itself:
            return False
        composition = self.compositions.of(seat.chosen_composition)
        if seat.overlay or composition.shows(seat.options.seat, soon=True):
            seat.shown_at = now
        if seat.peer is not None and (picture := seat.peer.picture) is not None:
            shared = picture.source in composition.renditions.values()
            if shared and composition.shows(seat.options.seat):
                picture.follow(None, now)  # the picture stands still until that without it comes
        return now - seat.shown_at < SHARE_S

    def _has_slides(self, seat: Seat) -> bool:
        """Return whether a shared screen that stands in a seat's layout is on a second screen of its own."""
        if self.content not in self.seats or not isinstance(seat.peer, SipPeer) or seat.peer.streams.slides is None:
            return False
        layout = self.compositions.of(seat.chosen_composition).layout_state.layout
        return seat.peer.streams.slides.step is not None and shows_screen(layout)

    def _limit(self, seat: Seat) -> None:
        """Limit a seat's quality to what its display and decoder can show. A source that comes in one size only is not
        limited."""
        step = seat.display.step(seat.lines, self.options.height, time.monotonic())
        if seat.peer is not None and (picture := seat.peer.picture) is not None:
            step = min(step, best_quality_step(picture.takes))
            kind, _, name = seat.view.partition(":")
            shown = self.seats.get(name) if kind == "camera" else None
            layered = shown is not None and shown.camera is not None and len(shown.camera.layers) > 1
            seat.peer.limit(step if kind == COMPOSED else min(step, USUAL) if layered else USUAL)

    # Events of peers

    def changed(self, seat: str, state: State, reason: str) -> None:
        """Take a peer's new transport state."""
        if state == "connected":
            self._connect_sound(seat)
            self._refresh_viewers(seat)
            self._emit(PeerUp(self.name, seat))
        elif state == "closed":
            self._drop_peer(self.seats[seat])
            self._emit(PeerDown(self.name, seat, reason))

    def pressed(self, seat: str, digit: str) -> None:
        """Report a digit of a room system."""
        self._emit(DigitPressed(self.name, seat, digit))

    def asked_to_share(self, seat: str, on: bool) -> None:
        """Report that a room system asks to show its slides, or ends that."""
        self._emit(ShareAsked(self.name, seat, on))

    def refuse_share(self, name: str) -> None:
        """Refuse a room system to show its slides."""
        peer = self.seat(name).peer
        if isinstance(peer, SipPeer) and peer.streams.slides is not None:
            peer.streams.slides.floor.refuse(time.monotonic())

    def floor_decided(self, seat: str, decision: FloorDecision) -> None:
        """Report what a room system is to be told of slides by its call."""
        self._emit(FloorDecided(self.name, seat, decision))

    def controllable(self, seat: str) -> None:
        """Report what can be controlled of a room system's camera, if that is news."""
        held = self.seats.get(seat)
        if held is not None and held.told_control != held.control:
            held.told_control = held.control
            self._emit(CameraControllable(self.name, seat, held.control))

    def keyframe_wanted(self, seat: str, *, slides: bool) -> None:
        """Report that a key frame of a room system is wanted that RTCP may not bring."""
        self._emit(KeyframeWanted(self.name, seat, slides))

    def elsewhere(self, seat: str, found: Elsewhere) -> None:
        """Report that a room system's media come from another host than its SDP names."""
        self._emit(MediaElsewhere(self.name, seat, found.host, found.expected, found.taken))

    def _drop_peer(self, seat: Seat) -> None:
        """Detach a transport that ended from its sources and sinks; the seat stays."""
        peer, seat.peer = seat.peer, None
        for camera_input in (seat.input, seat.content_input):
            camera_input.follow(None, time.monotonic())
        self._refresh_viewers(seat.options.seat)
        self.controllable(seat.options.seat)
        if peer is not None:
            self._run_before_close(peer.close())

    def _run_before_close(self, last: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine in the background; :meth:`close` waits for it."""
        leaving = asyncio.ensure_future(last)
        self._last_tasks.add(leaving)
        leaving.add_done_callback(self._last_tasks.discard)

    # Other media workers

    def share(self, workers: Sequence[str], home: str, pipes: Mapping[str, Pipe]) -> None:
        """Share the room with other workers, to some of which there are `pipes`, by name; `home` is the one that
        records it and whose composed pictures are passed on, empty for this one."""
        now = time.monotonic()
        self._sharing.share(tuple(workers), home, pipes, now)
        self.heard = self.mixer.hear
        if self._sharing.pipes:
            self.heard = self._hear
        self._allow_relay(now)
        self._arrange()
        self._refresh_views()

    @property
    def home(self) -> str:
        """Return the worker that records the room; empty for this one."""
        return self._sharing.home

    @property
    def workers(self) -> tuple[str, ...]:
        """Return the names of the other workers with which the room is shared."""
        return self._sharing.workers

    def _hear(self, seat: str, packet: Packet, now: float, codec: str = "opus") -> None:
        """Take a packet of a microphone; whoever has the floor is heard at the other workers, too.

        Of a seat that moves to another worker, or from there, one of its two transports counts.
        """
        if self.seats[seat].options.worker:
            return
        self.mixer.hear(seat, packet, now, codec)
        if self.seats[seat].floor:
            self._sharing.speak(seat, packet, codec)

    def remote_source(self, pipe: Pipe, name: str) -> RemoteSource | None:
        """Return a seat, or a composed picture, that comes by a pipe; None where there is none."""
        return self._sharing.source(pipe, name)

    def remote_offered(self, name: str) -> None:
        """Show the layers that another worker has of a seat now."""
        if name in self.seats:
            self._sharing.offered(self.seats[name])
            self._follow_cameras(time.monotonic())
            self._refresh_viewers(name)

    def remote_composes(self) -> None:
        """Follow the composed pictures that another worker passes on now."""
        self._refresh_views()

    def remote_wanted(self, name: str) -> None:
        """Send another worker the layers that it wants of a seat, or of a composed picture, now."""
        now = time.monotonic()
        if name in self.seats:
            self._sharing.serve(self.seats[name], now)
        else:
            self._sharing.serve_pictures(now)
        self._follow_cameras(now)

    def remote_heard(self, pipe: Pipe, name: str, packet: Packet, now: float, codec: str) -> None:
        """Take a packet of a voice from the pipe to the worker of its seat, and from no other."""
        seat = self.seats.get(name)
        if seat is not None and seat.remote is not None and seat.remote.pipe is pipe:
            self.mixer.hear(name, packet, now, codec)

    # What is seen and heard

    def _arrange(self) -> None:
        self._label_tiles()
        visible = [name for name, seat in self.seats.items() if seat.options.visible]
        now = time.monotonic()
        content = self.content if self.content in self.seats else None
        tile = None if content is None else f"{CONTENT}:{content}"
        self.compositions.arrange(visible, self.mixer.speaker.speaker, now, tile)
        if self._tile_forwarding.show_undrawn(now) | self.recording.settle(now):
            self.compositions.arrange(visible, self.mixer.speaker.speaker, now, tile)
        others = [seat for seat in self.seats.values() if not seat.options.sees_itself]
        changed = [seat for seat in others if self._changes_left_out(seat, now)]
        if changed:
            self._keep_derived()
            self.compositions.arrange(visible, self.mixer.speaker.speaker, now, tile)
        for seat in self.seats.values():
            if seat.tiles.shown or not seat.options.sees_itself:
                self._refresh_view(seat)
        self._follow_cameras(now)

    def _follow_cameras(self, now: float) -> None:
        """Let the compositor and the recorder follow the smallest sufficient layer of each camera they show, and no
        other.

        Cameras are told which of their resolution is needed.
        """
        heights: dict[str, int] = {}
        for picture in self.compositions:
            for tile in picture.shown():
                heights[tile.seat] = max(tile.height, heights.get(tile.seat, 0))
        others = self._forwarded_lines()
        recorded = self.recording.follow_cameras(self.seats, now)
        for lines in (recorded, self._sharing.watched_lines()):
            others |= {tile: max(height, others.get(tile, 0)) for tile, height in lines.items()}
        for name, seat in self.seats.items():
            try:
                self._follow_camera(seat, heights, others.get(name, 0), now)
            except Exception:
                self._caught(seat)

    def _follow_camera(self, seat: Seat, heights: Mapping[str, int], others: int, now: float) -> None:
        screen = seat.sent(content=True)
        if screen is None:
            return
        name = seat.options.seat
        lines = heights.get(name, 0)
        seat.input.follow(seat.camera.pick(lines, now) if lines and seat.camera is not None else None, now)
        seat.content_input.follow(screen.largest if f"{CONTENT}:{name}" in heights else None, now)
        if seat.remote is not None:
            seat.remote.watch(max(lines, others))
        elif seat.demand.update(0 if seat.lowest_layer_only else max(lines, others), now):
            self._emit(CameraWanted(self.name, name, seat.demand.lines))

    def _forwarded_lines(self) -> dict[str, int]:
        """Return the largest height in pixels at which each camera is forwarded and not composed, by its seat."""
        steps: dict[str, int] = {}
        for each in self.seats.values():
            kind, _, name = each.view.partition(":")
            if kind == "camera" and each.peer is not None:
                steps[name] = max(min(each.peer.downlink.step, LARGE), steps.get(name, 0))
        lines = {name: round(self.options.height * QUALITIES[step].share) for name, step in steps.items()}
        for each in self.seats.values():
            for tile, layer in each.tiles.layers.items():
                lines[tile] = max(layer.height, lines.get(tile, 0))
            if (above := self._passed_on(each)) is not None:
                lines[above.options.seat] = self.options.height
        return lines

    def _refresh_views(self) -> None:
        self._sharing.serve_pictures(time.monotonic())
        for seat in self.seats.values():
            try:
                self._refresh_view(seat)
            except Exception:
                self._caught(seat)

    def _refresh_viewers(self, name: str) -> None:
        """Refresh the views of a seat that came or went, and of everyone who looks at it alone."""
        for each, seat in self.seats.items():
            if each == name or seat.view == f"camera:{name}" or (name == self.content and seat.view == CONTENT):
                self._refresh_view(seat)

    def _refresh_view(self, seat: Seat) -> None:
        """Let a connected seat follow its source. Before that a key frame would be lost in the handshake."""
        self._leave_out(seat)
        slides.show(seat, self._composed, self.content if self.content in self.seats else None, time.monotonic())
        if seat.peer is not None and seat.peer.picture is not None and seat.peer.transport.state == "connected":
            now = time.monotonic()
            if seat.peer.downlink.measurement.running:
                return  # its peer asks again as soon as it is known what its link carries
            if seat.peer.downlink.sound_only:
                self._stop_pictures(seat, now)
                return
            demands = self._tile_forwarding.demands(seat, self.mixer.speaker.speaker, now)
            if demands is None:
                self._limit(seat)
                seat.peer.downlink.set_step_bitrates(self._step_bitrates(seat))
                self._forward_picture(seat, now)
            else:
                seat.peer.downlink.set_step_bitrates(TILES_BPS)
                seat.peer.limit(sufficient_step(wanted_bitrate(demands)))
                seat.peer.downlink.follow_limit(now)  # at once, or a camera that comes would be composed for a moment
                self._forward_tiles(seat, demands, now)
            if seat.tiles.waits:
                self.hurry()

    def _forward_tiles(self, seat: Seat, demands: list[TileDemand], now: float) -> None:
        """Forward the cameras of a seat's tiles one by one; where its link does not carry them, the composed picture.

        Once all cameras have come, its page is told, and the composed picture stops.
        """
        assert seat.peer is not None and seat.peer.picture is not None
        event = self._tile_forwarding.forward(seat, demands, self._label, self.lip_sync_delay_s, self._title, now)
        if event is not None:
            seat.peer.picture.follow(None, now)
            self._tell_tiles(seat, event, now)
        elif demands and not seat.tiles.layers:
            self._forward_picture(seat, now)

    def _forward_picture(self, seat: Seat, now: float) -> None:
        """Forward one picture to a seat. Tiles that it sees go on until the picture comes."""
        assert seat.peer is not None and seat.peer.picture is not None
        picture, source = seat.peer.picture, self._source_of(seat, now)
        picture.follow(source, now)
        offered = isinstance(seat.peer, WebRtcPeer) and bool(seat.peer.tiles)
        if offered and (picture.source is source or seat.tiles.waited(now)):
            self._tell_tiles(seat, TilesForwarded(self.name, seat.options.seat), now)

    def _stop_pictures(self, seat: Seat, now: float) -> None:
        """Leave a seat whose link carries nothing else its sound; its page keeps the last picture."""
        assert seat.peer is not None and seat.peer.picture is not None
        seat.peer.picture.follow(None, now)
        if isinstance(seat.peer, WebRtcPeer) and seat.peer.tiles:
            self._tell_tiles(seat, TilesForwarded(self.name, seat.options.seat), now)

    def _tell_tiles(self, seat: Seat, event: TilesForwarded, now: float) -> None:
        assert isinstance(seat.peer, WebRtcPeer)
        if seat.tiles.tell(event, seat.peer.tiles, now):
            self._emit(event)

    def _step_bitrates(self, seat: Seat) -> tuple[int, ...]:
        """Return the bitrates that the steps of quality of a seat's view need, in bit/s."""
        kind, _, name = seat.view.partition(":")
        if kind == CONTENT and self._shared_screen() is not None:
            return SCREEN_BPS
        return CAMERA_BPS if kind == "camera" and name in self.seats else COMPOSED_BPS

    def _source_of(self, seat: Seat, now: float) -> Source | None:
        """Return the source behind a seat's view; the composed picture replaces a camera that cannot be had.

        It also replaces sources of one size only, a screen or the camera of a room system, on a connection that cannot
        carry them, and of profiles of H.264 that a room system does not decode. A room system gets the lower layer of a
        camera whose higher one takes more than its leg may.
        """
        assert seat.peer is not None and seat.peer.picture is not None
        takes, step = seat.peer.picture.takes, min(seat.peer.downlink.step, best_quality_step(seat.peer.picture.takes))
        kind, _, name = seat.view.partition(":")
        own = self.content if kind == CONTENT else name
        if own == seat.options.seat and not seat.options.sees_itself:
            return self._composed(seat, seat.composition, takes, step, now)
        most, screen = seat.peer.most_forwarded, self._shared_screen() if kind == CONTENT else None
        if screen is not None and _decodes(seat.peer, screen) and step >= USUAL and screen.most <= most:
            return screen
        shown = self.seats.get(name) if kind != COMPOSED else self._passed_on(seat)
        if shown is not None and shown.camera is not None:
            lines = round(self.options.height * QUALITIES[step].share)
            layer = shown.camera.pick(lines, now, most)
            if layer is not None and _decodes(seat.peer, layer) and (step >= USUAL or layer.height <= lines):
                return layer
        return self._composed(seat, seat.composition, takes, step, now)

    def _composed(
        self, seat: Seat, audience: str, takes: Callable[[str], bool], step: int, now: float
    ) -> Source | None:
        """Return a rendition of an audience's picture for a seat: that of the room's home, else our own.

        One that must not see itself gets our own: another worker's may show it a moment before or after ours would.
        """
        composition = self.compositions.of(audience)
        key = composition.key(takes, step)
        if key is None:
            return None
        remote = self._sharing.rendition(audience, key, now) if seat.options.sees_itself else None
        return remote or composition.renditions[key]

    def _passed_on(self, seat: Seat) -> Seat | None:
        """Return the system above whose picture fills the layout of a seat that is another MCU; None if none does.

        It goes on as it came: names and icons stand in it already. Of a system below its point's name is still to be
        written.
        """
        if seat.options.sees_itself or seat.overlay:
            return None
        shown = self.seats.get(self.compositions.of(seat.composition).layout_state.filled_by)
        above = shown is not None and not shown.options.sees_itself and shown.options.audience == HOST
        return shown if above else None

    def _shared_screen(self) -> SimulcastLayer | None:
        """Return the source of the shared screen; None without one."""
        seat = self.seats.get(self.content) if self.content is not None else None
        screen = None if seat is None else seat.sent(content=True)
        return None if screen is None else screen.largest

    def _connect_sound(self, name: str) -> None:
        peer = self.seats[name].peer
        if peer is not None and peer.audio is not None and peer.transport.state == "connected":
            playback = self._playbacks.get(name)
            played = None if playback is None else playback.source
            peer.audio.follow(played or self.mixer.source_for(name, peer.sound), time.monotonic())

    def play(self, name: str, playback: Playback) -> None:
        """Send something to a room system in place of the mix, until its end."""
        self._playbacks[name] = playback
        self._connect_sound(name)

    def _play_on(self, tick: int) -> None:
        """Push what is played in a tick, before the mix of the same time: of both, a stream takes what comes first."""
        for name, playback in list(self._playbacks.items()):
            if playback.push(tick):
                self._connect_sound(name)
            else:
                self._stop_playback(name)

    def _stop_playback(self, name: str) -> None:
        if self._playbacks.pop(name, None) is not None and name in self.seats:
            self._connect_sound(name)

    def tick(self, now: float) -> None:
        """Show a layout whose cameras are ready, and run the housekeeping of all peers; called every `TICK_S`."""
        if self.compositions.settle(self._ready, now):  # not only with the next picture: a busy machine composes few
            self._arrange()
        if self._due > now:
            return
        self._due = inf
        for seat in tuple(self.seats.values()):
            try:
                changed = seat.peer is not None and seat.peer.due <= now and seat.peer.tick(now)
                if changed or seat.tiles.waits:
                    self._refresh_view(seat)
            except Exception:
                self._caught(seat)
            if seat.peer is not None:
                self._due = min(self._due, 0.0 if seat.tiles.waits else seat.peer.due)

    def hurry(self) -> None:
        """Run the housekeeping of peers with the next call of :meth:`tick`."""
        self._due = 0.0

    def _caught(self, seat: Seat) -> None:
        """Log an exception of one seat; the others are served as usual."""
        self._throttled_log.caught("x %s in %s", seat.options.seat, self.name)

    def refresh(self, now: float) -> None:
        """Turn the page when it is time, and follow layers that came or went; called twice a second."""
        self._end_overlays(now)
        if self.compositions.due(now):
            self._arrange()
        self._tile_forwarding.count_viewers()
        self._sharing.refresh(now)
        self._follow_cameras(now)
        self._refresh_views()
        self._allow_relay(now)

    def _allow_relay(self, now: float) -> None:
        """Let the mixer relay a lone voice undecoded.

        Not if it is recorded or captioned, if other workers need its packets, or a receiver that loses audio our FEC.
        """
        missing = any(seat.peer is not None and seat.peer.loses_audio(now) for seat in self.seats.values())
        tapped = self.recording.recorder is not None or self._caption is not None or bool(self._sharing.pipes)
        self.mixer.relays = not tapped and not missing

    # The two clocks

    def sound(self, now: float) -> None:
        """Mix the 20 ms due at `now`, which is the clock's own time, so that a late tick does not look like a long
        delay."""
        tick = round((now - self._start) * 1000 / PTIME_MS)
        if self._playbacks:
            self._play_on(tick)
        if self.mixer.tick(tick, now):
            self._arrange()
            self._emit(Speaking(self.name, self.mixer.speaker.speaker))
        if self.mixer.mixed != self._mixed:
            moved, self._mixed = self.mixer.mixed ^ self._mixed, self.mixer.mixed
            for name in moved & self.seats.keys():
                self._connect_sound(name)
        if tick % LEVELS_TICKS == 0:
            self._emit_levels()
            for name, voice in self.mixer.voices.items():
                self.seats[name].microphone = voice.is_open(now)
        self.recording.tick(tick)

    def _emit_levels(self) -> None:
        levels = {name: round(level) for name, level in self.mixer.levels.items()}
        if levels != self._levels:
            self._levels = levels
            self._emit(Levels(self.name, levels))

    def rates(self) -> set[int]:
        """Return the frame rates of the pictures that somebody may see."""
        large = any(large for _, large in self.compositions.watched)
        return {self.options.fps} | ({QUALITIES[LARGE].fps} if large else set())

    def _ready(self, name: str) -> bool:
        """Return whether a seat's camera gives pictures, or has none to give."""
        source = self._input(name)
        return source is None or source.flowing or not source.listening

    def _input(self, tile: str) -> CameraInput | None:
        """Return the compositor's input for a tile: a seat's camera or its screen."""
        kind, _, name = tile.rpartition(":")
        seat = self.seats.get(name)
        return None if seat is None else seat.content_input if kind else seat.input

    def _frames(self, tile: str, now: float) -> list[Frame]:
        """Return the frames of a tile whose lip sync delay is over; the time that composing takes is part of that
        delay."""
        source = self._input(tile)
        taken = 0.5 / self.options.fps + self._picture_clock.composing_s
        return [] if source is None else source.take(now - max(0.0, self.lip_sync_delay_s(tile) - taken))

    def relay(self, seat: str) -> VoiceRelay | None:
        """Return what may take packets of a seat's microphone; None while none are needed, since it has not the
        floor."""
        voice = self.mixer.voices.get(seat)
        return None if voice is None else voice.relay

    def lip_sync_delay_s(self, seat: str) -> float:
        """Return the seconds by which a seat's pictures must be delayed. Its voice is held back in the jitter buffer on
        a connection of changing delay."""
        voice = self.mixer.voices.get(seat)
        if voice is None or not voice.held_s:
            return 0.0
        return min(max(0.0, voice.held_s - self._video_lag_s(seat, voice)), MAX_LIP_SYNC_DELAY_S)

    def _video_lag_s(self, seat: str, voice: AudioInput) -> float:
        """Return the seconds by which a seat's pictures come later than its sound, by its own clock; 0 while
        unknown."""
        peer = self.seats[seat].peer
        if peer is None or peer.voice.report is None or (transit := peer.camera.transit) is None:
            return 0.0
        late = transit - peer.voice.transit(*voice.jitter.usually, SAMPLE_RATE)
        return late if abs(late) < MAX_PLAUSIBLE_LAG_S else 0.0

    def compose_request(self, rate: int, tick: int, now: float) -> ComposeRequest | None:
        """Return the work due at a tick of a frame rate; None when there is none. Cameras are decoded for all
        compositions that are watched."""
        if self.compositions.settle(self._ready, now):
            self._arrange()
        watched = self.compositions.watched
        if not watched and self._idle:
            return None
        self._idle = not watched
        utc = datetime.now(UTC)
        sizes = [large for large in (False, True) if rate == (QUALITIES[LARGE].fps if large else self.options.fps)]
        due = [
            picture.job(tick, now, utc, self._title, large=large) for picture in self.compositions for large in sizes
        ]
        shown = {tile.seat for picture in self.compositions for tile in picture.shown() if tile.seat}
        return ComposeRequest(
            now=now,
            jobs=tuple(job for job in due if job is not None),
            others=watched,
            labels=self._labels,
            frames={name: frames for name in shown if (frames := self._frames(name, now))},
            speaker=self.mixer.speaker.speaker,
            icons=self._icons(shown),
        )

    def recorded_scene(self) -> Scene:
        """Return what stands in the recorder's picture now."""
        state = self.compositions.of(RECORDING).layout_state
        return Scene(
            tiles=state.tiles,
            heading=state.heading(datetime.now(UTC), self._title),
            labels=self._labels,
            speaker=self.mixer.speaker.speaker,
            icons=self._icons(tile.seat for tile in state.tiles),
        )

    def _icons(self, tiles: Iterable[str]) -> dict[str, tuple[TileIcon, ...]]:
        """Return the icons in tiles, where there are any; an open microphone has waves while sound comes."""
        shown = {name: icons for name in tiles if name in self.seats and (icons := self.seats[name].icons)}
        heard = {name for name, level in self._levels.items() if level > THRESHOLD_DBOV}
        return {name: with_sound(icons, name in heard) for name, icons in shown.items()}

    def _label(self, tile: str) -> str:
        """Return the name in a tile of a camera or a screen, or of an absent point."""
        name = tile.rpartition(":")[2]
        return self.seats[name].options.label if name in self.seats else self._names.get(name, name)

    def _label_tiles(self) -> None:
        """Write down the names in tiles anew, since with a thousand receivers it takes too long for each picture."""
        labels = {**self._names, **{name: seat.options.label for name, seat in self.seats.items()}}
        self._labels = labels | (
            {f"{CONTENT}:{self.content}": labels[self.content]} if self.content in self.seats else {}
        )

    def publish(self, composed: ComposeResult, timestamp: int) -> None:
        """Hand on pictures that were composed, `timestamp` at 90 kHz."""
        now = time.monotonic()
        self._picture_work.add(composed)
        for (number, key), encoded in composed.pictures.items():
            if (picture := self.compositions.by_number(number)) is not None:
                picture.publish(key, encoded, timestamp)
        for name in composed.broken:
            if (camera_input := self._input(name)) is not None:
                camera_input.broken(now)
        self._flush_queue.flush(now)

    @property
    def state(self) -> RoomState:
        """Return the state of the room for a server that takes over."""
        return RoomState(
            options=replace(self.options, title=self._title, names=dict(self._names)),
            seats=tuple(seat.state for seat in self.seats.values()),
            layouts=dict(self._layouts),
            content=self.content,
            speaking=self.mixer.speaker.speaker,
            recording=self.recording.path,
            paused=self.recording.paused,
            voices=self.recording.records_voices,
            composed=self.recording.composed,
            captions=self._caption is not None,
            workers=self.workers,
            home=self.home,
        )

    # Recording

    def start_recording(self, path: str, composed: ComposedWhen = "live") -> None:
        """Record the mix and the picture of the recorder's audience. Raises AlreadyRecording."""
        self.recording.begin(path, composed)
        self.mixer.relays = False
        self._arrange()

    def pause_recording(self, paused: bool) -> None:
        """Pause the recording, or resume it."""
        self.recording.pause(paused)
        self._follow_cameras(time.monotonic())

    def record_voices(self, on: bool) -> None:
        """Start or stop recording each point's sound in a file of its own."""
        self.recording.record_voices(on)
        self._tap_voices()

    def caption(self, caption: Callable[[Mapping[str, Samples], float], None] | None) -> None:
        """Hand the sound of everyone who is heard to `caption` from now on, or to nobody."""
        self._caption = caption
        self._tap_voices()
        self._allow_relay(time.monotonic())

    def _tap_voices(self) -> None:
        self.mixer.tap = self._take_voices if self.recording.records_voices or self._caption is not None else None

    def _take_voices(self, sounds: Mapping[str, Samples], tick: int) -> None:
        if self._caption is not None:
            self._caption(sounds, tick * PTIME_MS / 1000)
        if self.recording.records_voices:
            named = {self.seats[seat].options.label: sound for seat, sound in sounds.items() if seat in self.seats}
            self.recording.take_voices(named, tick)

    @property
    def recorded(self) -> float | None:
        """Return the seconds recorded so far; None when no recording runs."""
        return self.recording.seconds

    @property
    def lines(self) -> dict[str, ConnectionQuality]:
        """Return the connection quality of each connected seat."""
        peers = {name: seat.peer for name, seat in self.seats.items() if seat.peer is not None}
        return {name: peer.connection_quality for name, peer in peers.items() if peer.transport.state == "connected"}

    def stop_recording(self) -> None:
        """Stop the recording; an event follows once its file is closed."""
        self.recording.end()

    def recording_ended(self, closing: Coroutine[Any, Any, None]) -> None:
        """Run what closes a recording's file, and hand on voices no longer for it."""
        self._tap_voices()
        self._run_before_close(closing)

    async def close(self, error: str | None = None) -> None:
        """Close the recording and all seats; `error` says why a recording ends that was not stopped on purpose."""
        self.recording.end(error)
        self._picture_clock.stop()
        for name, seat in tuple(self.seats.items()):
            try:
                await self.remove_seat(name)
            except Exception:
                self._caught(seat)
        self._sharing.close(time.monotonic())
        await asyncio.gather(*self._last_tasks, return_exceptions=True)
        self._picture_clock.close()
        self.compositions.close()


def _decodes(peer: WebRtcPeer | SipPeer, layer: SimulcastLayer) -> bool:
    """Return whether a peer decodes a camera or a screen as it comes. Browsers decode High, whatever they asked for."""
    assert peer.picture is not None
    knows = isinstance(peer, WebRtcPeer) or peer.decodes_high or not layer.beyond_baseline
    return knows and peer.picture.takes(layer.codec)
