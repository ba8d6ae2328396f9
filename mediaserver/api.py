"""The media border: every word the roof may say to a media engine, and every word that comes back.

A *room* is a meeting as packets. A *seat* is one leg in it (one browser, one room system), known here by an opaque id
and the label to burn into its tile. Commands go down as calls of :class:`MediaEngine`; facts come up from
:meth:`MediaEngine.events`. Everything that crosses is a frozen dataclass of plain values, so it survives JSON.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

LayoutKind = Literal[
    "grid", "speaker", "single", "lecture", "side-by-side", "content", "panorama",
    "1+5", "1+7", "1+9", "1+12", "1+33", "2+8", "2+21", "3+4",
    "2x2", "3x3", "4x4", "5x5", "6x6", "7x7", "8x8",
]  # fmt: skip
"""What each looks like stands in :mod:`mediaserver.video.layout_plans`."""

CONTENT = "content"
"""The source id of the screen that somebody shares; its tile is ``content:<seat>``."""

COMPOSED = "composed"
"""The source id of the picture composed for a seat's audience; ``composed:<audience>`` is that of another one.

Every other source id but :data:`CONTENT` is ``camera:<seat>``."""

RTP_PORTS: Final = range(40_100, 41_100)
"""For room systems, four each: of sound and picture the media and its reports. All 250 points may be room systems."""

TOP_HEIGHT: Final = 720
"""Lines of the largest layer that a camera is asked for."""

ENDS: Final = 256
"""A worker keeps how so many recordings ended, the latest, until a server has noted it: without one none begins."""
INTERRUPTED: Final = "interrupted"
"""Why a recording ended that nobody wanted to end, and that is to go on in its next part."""

EVERYONE: Final = "everyone"
RECORDING: Final = "recording"
"""The recorder's audience; every audience sees what everyone sees until it has a layout of its own."""
PART_OF: Final[Mapping[str, str]] = {"systems": "components"}
"""Audiences that see until then what another one sees: room systems are components."""


@dataclass(frozen=True, slots=True)
class RoomOptions:
    """The composed picture of a room, in pixels and frames per second; the meeting's title.

    A speaker keeps the picture `hold_s` seconds after their last sound, and whoever is louder waits as long.
    """

    width: int = 1280
    height: int = 720
    fps: int = 25
    title: str = ""
    hold_s: float = 1.5
    mixed: int = 5
    """So many voices, the loudest, are heard at once: more are a noise to the ear, and each needs a mix of its own."""
    echo_s: float = 0.0
    """In a room to try devices in, who has the floor hears themselves so much later and nobody else; 0: a meeting."""
    recorded: bool = False
    """It is to be recorded: it is best placed with a worker that sees the folder of the recordings."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Of those who may be pinned while they are away, by id: what their empty card says."""


@dataclass(frozen=True, slots=True)
class SeatOptions:
    """One leg: its label (burned into the tile: the registered name, then what is left out where room is short, behind
    " · "), whether it has a tile at all (observers have none), for which audience the picture is composed that it sees,
    and what the calls that set each by itself say: floor, gain in dB, view and the lines of its display."""

    seat: str
    label: str
    visible: bool = True
    audience: str = EVERYONE
    floor: bool = False
    gain: float = 0.0
    view: str = COMPOSED
    lines: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """What the composed picture shows. `focus` is a seat id, or None to follow the speaker.

    `seats` pins seats to panes: the n-th is shown in pane n whoever comes or goes, None leaves a pane to the others.
    More points than panes are paged: `page` counts from 0 and wraps; with `rotate` it turns by itself every so many
    seconds. `empty` shows a card in a pane nobody takes. `title` and `clock` add a line above the panes.
    """

    kind: LayoutKind = "grid"
    focus: str | None = None
    seats: tuple[str | None, ...] = ()
    page: int = 0
    rotate: int = 0
    empty: bool = False
    title: bool = False
    clock: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionQuality:
    """How the line of a connected seat is: shares lost lately (0 to 1) on the way to us (`up`) and from us (`down`).

    `jitter` (RFC 3550 §6.4.1, of what we send) and `round_trip` are in seconds.
    """

    up: float
    down: float
    jitter: float
    round_trip: float


@dataclass(frozen=True, slots=True)
class SeatState:
    """A seat as an engine holds it.

    `options` say floor, gain, view and lines as they are now; `offered` whether it has a transport, `up` whether that
    is connected, `wanted` how many lines of its camera are looked at.
    """

    options: SeatOptions
    offered: bool
    up: bool
    wanted: int


@dataclass(frozen=True, slots=True)
class RoomState:
    """A room as an engine holds it, for a server that did not open it.

    `layouts` are those that were set, by audience; `content` is who shares a screen, `speaking` the loudest seat;
    `recording` is the path that is recorded into, `voices` whether the sound of each point is kept beside it.
    """

    options: RoomOptions
    seats: tuple[SeatState, ...]
    layouts: Mapping[str, Layout]
    content: str | None = None
    speaking: str | None = None
    recording: str | None = None
    paused: bool = False
    voices: bool = False


@dataclass(frozen=True, slots=True)
class PeerUp:
    """The transport of a seat is connected: media can flow."""

    room: str
    seat: str


@dataclass(frozen=True, slots=True)
class PeerDown:
    """The transport of a seat is gone (`reason`: "silent", "closed", "failed"); the seat itself stays."""

    room: str
    seat: str
    reason: str


@dataclass(frozen=True, slots=True)
class Speaking:
    """The loudest seat changed; None when nobody speaks."""

    room: str
    seat: str | None


@dataclass(frozen=True, slots=True)
class Levels:
    """How loud those are who have the floor and are heard: whole dBov by seat (RFC 6464), gain included.

    Told at most five times in a second, and only what is new.
    """

    room: str
    levels: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CameraWanted:
    """So many lines of a seat's camera are looked at; its layers above the smallest that has them can rest."""

    room: str
    seat: str
    lines: int


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """A recording goes on no longer, for `error`; :class:`RecordingEnded` follows once its disk lets go of the file."""

    room: str
    path: str
    error: str


@dataclass(frozen=True, slots=True)
class RecordingEnded:
    """A recording was closed. `error` is a machine word such as "disk-full" when it ended by itself or is not whole;
    :data:`INTERRUPTED` when its room was given up."""

    room: str
    path: str
    seconds: float
    error: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """What an engine holds, for a server that did not begin it.

    `rooms` are open (:meth:`MediaEngine.room_state` says more of each); `writing` are the files that are recorded into
    or being closed, each with its room, which may be closed already; `ended` are recordings whose end no server has
    noted (:meth:`MediaEngine.noted`).
    """

    rooms: tuple[str, ...] = ()
    writing: Mapping[str, str] = field(default_factory=dict)
    ended: tuple[RecordingEnded, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineLost:
    """The process behind the engine died with its rooms; they must be opened again once :class:`EngineReady` comes."""


@dataclass(frozen=True, slots=True)
class EngineReady:
    """The process behind the engine was restarted and takes rooms."""


Event = (
    PeerUp | PeerDown | Speaking | Levels | CameraWanted | RecordingFailed | RecordingEnded | EngineLost | EngineReady
)


class MediaEngine(Protocol):
    """Rooms full of packets. Unknown rooms and seats raise :class:`mediaserver.errors.UnknownRoom` / ``UnknownSeat``.

    A lost process raises :class:`mediaserver.errors.EngineGone` from every call until it is back.
    """

    async def open_room(self, room: str, options: RoomOptions) -> None:
        """Open a room; opening an open room changes nothing."""

    async def close_room(self, room: str) -> None:
        """Close a room with all its peers and its recording; closing an unknown room changes nothing."""

    async def set_names(self, room: str, title: str, names: Mapping[str, str]) -> None:
        """Change the meeting's title, and the names of those who may be pinned while they are away."""

    async def add_seat(self, room: str, options: SeatOptions) -> None:
        """Seat a leg, which has no transport yet, or make of a seated one what `options` say."""

    async def remove_seat(self, room: str, seat: str) -> None:
        """Remove a leg and close its transport; removing an unknown seat changes nothing."""

    async def connect(self, room: str, seat: str, offer: str, plain: bool = False) -> str:
        """Answer an SDP offer for a seat, replacing its previous transport; floor and view stay.

        `plain` says that a room system may offer, in plain RTP: it is sent media at once, wherever it wants it, and
        :class:`PeerUp` comes with the answer. A browser's offer must never be taken so: what it names proves nothing.
        Raises :class:`mediaserver.errors.NoPortFree` when all ports for room systems are taken.
        Raises :class:`mediaserver.errors.BadOffer` when the offer is malformed, larger than 64 KiB, has too many
        m-lines, or shares no codec with us.
        """

    async def invite(self, room: str, seat: str, host: str = "") -> str:
        """An SDP offer to call a room system with, replacing the seat's previous transport; :meth:`accept` follows.

        The offer names that of our addresses from which the way to its `host` (an IP address) begins, else the first.
        The ports in it are held until then, or until the seat is removed or connected otherwise. Raises
        :class:`mediaserver.errors.NoPortFree` when all are taken.
        """

    async def accept(self, room: str, seat: str, answer: str) -> None:
        """Take a room system's answer to what :meth:`invite` offered; media flows, :class:`PeerUp` comes.

        Raises :class:`mediaserver.errors.BadOffer` when it cannot be used, or nothing was offered.
        """

    async def refresh_picture(self, room: str, seat: str) -> None:
        """Send a seat a key frame: it lost its picture, and said so in another way than by RTCP (RFC 5168)."""

    async def set_floor(self, room: str, seat: str, open_: bool) -> None:
        """Open or close the floor of a seat: closed, none of its audio is decoded, mixed, recorded or forwarded."""

    async def set_gain(self, room: str, seat: str, decibels: float) -> None:
        """Make the voice of a seat louder or softer for everyone who hears it; 0 leaves it as it comes."""

    async def set_layout(self, room: str, layout: Layout | None, audience: str = EVERYONE) -> None:
        """Change the picture composed for an audience, without a gap; None: it sees again what everyone sees.

        Who gets a layout that is shown shares its picture; one that nobody watches is not made.
        """

    async def set_content(self, room: str, seat: str | None) -> None:
        """Choose whose shared screen is the room's content, which ``content`` panes show. None: nobody's."""

    async def set_view(self, room: str, seat: str, source: str, lines: int = 0) -> None:
        """Choose what a seat sees: :data:`COMPOSED`, ``composed:<audience>``, ``camera:<seat>``, or :data:`CONTENT`.

        A camera or screen is forwarded, nothing is decoded or encoded. A display whose `lines` are nearer
        to the larger picture than to the room's gets that when its line carries it.
        """

    async def start_recording(self, room: str, path: str) -> None:
        """Record the mix and what the audience :data:`RECORDING` sees into a fragmented mp4 at `path`.

        Recording already is an error. Raises :class:`mediaserver.errors.CannotRecord` where that folder is not seen.
        """

    async def pause_recording(self, room: str, paused: bool) -> None:
        """Leave out what happens from now on, or go on in the same file: its time leaves no gap.

        Nothing happens when none runs.
        """

    async def record_voices(self, room: str, on: bool) -> None:
        """Keep the sound of each point that is mixed in a file of its own beside the recording, or no longer.

        Nothing happens when none runs; the next recording begins without.
        """

    async def recorded(self, room: str) -> float | None:
        """How many seconds the recording has so far, which is where a mark belongs; None when none runs."""

    async def stop_recording(self, room: str) -> None:
        """Take no more into the recording. Nothing happens when none runs.

        :class:`RecordingEnded` follows once the file is closed, which a disk may take long for.
        """

    async def lines(self, room: str) -> Mapping[str, ConnectionQuality]:
        """How the line of each connected seat of a room is."""

    async def held(self) -> Held:
        """What a server that takes over has to ask for, or to note."""

    async def room_state(self, room: str) -> RoomState:
        """What a server that takes over has to know of a room.

        Raises :class:`mediaserver.errors.TooLarge` for one of more than 1 MiB of JSON: some thousand seats.
        """

    async def noted(self, path: str) -> None:
        """The end of the recording into `path` is on a server's disk: no later one is told of it."""

    async def stats(self) -> dict[str, object]:
        """Counters since start: ``rooms``, ``peers``, ``packets_in``, ``packets_out``, ``bytes_in``, ``bytes_out`` …"""

    def events(self) -> AsyncIterator[Event]:
        """What happened, in order. One reader only."""

    async def close(self) -> None:
        """Close every room and release sockets, threads and processes."""
