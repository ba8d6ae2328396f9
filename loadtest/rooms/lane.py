"""A lane places one call after the other: a meeting of its own, a browser-like host in it, and one room system.

The host sends a card of one colour and a tone, the room system a blue picture and another tone. A call passes when
either side saw the other's colour and heard the other's tone, in this call.
"""

import asyncio
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.participant import Participant
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.load import procfs
from loadtest.media.clip import Codec
from loadtest.media.library import MediaLibrary
from loadtest.media.perception import Colour, Lasting, Rgb, hears, sees
from loadtest.media.picture import colour
from loadtest.media.text_card import likeness, number_of, text_card
from loadtest.media.tone import RATE_HZ, tone_hz
from loadtest.rooms.arrivals import Arrivals, watch_arrivals
from loadtest.rooms.baresip_room import BaresipRoom
from loadtest.rooms.certificates import RoomCertificates
from loadtest.rooms.h323_room import H323Room
from loadtest.rooms.host_decoder import HostDecoder
from loadtest.rooms.keyframes import KeyframeTimes, time_to_keyframe
from loadtest.rooms.lossy_line import LossyLine
from loadtest.rooms.plain_media import FULL_HD_SIZE, PERIOD, SIZE, SLIDES_TEXT, PlainMedia, slides_clip
from loadtest.rooms.room import Room, RoomFailed
from loadtest.rooms.sipp_room import SippRoom
from loadtest.rooms.stranger import overhearing
from loadtest.server.accounts import Login
from loadtest.server.booking import book, cancel
from loadtest.server.process import Server
from loadtest.server.rest_client import Client
from mediaserver.transport.dscp import Dscp
from mediaserver.transport.dtls import make_certificate
from mediaserver.transport.ice import Address
from scheduler.core.model import Point
from scheduler.directory.model import DeviceKind, DeviceProtocol, EncryptionPolicy, SipTransport
from signaling.app.services import Services, open_services, read_services, utc_now
from signaling.app.settings import read
from signaling.audit.log import EntryFilter
from signaling.calls.model import Direction, Outcome
from signaling.calls.store import RecordFilter
from signaling.messages.calls import MediaWord, ProtectionWord
from signaling.sip.bridge.bridge import NO_CERTIFICATE
from signaling.sip.bridge.inbound_calls import NOT_ENCRYPTED

PATIENCE_S = 15.0
"""Longest wait for a picture, a tone, a seat or an answer."""
POLL_S, ASK_S = 0.02, 0.2
"""Time from one look to the next, and from one question to the server."""
AUDITED = 100
"""Entries of the audit log that are looked through."""
REFUSAL, DROPPED = "call-refused", "media-dropped"
LOSES_EVERY, AGAIN = 4, 8
"""Of how many packets one is lost, and how many must come again."""
WIDENS_S = 60.0
"""Most seconds from the end of loss until the picture is the usual one again: the server waits for 15 s of reports
without any for each of two steps, the lower of which it takes where the next one does not cure the loss."""
NARROW_BPS, WIDE_BPS = 128_000, 4_000_000
"""A limit of the picture, and none."""
NARROW_LINES, USUAL_LINES = 180, 720
"""Lines of the picture under the limit, and of the usual one."""
MAX_KEYFRAMES = 5
"""Key frames in which another profile must come once nobody else looks at the picture."""
LOOKED_S = 1.5
"""Time for which a room system is watched that must not get something."""
LOOK_S = 30.0
"""Longest wait for the picture of a room system's camera: one that encodes all the time forgets requests for a key
frame, and sends one by itself after ten seconds of pictures."""
SETTLE_S = 0.6
"""Time from a view until a key frame is requested: the server passes on one request in half a second."""
COUNTED_S = 4.0
"""Time for which pictures are counted."""
FULL_HD = 1080
SLIDES_FPS, SLIDES_NUMBERS = 25, 10
"""Least pictures a second of slides with 1080 lines on a quiet machine, and of their thirty numbers on any."""
IDLE_SHARE = 0.1
"""Least share of the cores' time in which they idle on a quiet machine."""
CLICK_S = 0.7
"""Time for which a room system's own tone must be heard by itself: a click, in which every tone is, is heard for half a
second."""
TILE_SHARE = 0.1
"""Least share of a picture that a tile of it covers; the green frame around who speaks is less."""
READ = 0.8
"""Least correlation of a tile with the text that was drawn; another text has a third."""
ALONE_SHARE = 0.8
"""Least share of a picture that is one room's where it is shown alone."""
LONE_SHARE = 0.75
"""The same of either point, some of whose picture its name covers; beside others the speaker has two thirds."""
WRITTEN, BRIGHT = 0.005, 128
"""Least share of pixels so bright in a picture with words on it."""
ROOM_COLOUR = (0, 0, 255)
SLIDES_COLOUR = (0, 255, 0)
ROOM_TONE_HZ = 880
HOST_TONE_HZ = tone_hz(0)
HOST_COLOUR = colour(0)
STRANGER_COLOUR, STRANGER_TONE_HZ = (0, 255, 255), 1500
HOST_SLIDES_COLOUR, HOST_SLIDES_TEXT = (255, 0, 255), "Chương trình họp của Ủy ban nhân dân"
CODECS: tuple[Codec, ...] = ("H264",)
OFFERED = OfferOptions(CODECS, layers=1, screen=True)
LOOPBACK = "127.0.0.1"
ELSEWHERE = "127.0.9.9"
"""An address of no room system."""
_CALLS = re.compile(r'^diemcau_sip_calls{protection="(\w+)"} (\S+)$', re.MULTILINE)
_DTLS_CALLS = re.compile(r"^diemcau_media_dtls_calls{.*} (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Seats:
    """The two points of a lane: the host's with its login, and the room system's with its SIP account and address.

    Rooms that are baresip share one address, as behind an SBC, and are told apart by their passwords; others have the
    `address`, by which they are known, and a `further_address`.
    """

    host: Point
    login: Login
    room: Point
    account: Login
    address: str
    further_address: str


@dataclass(frozen=True, slots=True)
class SipPorts:
    """The ports on which the server takes calls: by UDP and TCP, by TLS, and by H.323."""

    port: int
    tls_port: int
    h323_port: int


@dataclass(frozen=True, slots=True)
class CallContext:
    """Parts that lanes share: the server and its gateway, media, a folder, the rooms' films, that of 1080p30 where it
    is needed, their certificates, and the marks that the server's packets must have."""

    server: Server
    ports: SipPorts
    library: MediaLibrary
    folder: Path
    films: Mapping[Colour, Path]
    full_hd: Path | None
    certificates: RoomCertificates
    marks: Dscp


@dataclass(frozen=True, slots=True)
class RoomSetup:
    """The room system of a kind of call: how it is run, and what the directory says of it.

    `called`: the server calls it when the meeting begins, which it `refuses` or not. `account`: the server proves who
    it is by a password.
    `further_address`: its media may come from there, too. `stream_path`: of a camera that is fetched. `watched`: the
    marks of all packets that arrive are kept.
    """

    run: Callable[[CallContext, Seats], AbstractAsyncContextManager[Room]]
    called: bool = False
    refuses: bool = False
    account: bool = False
    further_address: bool = False
    kind: DeviceKind = "VCS"
    protocol: DeviceProtocol = "SIP"
    transport: SipTransport = ""
    encryption: EncryptionPolicy = "off"
    stream_path: str = ""
    camera_control: bool = False
    sip_user: str = ""
    pin: str = ""
    picture_kbps: int | None = None
    watched: bool = False


@dataclass(frozen=True, slots=True)
class Meeting:
    """A session's code, its host, and what the host sees and hears."""

    code: str
    host: Participant
    watcher: HostDecoder


class Cores:
    """The cores of this machine since now."""

    def __init__(self) -> None:
        self._began, self._idle_s = time.monotonic(), procfs.idle_seconds()

    @property
    def seconds(self) -> float:
        """The time since then."""
        return time.monotonic() - self._began

    @property
    def idled(self) -> bool:
        """True if they idled for a share of it: the machine was quiet."""
        idle_s = procfs.idle_seconds() - self._idle_s
        return idle_s >= IDLE_SHARE * self.seconds * (os.cpu_count() or 1)


class Lane:
    """A meeting, and the room system of a point that is called or calls in again and again."""

    def __init__(
        self,
        meeting: Meeting,
        context: CallContext,
        seats: Seats,
        room: Room,
        device: str,
        arrivals: Arrivals | None = None,
    ) -> None:
        self._code = meeting.code
        self._ports, self._marks = context.ports, context.marks
        self._server = context.server
        self._seats = seats
        self._device = device
        self._began_at = utc_now()
        """When this call began."""
        self.host = meeting.host
        self._watcher = meeting.watcher
        self.room = room
        self._arrivals = arrivals

    @property
    def watched(self) -> dict[str, object]:
        """The host's picture and sound, its seats, and the state of the call, for who looks at a failure."""
        seats = {name: (seat["here"], seat["floor"]) for name, seat in self.host.seats.items()}
        return {**self._watcher.summary(), "seats": seats, "call": self._call}

    async def begin(self) -> None:
        """Forget the call before, once the host sees nothing of it. Raises RoomFailed."""
        self._began_at = utc_now()
        self._watcher.forget()
        await self._until(self._sees_no_room, "the room of the call before is still seen")
        self.forget()
        if self._arrivals is not None:
            self._arrivals.forget()

    def forget(self) -> None:
        """Forget what the host saw and heard so far."""
        self._watcher.forget()

    async def dial_in(self, transport: str) -> None:
        """Have the room system call the session's code. Raises RoomFailed."""
        await self.room.dial(f"sip:{self._code}@{LOOPBACK}:{self._port(transport)};transport={transport}")

    def _port(self, transport: str) -> int:
        return {"tls": self._ports.tls_port, "h323": self._ports.h323_port}.get(transport, self._ports.port)

    async def publish(self) -> None:
        """Have an encoder publish to the address that the directory shows. Raises RoomFailed."""
        await self.room.dial(f"{self._server.url}/whip/{self._device}")

    async def register(self, setup: RoomSetup) -> None:
        """Register the room system so from now on."""
        await register(self._server, self._seats, self.room, setup)

    async def put_out(self) -> None:
        """Put the room system out of the meeting, and let it in again once it has left. Raises RoomFailed."""
        point = self._seats.room.id
        await self.host.ask("remove", point=point, reason="Cuộc gọi thử đã xong")
        await self._until(lambda: not self._room_seats, "the room keeps its seat")
        await self.host.ask("let-back", point=point)

    async def dial_without_code(self) -> None:
        """Have the room system call the server alone. Raises RoomFailed."""
        await self.room.dial(f"sip:{LOOPBACK}:{self._ports.port};transport=udp")

    async def enter(self, room: BaresipRoom | SippRoom) -> None:
        """Look and listen at the front door, and enter it by the session's code. Raises RoomFailed, OSError."""
        await self._until(room.hears_anything, "no prompt is heard at the front door")
        until = time.monotonic() + PATIENCE_S
        while not _has_words(picture := await room.picture()):
            if time.monotonic() > until:
                raise RoomFailed("the picture at the front door has no words")
            await asyncio.sleep(POLL_S)
        if sees(picture, HOST_COLOUR):
            raise RoomFailed("the meeting is seen before its code")
        await room.press(f"{self._code}#")

    async def call(self) -> None:
        """Have the server call the room system, as the host's console does. Raises RoomFailed."""
        await self.room.expect()
        await self.host.send("redial", device=self._device)

    async def first_call_passes(self) -> None:
        """Hang up the call that the server itself makes when the session's slot begins. Raises RoomFailed."""
        await self.room.expect()
        await self.room.established()
        await self.until_called("connected")
        await self.hang_up()
        await self.until_called("left")

    async def first_call_fails(self) -> None:
        """Wait until the room system has refused that call. Raises RoomFailed."""
        await self.until_called("waiting")

    async def give_floor(self) -> None:
        """Give the room system the floor once it is seated. Raises RoomFailed."""
        await self.seated()
        await self.host.send("floor", seat=self._room_seats[0], open=True)

    async def take_floor(self) -> None:
        """Take the floor from the room system. Raises RoomFailed."""
        await self.host.send("floor", seat=self._room_seats[0], open=False)
        await self.room_is_silent()

    async def seated(self) -> None:
        """Wait until the room system has a seat. Raises RoomFailed."""
        await self._until(lambda: bool(self._room_seats), "the room has no seat")

    async def room_is_seen(self) -> None:
        """Wait until the host sees the room system's picture. Raises RoomFailed."""
        await self.is_seen(ROOM_COLOUR)

    async def is_seen(self, colour: Colour) -> None:
        """Wait until the host sees a colour. Raises RoomFailed."""
        await self._until(lambda: sees(self._watcher.picture, colour), "the room is not seen")

    async def room_is_heard(self) -> None:
        """Wait until the host hears the room system's tone. Raises RoomFailed."""
        await self._until(self._hears_room, "the room is not heard")

    async def look_at_room(self, period: int) -> None:
        """Have the host look at the room system's camera alone, as it comes, until it sees it; its encoder sends a key
        frame by itself after `period` pictures. Raises RoomFailed."""
        self._watcher.keyframes = KeyframeTimes(period)
        await self.host.ask("view", source=f"camera:{self._room_seats[0]}")
        await self._until(self._sees_room_alone, "the room's camera is not seen alone", LOOK_S)

    async def look_at_all(self) -> None:
        """Have the host look at everyone again. Raises RoomFailed."""
        self._watcher.keyframes = None
        await self.host.ask("view", source="composed")
        await self._until(lambda: not self._sees_room_alone(), "the room's camera is still seen alone")

    async def room_keyframe_ms(self) -> float | None:
        """Have the host, which looks at the room system's camera, ask for key frames; return the milliseconds until one
        answers, or None if none does."""
        endpoint, times = self.host.endpoint, self._watcher.keyframes
        assert endpoint is not None and times is not None
        await asyncio.sleep(SETTLE_S)
        return await time_to_keyframe(times, lambda: endpoint.request_keyframe(time.monotonic()))

    async def fps(self) -> tuple[float, float, bool]:
        """Return the pictures a second that the host gets of the room system's camera, which it looks at, and the room
        system of the meeting, once both have 1080 lines, and whether the machine is quiet. Raises RoomFailed, OSError.
        """
        assert isinstance(self.room, BaresipRoom)
        room = self.room
        await self._until(lambda: _lines(self._watcher.picture) == FULL_HD, f"the host sees no {FULL_HD} lines")
        await self._until_room_sees(
            lambda picture: _lines(picture) == FULL_HD and sees(picture, HOST_COLOUR), f"the host in {FULL_HD} lines"
        )
        cores, up, down = Cores(), self._watcher.pictures, await room.pictures()
        await asyncio.sleep(COUNTED_S)
        up, down = self._watcher.pictures - up, await room.pictures() - down
        seconds = cores.seconds
        return up / seconds, down / seconds, cores.idled

    async def show_alone(self) -> None:
        """Show the room system alone to everyone, and wait until the host sees little else. Raises RoomFailed."""
        await self.host.ask("layout", kind="single", focus=self._room_seats[0])
        await self._until(self._sees_room_alone, "the room is not shown alone")

    async def show_all(self) -> None:
        """Show everyone's tiles again. Raises RoomFailed."""
        await self.host.ask("layout", kind="grid")
        await self._until(lambda: not self._sees_room_alone(), "the room is still shown alone")

    async def nothing_comes_back(self) -> None:
        """Look and listen for a while: the room system gets nothing of its own picture and sound. Raises RoomFailed."""
        until, own = time.monotonic() + LOOKED_S, Lasting()
        while (now := time.monotonic()) < until:
            picture = await self.room.picture()
            if any(sees(picture, colour, TILE_SHARE) for colour in (ROOM_COLOUR, SLIDES_COLOUR)):
                raise RoomFailed("the room gets its own picture")
            if own.look(self.room.hears(ROOM_TONE_HZ), now) > CLICK_S:
                raise RoomFailed("the room gets its own sound")
            await asyncio.sleep(POLL_S)

    async def slides_are_read(self) -> None:
        """Wait until the host sees the text of the room system's slides. Raises RoomFailed."""
        card = text_card(SLIDES_TEXT, SLIDES_COLOUR, SIZE)
        await self._until(lambda: likeness(self._watcher.picture, card) >= READ, "the text of the slides is not read")

    async def slides_move(self) -> None:
        """Have the host look at the room system's slides alone: their text is read in 1080 lines, and so many pictures
        a second come with their numbers, where the machine is quiet. Raises RoomFailed."""
        await self.host.ask("view", source="content")
        card = text_card(SLIDES_TEXT, SLIDES_COLOUR, FULL_HD_SIZE)
        await self._until(
            lambda: _lines(self._watcher.picture) == FULL_HD and likeness(self._watcher.picture, card) >= READ,
            f"the text of the slides is not read in {FULL_HD} lines",
            LOOK_S,
        )
        cores, pictures, numbers = Cores(), self._watcher.pictures, set[int | None]()
        while cores.seconds < COUNTED_S:
            numbers.add(number_of(self._watcher.picture))
            await asyncio.sleep(POLL_S)
        fps = (self._watcher.pictures - pictures) / cores.seconds
        if len(numbers - {None}) < SLIDES_NUMBERS or (cores.idled and fps < SLIDES_FPS):
            raise RoomFailed(f"{fps:.1f} pictures a second come of the slides, with the numbers {numbers}")
        await self.look_at_all()

    async def share(self) -> None:
        """Have the host share slides of its own."""
        assert self.host.endpoint is not None
        self.host.endpoint.share(slides_clip(HOST_SLIDES_COLOUR, HOST_SLIDES_TEXT))
        await self.host.ask("share", on=True)

    async def share_nothing(self) -> None:
        """Have the host share nothing any more."""
        assert self.host.endpoint is not None
        await self.host.ask("share", on=False)
        self.host.endpoint.share(None)

    async def host_slides_are_read(self, media: PlainMedia) -> None:
        """Wait until the text of the host's slides comes as a room system's second picture. Raises RoomFailed."""
        card = text_card(HOST_SLIDES_TEXT, HOST_SLIDES_COLOUR, SIZE)
        await self._until(lambda: likeness(media.slides.picture, card) >= READ, "the host's slides are not read")

    async def room_is_silent(self) -> None:
        """Wait until the host hears nothing of the room system. Raises RoomFailed."""
        await self._until(lambda: not self._hears_room(), "the room is heard")

    async def hand_is_up(self, *, up: bool) -> None:
        """Wait until the host sees that the room system's hand is raised, or lowered. Raises RoomFailed."""
        await self._until(
            lambda: [bool(self.host.seats[seat]["hand"]) for seat in self._room_seats] == [up],
            f"the hand is not {'up' if up else 'down'}",
        )

    async def is_named(self, name: str) -> None:
        """Wait until the host is shown the room system's point with the name that it announces. Raises RoomFailed."""
        due = f"{self._seats.room.label} ({name})"
        await self._until(
            lambda: [self.host.seats[seat]["label"] for seat in self._room_seats] == [due],
            f"the room is not shown as {due}",
        )

    async def has_inside(self, names: Sequence[str], more: int) -> None:
        """Wait until the host is told that these, and so many others, are in the room of another MCU. Raises
        RoomFailed."""
        due = list(names), more
        await self._until(
            lambda: (self._call.get("inside"), self._call.get("inside_more")) == due,
            f"the host is not told that {due} are in the other room",
        )

    async def keys_come(self, room: H323Room | SippRoom, keys: str) -> None:
        """Wait until these keys, and no others, came to the room system. Raises RoomFailed."""
        until = time.monotonic() + PATIENCE_S
        while (pressed := room.pressed) != keys:
            if time.monotonic() > until:
                raise RoomFailed(f"the keys {pressed} came, not {keys}")
            await asyncio.sleep(POLL_S)

    async def is_sent_again(self, media: PlainMedia) -> LossyLine:
        """Wait until the server sent again what the room system asked for, but for the last; return the line that loses
        it. Raises RoomFailed."""
        line = media.line = LossyLine(LOSES_EVERY)
        await self._until(lambda: line.again >= max(AGAIN, line.lost - 1), "what is lost does not come again")
        return line

    async def picture_is_usual(self, media: PlainMedia) -> None:
        """Wait until the room gets the usual picture. Raises RoomFailed."""
        await self._until(lambda: _lines(media.seen()) == USUAL_LINES, f"the picture has not {USUAL_LINES} lines")

    async def picture_follows_loss(self, media: PlainMedia, line: LossyLine) -> None:
        """Wait until the room gets a smaller picture while its line loses packets, and the usual one again once that is
        mended. Raises RoomFailed."""
        await self._until(
            lambda: 0 < _lines(media.seen()) < USUAL_LINES, "the picture gets no smaller while packets are lost"
        )
        line.mend()
        await self._until(
            lambda: _lines(media.seen()) == USUAL_LINES, "the picture stays small though nothing is lost", WIDENS_S
        )

    async def profiles(self, media: PlainMedia) -> tuple[set[int], set[int], set[int]]:
        """Return the profiles of H.264 in which the meeting comes to the room system that looks at it alone, and came
        to the host, and the further ones of the room system's camera, which the host looks at meanwhile. Raises
        RoomFailed."""
        assert self.host.endpoint is not None
        self._watcher.profiles.clear()  # where key frames were timed the host looked at the camera before
        self.host.endpoint.request_keyframe(time.monotonic())
        await self._until(lambda: bool(self._watcher.profiles), "no key frame comes to the host")
        composed = set(self._watcher.profiles)
        await self.look_at_room(PERIOD)
        for _ in range(MAX_KEYFRAMES):  # the first ones may be of the time before
            media.profiles.clear()
            await media.keyframe_ms()
            if media.profiles and media.profiles.isdisjoint(composed):
                break
        to_room, of_camera = set(media.profiles), self._watcher.profiles - composed
        await self.look_at_all()
        return to_room, composed, of_camera

    async def picture_follows_limit(self, media: PlainMedia) -> None:
        """Wait until the room gets a smaller picture while it asks for one, and the usual one again. Raises
        RoomFailed."""
        media.limit(NARROW_BPS)
        await self._until(lambda: media.limit_taken, "the server does not say that it keeps to a limit")
        await self._until(lambda: _lines(media.seen()) == NARROW_LINES, "the picture gets no smaller under a limit")
        media.limit(WIDE_BPS)
        await self._until(lambda: _lines(media.seen()) == USUAL_LINES, "the picture stays small without a limit")

    async def turn_camera(self, turned: Callable[[], bool]) -> None:
        """Have the host turn the room system's camera to the left once it may, until it `turned`. Raises RoomFailed."""
        seat = self._room_seats[0]
        await self._until(lambda: self.host.seats[seat]["control"] is not None, "the camera may not be moved")
        await self.host.send("camera-move", seat=seat, pan=-1)
        await self._until(turned, "the camera does not turn")

    async def room_sees_one(self) -> None:
        """Wait until the room system sees one point alone; the host sees both. Raises RoomFailed, OSError."""
        either = HOST_COLOUR, ROOM_COLOUR
        await self._until_room_sees(
            lambda picture: any(sees(picture, each, LONE_SHARE) for each in either), "one alone"
        )
        if not all(sees(self._watcher.picture, each, TILE_SHARE) for each in either):
            raise RoomFailed("the host's view changed, too")

    async def room_sees_both(self) -> None:
        """Wait until the room system sees both points. Raises RoomFailed, OSError."""
        both = HOST_COLOUR, ROOM_COLOUR
        await self._until_room_sees(
            lambda picture: all(sees(picture, each, TILE_SHARE) for each in both), "both points"
        )

    async def host_is_seen(self) -> None:
        """Wait until the room system shows the host's picture. Raises RoomFailed, OSError."""
        await self._until_room_sees(lambda picture: sees(picture, HOST_COLOUR), "the host")

    async def _until_room_sees(self, shown: Callable[[Rgb | None], bool], whom: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while not shown(await self.room.picture()):
            if time.monotonic() > until:
                raise RoomFailed(f"the room does not see {whom}")
            await asyncio.sleep(POLL_S)

    async def host_is_heard(self) -> None:
        """Wait until the room system hears the host's tone. Raises RoomFailed."""
        await self._until(lambda: self.room.hears(HOST_TONE_HZ), "the host is not heard")

    async def is_encrypted(self) -> None:
        """Wait until the host is told that the call is encrypted. Raises RoomFailed."""
        await self._until(lambda: self._call.get("protection") == "encrypted", "the call is not encrypted")

    async def is_protected(self, protection: ProtectionWord) -> None:
        """Wait until the host is told that the call is protected so, and the server counts such a call. Raises
        RoomFailed, OSError."""
        await self._until(lambda: self._call.get("protection") == protection, f"the call is not {protection}")
        await self._until_server(lambda: self._counts_call(protection), f"no call is counted that is {protection}")

    async def is_lacking(self, protection: ProtectionWord) -> None:
        """Wait until the host is told for want of which protection a call failed. Raises RoomFailed."""
        await self._until(lambda: self._call.get("protection") == protection, f"the host is not told: {protection}")

    async def _counts_call(self, protection: str) -> bool:
        return float(dict(_CALLS.findall(await self._metrics()))[protection]) >= 1

    async def is_refused(self, direction: Direction, outcome: Outcome, status: int = 0) -> None:
        """Wait until the newest record of the room system's calls is of one that began since, and ended so; nobody is
        seated then. Raises RoomFailed, OSError."""
        wanted = direction, outcome, status

        async def recorded() -> bool:
            async with self._services() as services:
                records = await services.call_records.newest(RecordFilter(self._began_at, device=self._device), 1)
            return [(record.direction, record.outcome, record.status) for record in records] == [wanted]

        await self._until_server(recorded, f"no record of a call says {wanted}")
        if self._room_seats:
            raise RoomFailed("the room has a seat")

    async def lacks_encryption(self) -> None:
        """Wait until the audit log says that a call of the point was refused since this one began, for want of
        encryption. Raises RoomFailed, OSError."""
        await self._is_told(EntryFilter(self._began_at, action=REFUSAL, subject=self._seats.room.id), NOT_ENCRYPTED)

    async def lacks_certificate(self) -> None:
        """Wait until the audit log says that a call from the room system's address was refused for want of a
        certificate, of which it tells once an hour. Raises RoomFailed, OSError."""
        await self._is_told(EntryFilter(action=REFUSAL, subject=self.room.address[0]), NO_CERTIFICATE)

    async def _is_told(self, wanted: EntryFilter, why: str) -> None:

        async def told() -> bool:
            async with self._services() as services:
                entries = await services.audit.newest(wanted, AUDITED)
            return any(each.entry.detail.startswith(why) for each in entries)

        await self._until_server(told, "the audit log does not tell of the call")

    @asynccontextmanager
    async def _services(self) -> AsyncIterator[Services]:
        async with read_services(read(self._server.environ)) as services:
            assert services is not None
            yield services

    async def is_marked(self, media: Mapping[str, Address], transport: str, floor: Address | None = None) -> None:
        """Wait until packets of everything have arrived, all with the marks that are due (DSCP): at the room system's
        ports of RTP and the one above each, and at hosts, from the server's SIP, and from its `floor`. Raises
        RoomFailed."""
        assert self._arrivals is not None and self.host.endpoint is not None
        arrivals, due = self._arrivals, self._marks
        senders = {"host": self.host.endpoint.server, "SIP": (LOOPBACK, self._port(transport))}
        senders |= {} if floor is None else {"floor": floor}
        receivers = {f"{name} {at}": (host, port + at) for name, (host, port) in media.items() for at in (0, 1)}
        marks = {name: due.audio if name.startswith("audio") else due.video for name in (*receivers, "host")}
        marks |= dict.fromkeys(senders.keys() - {"host"}, due.signalling)

        def found() -> dict[str, set[int]]:
            came = {name: arrivals.marks(sender=sender) for name, sender in senders.items()}
            besides = self.room.asks_from if isinstance(self.room, BaresipRoom) else None
            return came | {name: arrivals.marks(receiver=at, besides=besides) for name, at in receivers.items()}

        wanted = {name: {mark} for name, mark in marks.items()}
        try:
            await self._until(lambda: found() == wanted, "")
        except RoomFailed:
            raise RoomFailed(f"packets are marked {found()}, not {wanted}") from None

    async def is_by_dtls(self) -> None:
        """Wait until the server counts a call whose media go by DTLS-SRTP. Raises RoomFailed, OSError."""

        async def counted() -> bool:
            return sum(map(float, _DTLS_CALLS.findall(await self._metrics()))) >= 1

        await self._until_server(counted, "no call by DTLS-SRTP is counted")

    async def _metrics(self) -> str:
        async with Client(self._server.url) as client, client.http.get("/metrics") as response:
            return await response.text()

    async def media_are(self, became: MediaWord, host: str) -> None:
        """Wait until the host is told what became of media from another address than was named. Raises RoomFailed."""
        await self._until(
            lambda: (self._call.get("media"), self._call.get("media_from")) == (became, host),
            f"the host is not told that media from {host} are {became}",
        )

    async def stranger_is_dropped(self) -> None:
        """Have a stranger who reads along send sound and picture to the ports of the room system's call: the audit log
        says from where they came, nothing goes there, and the host sees and hears the room alone. Raises RoomFailed,
        OSError."""
        assert isinstance(self.room, SippRoom)
        media = self.room.media
        with overhearing(media, ELSEWHERE, STRANGER_TONE_HZ, STRANGER_COLOUR) as stranger:
            wanted = EntryFilter(self._began_at, action=DROPPED, subject=self._seats.room.id)
            await self._is_told(wanted, f"{media.host} → {ELSEWHERE}")
            media.restart()
            await self._shows_no_stranger()
            self.forget()
            await self.room_is_seen()
            await self.room_is_heard()
            if stranger.gets_anything:
                raise RoomFailed("media go to the stranger")

    async def _shows_no_stranger(self) -> None:
        """Look and listen for a while: the host sees and hears nothing of the stranger. Raises RoomFailed."""
        until, tone = time.monotonic() + LOOKED_S, Lasting()
        while (now := time.monotonic()) < until:
            if sees(self._watcher.picture, STRANGER_COLOUR):
                raise RoomFailed("the stranger is seen")
            if tone.look(self._hears(STRANGER_TONE_HZ), now) > CLICK_S:
                raise RoomFailed("the stranger is heard")
            await asyncio.sleep(POLL_S)

    async def until_called(self, state: str) -> None:
        """Wait until the host is told that the call of the room system is in a state. Raises RoomFailed."""
        await self._until(lambda: self._call.get("state") == state, f"the call is not {state}")

    async def hang_up(self) -> None:
        """Have the room system hang up, and wait until it has left its seat. Raises RoomFailed."""
        await self.room.hang_up()
        await self._until(lambda: not self._room_seats, "the room keeps its seat")

    @property
    def _call(self) -> dict[str, object]:
        """The state of the room system's call, as the host was told last."""
        return self.host.calls.get(self._device, {})

    @property
    def _room_seats(self) -> list[str]:
        """Seats of the room system whose media are there."""
        point = self._seats.room.id
        return [name for name, seat in self.host.seats.items() if seat["here"] and seat["point"] == point]

    def _sees_no_room(self) -> bool:
        picture = self._watcher.picture
        return picture is not None and not sees(picture, ROOM_COLOUR)

    def _sees_room_alone(self) -> bool:
        return sees(self._watcher.picture, ROOM_COLOUR, ALONE_SHARE)

    def _hears_room(self) -> bool:
        return self._hears(ROOM_TONE_HZ)

    def _hears(self, hertz: int) -> bool:
        return hears(self._watcher.sound()[-RATE_HZ // 2 :], RATE_HZ, hertz)

    async def _until(self, true: Callable[[], bool], otherwise: str, seconds: float = PATIENCE_S) -> None:
        until = time.monotonic() + seconds
        while not true():
            if time.monotonic() > until:
                raise RoomFailed(otherwise)
            await asyncio.sleep(POLL_S)

    async def _until_server(self, true: Callable[[], Awaitable[bool]], otherwise: str) -> None:
        """Wait until something is true that the server is asked for. Raises RoomFailed, OSError."""
        until = time.monotonic() + PATIENCE_S
        while not await true():
            if time.monotonic() > until:
                raise RoomFailed(otherwise)
            await asyncio.sleep(ASK_S)


@asynccontextmanager
async def open_lane(context: CallContext, seats: Seats, setup: RoomSetup) -> AsyncIterator[Lane]:
    """Yield a lane whose host is in the meeting, and whose room system is registered."""
    async with setup.run(context, seats) as room:
        device = await register(context.server, seats, room, setup)
        async with open_meeting(context, seats, [seats.room.id]) as meeting:
            with watch_arrivals() if setup.watched else nullcontext() as arrivals:
                lane = Lane(meeting, context, seats, room, device, arrivals)
                if setup.refuses:
                    await lane.first_call_fails()
                elif setup.called:
                    await lane.first_call_passes()
                yield lane


@asynccontextmanager
async def open_meeting(context: CallContext, seats: Seats, rooms: Sequence[str]) -> AsyncIterator[Meeting]:
    """Book a session of the host's with the points of room systems, and have the host in it."""
    watcher, certificate = HostDecoder(), make_certificate()
    material = context.library.shared_material(0)
    async with Client(context.server.url) as client:
        await client.login(*seats.login)
        session = await book(client, seats.host.id, rooms, f"Cuộc gọi thử {seats.account[0]}")
        host = Participant(client, lambda: Endpoint(certificate, material, OFFERED, watcher))
        await host.join(session["code"])
        try:
            yield Meeting(session["code"], host, watcher)
        finally:
            await host.leave()
            await cancel(client, session["id"])


async def register(server: Server, seats: Seats, room: Room, setup: RoomSetup) -> str:
    """Register the first device of the room system's point, with its account on the shared address; return its id.

    An encoder has a token alone.
    """
    user, password = seats.account if room.address[0] == LOOPBACK or setup.account else ("", "")
    async with open_services(read(server.environ)) as services:
        device = (await services.equipment.devices(seats.room.id))[0]
        system = replace(
            device,
            kind=setup.kind,
            protocol=setup.protocol,
            address=room.address[0] or None,
            port=room.address[1] or None,
            transport=setup.transport,
            dial_out=setup.called,
            auth_user="" if setup.protocol == "WHIP" else user,
            encryption=setup.encryption,
            stream_path=setup.stream_path,
            media_addresses=seats.further_address if setup.further_address else "",
            camera_control=setup.camera_control,
            sip_user=setup.sip_user,
            picture_kbps=setup.picture_kbps,
        )
        await services.equipment.describe(system, utc_now(), {"password": password, "pin": setup.pin})
    return device.id


@asynccontextmanager
async def registered_neighbour(server: Server, seats: Seats, user: str) -> AsyncIterator[None]:
    """Register the first device of the host's point at the room system's address under another name, for the block."""
    async with open_services(read(server.environ)) as services:
        device = (await services.equipment.devices(seats.host.id))[0]
        other = replace(device, kind="VCS", protocol="SIP", address=seats.address, sip_user=user, dial_out=False)
        await services.equipment.describe(other, utc_now())
        try:
            yield
        finally:
            await services.equipment.describe(replace(other, address=None, sip_user=""), utc_now())


def _has_words(picture: Rgb | None) -> bool:
    return picture is not None and bool((picture.max(axis=2) >= BRIGHT).mean() >= WRITTEN)


def _lines(picture: Rgb | None) -> int:
    return 0 if picture is None else len(picture)


def assign(points: Sequence[Point], logins: Sequence[Login], lanes: int) -> list[Seats]:
    """Assign each lane two points, and a SIP account and an address to its room system."""
    accounts = [(f"room-{n + 1}", secrets.token_hex(8)) for n in range(lanes)]
    return [
        Seats(
            *(points[2 * n], logins[2 * n], points[2 * n + 1], accounts[n]),
            address=f"127.0.1.{n + 1}",
            further_address=f"127.0.2.{n + 1}",
        )
        for n in range(lanes)
    ]
