"""Fakes that do what the test says, and note their calls."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from mediaserver.api import (
    EVERYONE,
    EVERYTHING,
    CallReport,
    CameraMovement,
    ComposedWhen,
    ConnectionQuality,
    Descriptions,
    Encryption,
    Event,
    Held,
    Layout,
    PeerUp,
    PipeEnd,
    Pipes,
    ProbeTarget,
    Prompt,
    RecordingEnded,
    RoomOptions,
    RoomState,
    SeatOptions,
    SeatState,
    SipLimits,
)
from mediaserver.errors import UnknownRoom, UnknownSeat
from mediaserver.recording.disk_space import Space
from scheduler.files import sandboxed_parser


async def parse_in_process(argv: Sequence[str], stdin: bytes) -> tuple[int, bytes]:
    """Run `scheduler.files.sandboxed_parser` in this process, in place of a child."""
    return 0, sandboxed_parser.parse(stdin, *argv[3:])


@dataclass
class FakeClock:
    """A clock that a test advances."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> datetime:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
        return self.now


@dataclass
class FakeDisk:
    """A file system whose free space a test sets."""

    space: Space = field(default_factory=lambda: Space(free=100, total=100))

    def __call__(self, _: Path) -> Space:
        return self.space


@dataclass
class FakeRoom:
    """A room as a media engine would hold it."""

    options: RoomOptions = field(default_factory=RoomOptions)
    seats: dict[str, SeatOptions] = field(default_factory=dict)
    floors: set[str] = field(default_factory=set)
    views: dict[str, str] = field(default_factory=dict)
    layouts: dict[str, Layout] = field(default_factory=lambda: {EVERYONE: Layout()})
    recording: str | None = None
    composed: ComposedWhen = "live"
    paused: bool = False
    seconds: float = 0.0
    voices: bool = False
    lines: dict[str, ConnectionQuality] = field(default_factory=dict)
    up: set[str] = field(default_factory=set)
    content: str | None = None
    captions: str | None = None
    workers: tuple[str, ...] = ()
    home: str = ""

    @property
    def state(self) -> RoomState:
        """Return the state of the room, for a server that takes over."""
        seats = [
            SeatState(replace(options, floor=seat in self.floors, view=self.views[seat]), up, up, 720)
            for seat, options in self.seats.items()
            for up in [seat in self.up]
        ]
        return RoomState(
            self.options,
            tuple(seats),
            dict(self.layouts),
            self.content,
            recording=self.recording,
            paused=self.paused,
            voices=self.voices,
            composed=self.composed,
            captions=self.captions is not None,
            workers=self.workers,
            home=self.home,
        )


class FakeEngine:
    """A media engine without media. `failing` maps a call to the error it raises; a connected seat is up at once."""

    def __init__(self) -> None:
        self.rooms: dict[str, FakeRoom] = {}
        self.calls: list[tuple[object, ...]] = []
        self.limits = EVERYTHING
        """What the newest room system was offered at most."""
        self.failing: dict[str, Exception] = {}
        self.writing: dict[str, str] = {}
        """Files that are being closed, with their rooms."""
        self.ended: list[RecordingEnded] = []
        """Ends of recordings that no server has acknowledged."""
        self.media_hosts: dict[str, tuple[str, ...]] = {}
        """From where media of a room system may come, by seat."""
        self.numbers: dict[str, object] = {}
        """Further statistics."""
        self.reports = [CallReport(0.0, None, None, None)]
        """What calls of room systems carried, in turn, the last one over and over."""
        self.takes_events = True
        """Whether room systems take telephone events."""
        self.kept: dict[str, str] = {}
        """What a server gave to keep for later ones."""
        self.closed = False
        self.pipe_ends: dict[str, PipeEnd] = {}
        """Our ends of pipes, by the worker at the other one."""
        self.id = ""
        """By this other workers know it; none: it is of a release without pipes."""
        self.addresses: tuple[tuple[str, int], ...] = ()
        """Where packets of other workers are received."""
        self._events: asyncio.Queue[Event] = asyncio.Queue()

    def emit(self, event: Event) -> None:
        """Emit an event."""
        self._events.put_nowait(event)

    def lose_everything(self) -> None:
        """Forget all rooms, as a fresh process would."""
        self.rooms.clear()
        self.kept.clear()
        self.calls.clear()

    def _note(self, call: str, *arguments: object) -> None:
        self.calls.append((call, *arguments))
        if call in self.failing:
            raise self.failing[call]

    def _room(self, room: str, seat: str | None = None) -> FakeRoom:
        if room not in self.rooms:
            raise UnknownRoom(room)
        if seat is not None and seat not in self.rooms[room].seats:
            raise UnknownSeat(room, seat)
        return self.rooms[room]

    async def open_room(self, room: str, options: RoomOptions) -> None:
        self._note("open_room", room)
        self.rooms.setdefault(room, FakeRoom(options))

    async def close_room(self, room: str) -> None:
        self._note("close_room", room)
        self.rooms.pop(room, None)

    async def pipes(self) -> Pipes:
        return Pipes(self.id, self.addresses, tuple(self.pipe_ends))

    async def open_pipe(self, worker: str, end: PipeEnd) -> None:
        self._note("open_pipe", worker)
        self.pipe_ends[worker] = end

    async def close_pipe(self, worker: str) -> None:
        self._note("close_pipe", worker)
        self.pipe_ends.pop(worker, None)

    async def share_room(self, room: str, workers: Sequence[str], home: str = "") -> None:
        self._note("share_room", room, *workers)
        self._room(room).workers, self._room(room).home = tuple(workers), home

    async def set_names(self, room: str, title: str, names: Mapping[str, str]) -> None:
        self._note("set_names", room, title)
        self._room(room).options = replace(self._room(room).options, title=title, names=names)

    async def add_seat(self, room: str, options: SeatOptions) -> None:
        self._note("add_seat", room, options.seat)
        found = self._room(room)
        found.seats[options.seat], found.views[options.seat] = options, options.view
        (found.floors.add if options.floor else found.floors.discard)(options.seat)

    async def remove_seat(self, room: str, seat: str) -> None:
        self._note("remove_seat", room, seat)
        self._room(room).seats.pop(seat, None)
        self._room(room).up.discard(seat)
        self._room(room).floors.discard(seat)

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
        self.limits = limits
        self._note("connect", room, seat, *(["plain"] if plain else []), *([encryption] if encryption != "off" else []))
        self.media_hosts[seat] = tuple(media_hosts)
        self._room(room, seat).up.add(seat)
        self.emit(PeerUp(room, seat))
        return f"answer to {offer}"

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
        self._note("invite", room, seat, *([encryption] if encryption != "off" else []))
        self.limits = limits
        self.media_hosts[seat] = tuple(media_hosts)
        self._room(room, seat)
        return f"simple offer of {seat}" if simple else f"offer of {seat}"

    async def accept(self, room: str, seat: str, answer: str) -> None:
        self._note("accept", room, seat, answer)
        self._room(room, seat).up.add(seat)
        self.emit(PeerUp(room, seat))

    async def renegotiate(self, room: str, seat: str, offer: str) -> str:
        self._note("renegotiate", room, seat, offer)
        self._room(room, seat)
        return f"answer to {offer}"

    async def reoffer(self, room: str, seat: str) -> str:
        self._note("reoffer", room, seat)
        self._room(room, seat)
        return f"offer of {seat} again"

    async def refresh_picture(self, room: str, seat: str, *, slides: bool = False) -> None:
        self._note("refresh_picture", room, seat, *(["slides"] if slides else []))
        self._room(room, seat)

    async def descriptions(self, room: str, seat: str) -> Descriptions:
        self._note("descriptions", room, seat)
        self._room(room, seat)
        return Descriptions(f"ours of {seat}", f"theirs of {seat}")

    async def move_in(
        self,
        room: str,
        seat: str,
        descriptions: Descriptions,
        encryption: Encryption = "off",
        media_hosts: Sequence[str] = (),
        limits: SipLimits = EVERYTHING,
    ) -> str:
        self.limits = limits
        self._note("move_in", room, seat, descriptions)
        self._room(room, seat)
        return f"offer of {seat} that moves in"

    async def try_keyframe(self, room: str, seat: str) -> None:
        self._note("try_keyframe", room, seat)
        self._room(room, seat)

    async def call_report(self, room: str, seat: str) -> CallReport:
        self._note("call_report", room, seat)
        self._room(room, seat)
        return self.reports.pop(0) if len(self.reports) > 1 else self.reports[0]

    async def play_prompt(self, room: str, seat: str, prompt: Prompt) -> None:
        self._note("play_prompt", room, seat, prompt)
        self._room(room, seat)

    async def send_digits(self, room: str, seat: str, digits: str) -> bool:
        self._note("send_digits", room, seat, digits)
        self._room(room, seat)
        return self.takes_events

    async def move_camera(self, room: str, seat: str, movement: CameraMovement) -> None:
        self._note("move_camera", room, seat, movement)
        self._room(room, seat)

    async def use_camera_preset(self, room: str, seat: str, preset: int, store: bool) -> None:
        self._note("use_camera_preset", room, seat, preset, store)
        self._room(room, seat)

    async def select_camera_source(self, room: str, seat: str, number: int) -> None:
        self._note("select_camera_source", room, seat, number)
        self._room(room, seat)

    async def show_overlay(self, room: str, seat: str, text: str, seconds: float) -> None:
        self._note("show_overlay", room, seat, text, seconds)
        self._room(room, seat)

    async def set_floor(self, room: str, seat: str, open_: bool) -> None:
        self._note("set_floor", room, seat, open_)
        floors = self._room(room, seat).floors
        (floors.add if open_ else floors.discard)(seat)

    async def set_gain(self, room: str, seat: str, decibels: float) -> None:
        self._note("set_gain", room, seat, decibels)
        self._room(room, seat)

    async def set_layout(self, room: str, layout: Layout | None, audience: str = EVERYONE) -> None:
        self._note("set_layout", room, layout, audience)
        layouts = self._room(room).layouts
        if layout is None:
            layouts.pop(audience, None)
        else:
            layouts[audience] = layout

    async def set_content(self, room: str, seat: str | None) -> None:
        self._note("set_content", room, seat)
        self._room(room, seat).content = seat

    async def refuse_share(self, room: str, seat: str) -> None:
        self._note("refuse_share", room, seat)
        self._room(room, seat)

    async def set_view(self, room: str, seat: str, source: str, lines: int = 0) -> None:
        self._note("set_view", room, seat, source, lines)
        self._room(room, seat).views[seat] = source

    async def start_recording(self, room: str, path: str, composed: ComposedWhen = "live") -> None:
        self._note("start_recording", room, path)
        self._room(room).recording, self._room(room).composed = path, composed

    async def pause_recording(self, room: str, paused: bool) -> None:
        self._note("pause_recording", room, paused)
        self._room(room).paused = paused

    async def record_voices(self, room: str, on: bool) -> None:
        self._note("record_voices", room, on)
        self._room(room).voices = on

    async def recorded(self, room: str) -> float | None:
        self._note("recorded", room)
        return None if self._room(room).recording is None else self._room(room).seconds

    async def stop_recording(self, room: str) -> None:
        self._note("stop_recording", room)
        path, self._room(room).recording = self._room(room).recording, None
        if path is not None:
            self.ended.append(RecordingEnded(room, path, 12.0, None))
            self.emit(self.ended[-1])

    async def set_captions(self, room: str, model: str | None) -> None:
        self._note("set_captions", room, model)
        self._room(room).captions = model

    async def lines(self, room: str) -> Mapping[str, ConnectionQuality]:
        return self._room(room).lines

    async def held(self) -> Held:
        recorded = {room.recording: name for name, room in self.rooms.items() if room.recording is not None}
        return Held(tuple(self.rooms), recorded | self.writing, tuple(self.ended), dict(self.kept))

    async def keep(self, name: str, text: str) -> None:
        self.kept = {**self.kept, name: text} if text else {key: self.kept[key] for key in self.kept if key != name}

    async def room_state(self, room: str) -> RoomState:
        if "room_state" in self.failing:
            raise self.failing["room_state"]
        return self._room(room).state

    async def noted(self, path: str) -> None:
        self.ended = [end for end in self.ended if end.path != path]

    async def probe(self) -> ProbeTarget:
        self._note("probe")
        addresses = ("10.0.0.1", 40000), ("fd00::1", 40000)
        return ProbeTarget("fragment", "password", addresses, addresses[:1])

    async def stats(self) -> dict[str, object]:
        self._note("stats")
        return {"0": {"rooms": len(self.rooms), "codec": "h264", **self.numbers}}

    async def events(self) -> AsyncIterator[Event]:
        while True:
            yield await self._events.get()

    async def close(self) -> None:
        self.closed = True
