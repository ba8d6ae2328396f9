"""Control API of the media engine: every command the server may give, every event that comes back, and their values.

A *room* is a meeting as packets. A *seat* is one leg in it (one browser, one room system), known here by an opaque id
and the label to draw into its tile. Commands go down as calls of :class:`MediaEngine`; events come up from
:meth:`MediaEngine.events`. All arguments and results are frozen dataclasses of plain values, so they survive JSON.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

LayoutKind = Literal[
    "grid", "speaker", "single", "lecture", "side-by-side", "content", "panorama",
    "1+5", "1+7", "1+9", "1+12", "1+33", "2+8", "2+21", "3+4",
    "2x2", "3x3", "4x4", "5x5", "6x6", "7x7", "8x8",
]  # fmt: skip
"""The panes of each kind are drawn in :mod:`mediaserver.video.layout_plans`."""

CONTENT = "content"
"""The source id of the shared screen; its tile is ``content:<seat>``."""

COMPOSED = "composed"
"""The source id of the picture composed for a seat's audience; ``composed:<audience>`` is that of another audience.

Every other source id but :data:`CONTENT` is ``camera:<seat>``.
"""

RTP_PORTS: Final = range(40_100, 42_100)
"""Ports for room systems, eight each: RTP and RTCP of audio, video and slides, and floor control by UDP or TCP. All 250
points may be room systems."""

MAX_KEPT, MAX_KEPT_TEXT = 1000, 200
"""Most texts that an engine keeps for later servers, and most letters of a name and of a text."""
TOP_HEIGHT: Final = 720
"""Height in pixels of the largest layer that a camera is asked for."""

ENDS: Final = 256
"""Number of ended recordings, the latest, that a worker remembers until a server acknowledged them. Without a server no
recording starts."""
INTERRUPTED: Final = "interrupted"
"""The error of a recording that ended unintentionally and is to continue in its next part."""

Prompt = Literal["enter-code", "wrong-code", "not-open", "tone"]
"""Texts that room systems can be told, in Vietnamese and English; a tone of two seconds."""

ComposedWhen = Literal["live", "afterwards"]
"""When the picture of a recording is composed: while it is recorded, or from its tracks once it is closed."""

EVERYONE: Final = "everyone"
HOST: Final = "host"
"""The audience of the host's point. Another MCU in it is the system above, which hosts the session."""
RECORDING: Final = "recording"
"""The recorder's audience. Every audience sees what everyone sees until it has a layout of its own."""
MAX_DIGITS: Final = 64
"""DTMF digits and pauses that are sent in one go."""
MAX_OVERLAYS: Final = 8
"""Different overlays that a room shows at once: each costs a composed picture of its own."""
PART_OF: Final[Mapping[str, str]] = {"systems": "components"}
"""Audiences that until then see what another audience sees: room systems are components."""


@dataclass(frozen=True, slots=True)
class RoomOptions:
    """Options of a room: its composed picture, in pixels and frames per second, and the meeting's title.

    A speaker keeps the picture for `hold_s` seconds after their last sound, and a louder voice waits as long.
    """

    width: int = 1280
    height: int = 720
    fps: int = 25
    title: str = ""
    hold_s: float = 1.5
    mixed: int = 5
    """Number of voices, the loudest, that are mixed at once: more are noise to the ear, and each needs a mix of its
    own."""
    echo_s: float = 0.0
    """Seconds after which a speaker hears themselves, and nobody else, in a room for trying devices; 0 in a meeting."""
    recorded: bool = False
    """Whether it will be recorded: it is then best placed with a worker that sees the folder of the recordings."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Names of points that may be pinned while they are absent, by id, for their empty cards."""


@dataclass(frozen=True, slots=True)
class SeatOptions:
    """Options of one seat.

    `label` is drawn into its tile: the registered name, then a part behind " · " that is left out where room is short.
    `visible` says whether it has a tile (observers have none), `audience` whose picture it sees. Floor, gain in dB,
    view and lines (the display's height in pixels) are those that the calls of the same names set.
    """

    seat: str
    label: str
    visible: bool = True
    audience: str = EVERYONE
    floor: bool = False
    gain: float = 0.0
    view: str = COMPOSED
    lines: int = 0
    one_picture: bool = False
    """Whether somebody chose that it gets the composed picture, also where it could draw the layout itself."""
    camera: bool = True
    """Whether its camera may be seen; else its tile is a card with its name, whatever it sends."""
    sees_itself: bool = True
    """Whether its own camera and screen may stand in the pictures that it is sent: another MCU would send them back."""
    worker: str = ""
    """The media worker that has its transport, where the room is shared with that; empty for this one."""


@dataclass(frozen=True, slots=True)
class PipeEnd:
    """One end of a pipe between two media workers: the other one receives at `host` and `port`, what is sent leaves
    from the address `local`. The keys of SRTP with their salts (AEAD_AES_128_GCM), by which packets are `sent` and
    `received`, are in hexadecimal digits."""

    local: str
    host: str
    port: int
    sent: str = field(repr=False)
    received: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pipes:
    """The id by which other workers know an engine, the addresses and ports at which it receives what comes by pipes,
    and the ids of the workers to which it has one."""

    id: str = ""
    addresses: tuple[tuple[str, int], ...] = ()
    workers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a composed picture. `focus` is a seat id, or None to follow the speaker.

    `seats` pins seats to panes: the n-th is always shown in pane n; None leaves a pane to the others. More points than
    panes are paged: `page` counts from 0 and wraps; with `rotate` it turns by itself every so many seconds. `empty`
    shows a card in a pane that nobody takes. `title` and `clock` add a line above the panes.
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
    """Connection quality of a seat: shares of packets lost lately (0 to 1) on the way to us (`up`) and from us
    (`down`).

    `jitter` (RFC 3550 §6.4.1, of the media we send) and `round_trip` are in seconds.
    """

    up: float
    down: float
    jitter: float
    round_trip: float
    tcp: bool = False
    """Whether media go by a TCP connection, since UDP does not pass."""
    received: int = 0
    sent: int = 0
    """What comes from it and what it is sent, in bit/s with headers, retransmissions left out; the mean of some
    seconds."""
    camera: int = 0
    """Height in pixels of the largest layer of its camera that comes, counted as if the camera had
    :data:`TOP_HEIGHT`; 0: none comes."""
    step: int = 0
    most: int = 0
    """The step of quality in which it is sent pictures (:mod:`mediaserver.video.quality`), and the highest one that its
    display or its own limits ask for; -1: no pictures."""
    limited: bool = False
    """Whether it is a room system that takes less than the room's usual picture, by its description or its limit."""
    late: float = 0.0
    """By how many seconds the ticks of sound of its media worker begin late, in the mean of the last second."""


@dataclass(frozen=True, slots=True)
class ProbeTarget:
    """Addresses at which a media worker answers checks of browsers that are in no meeting, by UDP and by TCP, and ICE
    credentials."""

    fragment: str
    password: str
    addresses: tuple[tuple[str, int], ...]
    tcp: tuple[tuple[str, int], ...] = ()


CameraAxis = Literal["pan", "tilt", "zoom", "focus"]
CAMERA_HOLD_S: Final = 1.0
"""Seconds for which a room's camera goes on moving after the last command to move it."""


@dataclass(frozen=True, slots=True)
class CameraMovement:
    """A movement of a room's camera (H.281): along each axis -1 (left, down, out), 0, or 1 (right, up, in)."""

    pan: int = 0
    tilt: int = 0
    zoom: int = 0
    focus: int = 0


@dataclass(frozen=True, slots=True)
class CameraSource:
    """A video source of a room system, by its number in H.281.

    1 is the main camera, 2 an auxiliary one, 3 the document camera, 4 an auxiliary document camera, 5 a player; those
    from 6 on are known by their `name`.
    """

    number: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class CameraControl:
    """The controllable parts of a room system's camera: axes, and `presets` stored positions, counted from 0.

    `sources` are what its picture can come from where there are several, and `source` the number of the one it comes
    from, along whose axes it moves.
    """

    axes: tuple[CameraAxis, ...]
    presets: int = 0
    sources: tuple[CameraSource, ...] = ()
    source: int = 0


@dataclass(frozen=True, slots=True)
class SeatState:
    """The state of a seat in an engine.

    `options` have floor, gain, view and lines as they are now; `offered` says whether it has a transport, `up` whether
    that is connected, `wanted` is the height in pixels at which its camera is watched, `control` what can be controlled
    of that.
    """

    options: SeatOptions
    offered: bool
    up: bool
    wanted: int
    control: CameraControl | None = None


@dataclass(frozen=True, slots=True)
class RoomState:
    """The state of a room in an engine, for a server that did not open it.

    `layouts` are those that were set, by audience; `content` is the seat that shares a screen, `speaking` the loudest
    seat; `recording` is the path that is recorded into, `composed` says when its picture is composed, `voices` whether
    isolated tracks are recorded, `captions` whether speech is recognized.
    """

    options: RoomOptions
    seats: tuple[SeatState, ...]
    layouts: Mapping[str, Layout]
    content: str | None = None
    speaking: str | None = None
    recording: str | None = None
    paused: bool = False
    voices: bool = False
    composed: ComposedWhen = "live"
    captions: bool = False
    workers: tuple[str, ...] = ()
    """The other workers with which it is shared."""
    home: str = ""
    """The one of them that records it, empty for this one."""


@dataclass(frozen=True, slots=True)
class Descriptions:
    """The newest session descriptions (SDP) of a room system's call: `ours` and `theirs`."""

    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class StreamReport:
    """Counters of the m-line of a room system's sound or picture since the call began.

    `received`, `sent` count packets, `lost` those on the way to us that are missing, `lost_there` those of ours that it
    reported as lost (RFC 3550 §6.4.1), None where it reported nothing. Codecs are empty while nothing comes, or goes.
    `named` is the address and port where it wants its RTP, `source` the one from which its own comes; "" for none.
    """

    received_codec: str = ""
    received: int = 0
    received_octets: int = 0
    lost: int = 0
    sent_codec: str = ""
    sent: int = 0
    lost_there: int | None = None
    named: str = ""
    source: str = ""
    width: int = 0
    height: int = 0
    """Of its pictures, in pixels; 0 while unknown."""
    pictures: int = 0
    keyframes: int = 0
    """Pictures that came, and how many of them were key frames."""
    keyframe_after: float | None = None
    """Seconds after which a key frame came that :meth:`MediaEngine.try_keyframe` asked for; None: none has come."""
    sent_width: int = 0
    sent_height: int = 0
    """Of the pictures that we send it, in pixels; 0 while none go."""
    sent_pictures: int = 0
    """Pictures that we sent."""


@dataclass(frozen=True, slots=True)
class CallReport:
    """Counters of a room system's call over the `seconds` since it began; None for an m-line that it does not use.

    `round_trip` is in seconds, None where its reports tell none.
    """

    seconds: float
    sound: StreamReport | None
    picture: StreamReport | None
    round_trip: float | None


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
    """The loudness of everyone who has the floor and is heard: whole dBov by seat (RFC 6464), gain included.

    Sent at most five times in a second, and only when it changed.
    """

    room: str
    levels: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Caption:
    """An utterance of a seat as far as it is heard now.

    The same `utterance` comes again, with more words or others, until it is `final`. Its `start` and `end` are seconds
    since the room was opened.
    """

    room: str
    seat: str
    utterance: str
    text: str
    start: float
    end: float
    final: bool


FloorTransport = Literal["off", "UDP", "TCP"]
"""How our offers carry the floor control of slides; `off`: they have none."""
KeyAgreement = Literal["SDES", "DTLS"]


@dataclass(frozen=True, slots=True)
class SipLimits:
    """The most that a room system is offered, and that it is sent.

    Audio codecs and packetization modes of H.264 (RFC 6184), best first each; the level of its camera's pictures in
    tenths (RFC 6184 §8.1). `bitrate` is what the picture takes in bit/s, either way, and `slides` what its slides take;
    None: what its own description says. `camera_control` says whether its camera may be moved
    (:meth:`MediaEngine.move_camera`). `keys` says how our offers agree on the keys of SRTP: in the description (SDES,
    RFC 4568), or by DTLS (RFC 5764). `token` says whether its slides have the presentation token of H.239 instead
    of BFCP: then :class:`FloorDecided` says what its call has to tell it. `bfcp` says how our offers carry BFCP, or
    that they have no slides; `bfcp_version` is the newest version that they name by UDP. `high` says whether profile
    High of H.264 is described behind baseline: it is for the picture that we send.
    """

    sounds: Sequence[str] = ("G722", "opus", "PCMA", "PCMU")
    modes: Sequence[int] = (1, 0)
    level: int = 31
    bitrate: int = 1_100_000
    slides: int | None = None
    camera_control: bool = False
    keys: KeyAgreement = "SDES"
    token: bool = False
    bfcp: FloorTransport = "UDP"
    bfcp_version: int = 2
    high: bool = False


EVERYTHING: Final = SipLimits()
Encryption = Literal["off", "wished", "demanded"]
"""Whether a room system's media are encrypted: never, where it does it, or else there is no call."""

CaptionWord = Literal["on", "behind", "away"]
"""How captions are: complete, incomplete since the recognizer is late, or none since it is not running."""


@dataclass(frozen=True, slots=True)
class CaptionsState:
    """The captions of a room are `word` from now on."""

    room: str
    word: CaptionWord


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """A room system sent a DTMF digit in its RTP (RFC 4733): one of ``0123456789*#ABCD``."""

    room: str
    seat: str
    digit: str


@dataclass(frozen=True, slots=True)
class ShareAsked:
    """A room system asks to show its slides as the shared screen, or ends that (RFC 8855).

    :meth:`MediaEngine.set_content` grants it, :meth:`MediaEngine.refuse_share` refuses it; until then it waits.
    """

    room: str
    seat: str
    on: bool


FloorDecision = Literal["granted", "other", "nobody", "refused"]
"""Whose slides a room system is shown: its own, another's, nobody's; or that its own are refused."""


@dataclass(frozen=True, slots=True)
class FloorDecided:
    """A decision on slides that a room system has to be told by its call, as it has the token of H.239."""

    room: str
    seat: str
    decision: FloorDecision


@dataclass(frozen=True, slots=True)
class MediaElsewhere:
    """Sound or picture of a room system came from `host` though `expected` was: `taken` from now on, or dropped."""

    room: str
    seat: str
    host: str
    expected: str
    taken: bool


@dataclass(frozen=True, slots=True)
class KeyframeWanted:
    """A key frame of a room system's camera, or of its slides, is wanted, and its description names no RTCP by which to
    ask for it."""

    room: str
    seat: str
    slides: bool = False


@dataclass(frozen=True, slots=True)
class CameraControllable:
    """The camera of a room system can be controlled so from now on; None: not at all."""

    room: str
    seat: str
    control: CameraControl | None


@dataclass(frozen=True, slots=True)
class CameraWanted:
    """A seat's camera is watched at a height of `lines` pixels; layers larger than the smallest sufficient one may
    rest."""

    room: str
    seat: str
    lines: int


TileIcon = Literal["floor", "mic", "sound", "poor"]
"""An icon in a tile: its floor is open and its microphone off, its microphone is open, it is the active speaker, or its
connection loses many packets."""


@dataclass(frozen=True, slots=True)
class ForwardedTile:
    """One tile of a layout that a viewer's page draws itself: a rectangle in pixels of the room's picture.

    `tile` is a seat, ``content:<seat>`` for a shared screen, or "" for an empty pane; `label` is its name (an empty
    pane's: of the absent point that is pinned there). `mid` names the m-line whose video belongs in it (RFC 9143); it
    is None where nothing is forwarded: the viewer's own camera, which its page has, and cameras that send nothing.

    `text` is what the composed picture writes of the name there, in `letters` of so many pixels: in a bar over the
    video behind the `icons`, else in the middle of a card. `bar` is the size of icons in the bar. `since` is the RTP
    timestamp with which the video begins in its m-line: what comes before is another camera. `delay` are the
    milliseconds by which its voice is held back in the mix, and its pictures must be on the page.
    """

    tile: str
    mid: str | None
    x: int
    y: int
    width: int
    height: int
    label: str
    text: str
    letters: int
    bar: int
    icons: tuple[TileIcon, ...] = ()
    since: int | None = None
    delay: int = 0


@dataclass(frozen=True, slots=True)
class TilesForwarded:
    """The arrangement of the cameras that a seat is forwarded one by one, instead of the composed picture.

    Empty `tiles`: the seat gets one picture again, in its first m-line that receives video. `width` and `height` are
    those of the room's picture. `title` and `clock` stand in a line above the panes, `heading` pixels high.
    """

    room: str
    seat: str
    tiles: tuple[ForwardedTile, ...] = ()
    width: int = 0
    height: int = 0
    heading: int = 0
    title: str = ""
    clock: bool = False


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """A recording stopped because of `error`; :class:`RecordingEnded` follows once its file is closed."""

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
    """The rooms and files that an engine holds, for a server that did not begin them.

    `rooms` are open (:meth:`MediaEngine.room_state` says more of each); `writing` are the files that are recorded into
    or being closed, each with its room, which may be closed already; `ended` are recordings whose end no server has
    acknowledged (:meth:`MediaEngine.noted`); `kept` are the texts that a server gave it to keep
    (:meth:`MediaEngine.keep`).
    """

    rooms: tuple[str, ...] = ()
    writing: Mapping[str, str] = field(default_factory=dict)
    ended: tuple[RecordingEnded, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EngineLost:
    """The process behind the engine died with its rooms; they must be opened again once :class:`EngineReady` comes."""


@dataclass(frozen=True, slots=True)
class EngineReady:
    """The process behind the engine was restarted and takes rooms."""


Event = (
    PeerUp
    | PeerDown
    | Speaking
    | Levels
    | Caption
    | CaptionsState
    | CameraWanted
    | DigitPressed
    | ShareAsked
    | FloorDecided
    | MediaElsewhere
    | KeyframeWanted
    | CameraControllable
    | TilesForwarded
    | RecordingFailed
    | RecordingEnded
    | EngineLost
    | EngineReady
)


class MediaEngine(Protocol):
    """A media engine. Unknown rooms and seats raise :class:`mediaserver.errors.UnknownRoom` / ``UnknownSeat``.

    While its process is lost, every call raises :class:`mediaserver.errors.EngineGone`.
    """

    async def open_room(self, room: str, options: RoomOptions) -> None:
        """Open a room; opening an open room changes nothing."""

    async def close_room(self, room: str) -> None:
        """Close a room with all its peers and its recording; closing an unknown room changes nothing."""

    async def pipes(self) -> Pipes:
        """Return where pipes end here, and to which workers there are some."""

    async def open_pipe(self, worker: str, end: PipeEnd) -> None:
        """Open our end of a pipe to another worker, by its id, in place of one that leads there.

        Raises :class:`mediaserver.errors.NoPipe` where it cannot be opened so.
        """

    async def close_pipe(self, worker: str) -> None:
        """Close the pipe to another worker; closing an unknown one changes nothing."""

    async def share_room(self, room: str, workers: Sequence[str], home: str = "") -> None:
        """Share a room with other workers that have it open under the same name, by the pipes to them.

        Seats with the transport at one of them (:attr:`SeatOptions.worker`) are seen and heard from there. `home` is
        the one that records it, empty for this one.
        """

    async def set_names(self, room: str, title: str, names: Mapping[str, str]) -> None:
        """Change the meeting's title, and the names of points that may be pinned while they are absent."""

    async def add_seat(self, room: str, options: SeatOptions) -> None:
        """Add a seat, which has no transport yet, or change the options of one that exists."""

    async def remove_seat(self, room: str, seat: str) -> None:
        """Remove a seat and close its transport; removing an unknown seat changes nothing."""

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
        """Answer an SDP offer for a seat and replace its previous transport; floor and view stay.

        `plain` allows an offer by a room system: media is sent at once to the address it names, and :class:`PeerUp`
        comes with the answer. A browser's offer must never be taken so: the address in it proves nothing.
        `encryption` holds for the whole call; keys travel in offer and answer (RFC 4568). Where nothing comes from the
        address in the offer, media are taken from `media_hosts` (IP addresses), too; :class:`MediaElsewhere` tells.

        Raises :class:`mediaserver.errors.NotEncrypted` when the offer does not allow what `encryption` demands, and
        :class:`mediaserver.errors.NoPortFree` when all ports for room systems are taken. Raises
        :class:`mediaserver.errors.BadOffer` when the offer is malformed, larger than 128 KiB, has more than 64 m-lines,
        or shares no codec with us.
        """

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
        """Return an SDP offer to call a room system with, and replace the seat's previous transport; :meth:`accept`
        follows.

        A `simple` offer leaves out what old systems refuse, wished encryption as well; none has more than `limits`.
        The offer names that of our addresses from which the route to `host` (an IP address) leaves, else the first.
        The ports in it are held until then, or until the seat is removed or connected otherwise. `media_hosts`
        are those of :meth:`connect`. Raises
        :class:`mediaserver.errors.NoPortFree` when all are taken.
        """

    async def accept(self, room: str, seat: str, answer: str) -> None:
        """Take a room system's answer to the offer of :meth:`invite`; media flows, :class:`PeerUp` comes. Or take its
        answer to that of :meth:`reoffer`.

        Raises :class:`mediaserver.errors.BadOffer` when it cannot be used, or nothing was offered.
        """

    async def renegotiate(self, room: str, seat: str, offer: str) -> str:
        """Answer an offer within the call of a room system (RFC 3264 §8): hold, other ports, a picture more or less.

        On hold its sound and picture are neither sent nor taken, and silence ends the call after an hour only. Raises
        :class:`mediaserver.errors.BadOffer` when the offer cannot be used or there is no call, and
        :class:`mediaserver.errors.NoPortFree`; the call then stays as it was.
        """

    async def reoffer(self, room: str, seat: str) -> str:
        """Return an offer of what a call uses, for a room system that asked for one (RFC 3261 §14.2).

        :meth:`accept` may follow; until then the call stays as it is. Raises :class:`mediaserver.errors.BadOffer` when
        there is no call.
        """

    async def refresh_picture(self, room: str, seat: str, *, slides: bool = False) -> None:
        """Send a key frame of its picture, or of others' slides, to a seat that lost it and said so in another way than
        by RTCP (RFC 5168)."""

    async def descriptions(self, room: str, seat: str) -> Descriptions:
        """Return the session descriptions of a room system's call, to move it. Raises
        :class:`mediaserver.errors.BadOffer` when there is no call."""

    async def move_in(
        self,
        room: str,
        seat: str,
        descriptions: Descriptions,
        encryption: Encryption = "off",
        media_hosts: Sequence[str] = (),
        limits: SipLimits = EVERYTHING,
    ) -> str:
        """Return an offer that moves the call of a room system from another room, maybe of another worker, to this
        seat: the same m-lines, and our ports here (RFC 3264 §8).

        :meth:`accept` follows; until then the call goes on where it was. Raises
        :class:`mediaserver.errors.BadOffer` and :class:`mediaserver.errors.NoPortFree`.
        """

    async def try_keyframe(self, room: str, seat: str) -> None:
        """Request a key frame of a room system's camera, whether one is needed or not, to learn when it comes. Raises
        :class:`mediaserver.errors.BadOffer` when there is no call."""

    async def call_report(self, room: str, seat: str) -> CallReport:
        """Return what a room system's call carried so far. Raises :class:`mediaserver.errors.BadOffer` when there is no
        call."""

    async def play_prompt(self, room: str, seat: str, prompt: Prompt) -> None:
        """Speak a prompt to a room system, in place of the mix. Raises :class:`mediaserver.errors.BadOffer` when there
        is no call."""

    async def send_digits(self, room: str, seat: str, digits: str) -> bool:
        """Send DTMF digits to a room system as telephone events (RFC 4733), each in place of the mix; a comma is a
        second's pause.

        Return False where its session has no telephone events, and nothing is sent. Raises
        :class:`mediaserver.errors.BadOffer` when there is no call or these are no digits, or more than
        :data:`MAX_DIGITS`.
        """

    async def move_camera(self, room: str, seat: str, movement: CameraMovement) -> None:
        """Move the camera of a room system for :data:`CAMERA_HOLD_S`, and on when it is commanded again; a movement of
        nothing stops it. Nothing happens where :class:`CameraControllable` says that it cannot be controlled."""

    async def use_camera_preset(self, room: str, seat: str, preset: int, store: bool) -> None:
        """Move the camera of a room system to a stored position, or store its position there; nothing happens where it
        has no such preset."""

    async def select_camera_source(self, room: str, seat: str, number: int) -> None:
        """Let the picture of a room system come from another of its video sources; nothing happens where it has no such
        source."""

    async def show_overlay(self, room: str, seat: str, text: str, seconds: float) -> None:
        """Write lines of text over the composed picture that a seat sees, for so many seconds; empty text ends that.

        Seats that are shown the same share a picture; beyond :data:`MAX_OVERLAYS` different ones nothing is shown. It
        ends when the seat is given another view.
        """

    async def set_floor(self, room: str, seat: str, open_: bool) -> None:
        """Open or close the floor of a seat. With a closed floor, none of its audio is decoded, mixed, recorded or
        forwarded."""

    async def set_gain(self, room: str, seat: str, decibels: float) -> None:
        """Set the gain in dB of a seat's voice for everyone who hears it; 0 leaves it unchanged."""

    async def set_layout(self, room: str, layout: Layout | None, audience: str = EVERYONE) -> None:
        """Change the picture composed for an audience, without a gap; with None it sees again what everyone sees.

        An audience whose layout is already composed shares that picture; one that nobody watches is not composed.
        """

    async def set_content(self, room: str, seat: str | None) -> None:
        """Choose the seat whose shared screen is the room's content, which ``content`` panes show; None: nobody's.

        Room systems with a second picture get that of others as slides, and are told by BFCP whose is shown.
        """

    async def refuse_share(self, room: str, seat: str) -> None:
        """Refuse a room system to show its slides (:class:`ShareAsked`); nothing happens where it does not ask."""

    async def set_view(self, room: str, seat: str, source: str, lines: int = 0) -> None:
        """Choose the source that a seat sees: :data:`COMPOSED`, ``composed:<audience>``, ``camera:<seat>``, or
        :data:`CONTENT`.

        A camera or screen is forwarded; nothing is decoded or encoded. `lines` is the height in pixels of the seat's
        display. If that is nearer to the larger picture than to the room's, the seat gets the larger one when its
        connection carries it.

        A seat whose offer has several m-lines that receive video is forwarded the cameras of the composed picture's
        tiles instead, where its connection and decoder allow. Each change of them is followed by
        :class:`TilesForwarded`, and so is each call of this.
        """

    async def start_recording(self, room: str, path: str, composed: ComposedWhen = "live") -> None:
        """Record the mix and the picture of the audience :data:`RECORDING` into a fragmented mp4 at `path`.

        A recording that is `composed` afterwards is kept as tracks instead, in a file beside `path`: the mix, the
        cameras and screens of that picture as they come, and what stands in it
        (:mod:`mediaserver.recording.track_file`). :mod:`mediaserver.recording.track_composer` makes the file at `path`
        of them.

        Recording already is an error. Raises :class:`mediaserver.errors.CannotRecord` where that folder is not seen.
        """

    async def pause_recording(self, room: str, paused: bool) -> None:
        """Pause the recording, or resume it in the same file: the pause leaves no gap.

        Nothing happens when no recording runs.
        """

    async def record_voices(self, room: str, on: bool) -> None:
        """Start or stop recording the sound of each mixed point in a file of its own beside the recording.

        Nothing happens when no recording runs; the next recording begins without.
        """

    async def recorded(self, room: str) -> float | None:
        """Return the seconds recorded so far, which is where a chapter mark belongs; None when no recording runs."""

    async def stop_recording(self, room: str) -> None:
        """Stop the recording. Nothing happens when none runs.

        :class:`RecordingEnded` follows once the file is closed, which may take a disk long.
        """

    async def set_captions(self, room: str, model: str | None) -> None:
        """Recognize the speech of those who are heard, by the model in a folder of the worker's machine; None: stop.

        :class:`CaptionsState` follows, and whenever it changes, and a :class:`Caption` for what is heard.
        """

    async def lines(self, room: str) -> Mapping[str, ConnectionQuality]:
        """Return the connection quality of each connected seat of a room."""

    async def held(self) -> Held:
        """Return the rooms, files and ends that a server that takes over has to ask for or to acknowledge."""

    async def room_state(self, room: str) -> RoomState:
        """Return the state of a room for a server that takes over.

        Raises :class:`mediaserver.errors.TooLarge` for one of more than 1 MiB of JSON: some thousand seats.
        """

    async def noted(self, path: str) -> None:
        """Acknowledge that the end of the recording into `path` is stored: no later server is told of it."""

    async def keep(self, name: str, text: str) -> None:
        """Keep a text under a name for later servers, in memory alone; empty: forget it.

        Raises :class:`mediaserver.errors.TooLarge` for more than `MAX_KEPT_TEXT` letters or `MAX_KEPT` names.
        """

    async def probe(self) -> ProbeTarget:
        """Answer connectivity checks for ten seconds, also without rooms; return where, and their credentials."""

    async def stats(self) -> dict[str, object]:
        """Return counters since start: ``rooms``, ``peers``, ``packets_in``, ``packets_out``, ``bytes_in``,
        ``bytes_out`` …"""

    def events(self) -> AsyncIterator[Event]:
        """Yield events in order. One reader only."""

    async def close(self) -> None:
        """Close every room and release sockets, threads and processes."""
