"""A lane places one call after the other: a meeting of its own, a browser-like host in it, and one room system.

The host sends a card of one colour and a tone, the room system a blue picture and another tone. A call passes when
either side saw the other's colour and heard the other's tone, in this call.
"""

import asyncio
import os
import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
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
from loadtest.media.text_card import likeness, text_card
from loadtest.media.tone import RATE_HZ, tone_hz
from loadtest.rooms.baresip_room import BaresipRoom
from loadtest.rooms.host_decoder import HostDecoder
from loadtest.rooms.keyframes import KeyframeTimes, time_to_keyframe
from loadtest.rooms.plain_media import SIZE, SLIDES_TEXT, PlainMedia, slides_clip
from loadtest.rooms.room import Room, RoomFailed
from loadtest.server.accounts import Login
from loadtest.server.booking import book, cancel
from loadtest.server.process import Server
from loadtest.server.rest_client import Client
from mediaserver.transport.dtls import make_certificate
from scheduler.core.model import Point
from scheduler.directory.model import DeviceKind, DeviceProtocol, EncryptionPolicy, SipTransport
from signaling.app.services import open_services, utc_now
from signaling.app.settings import read

PATIENCE_S = 15.0
"""Longest wait for a picture, a tone, a seat or an answer."""
POLL_S = 0.02
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
HOST_SLIDES_COLOUR, HOST_SLIDES_TEXT = (255, 0, 255), "Chương trình họp của Ủy ban nhân dân"
CODECS: tuple[Codec, ...] = ("H264",)
OFFERED = OfferOptions(CODECS, layers=1, screen=True)
LOOPBACK = "127.0.0.1"
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
    is needed, and their certificate."""

    server: Server
    ports: SipPorts
    library: MediaLibrary
    folder: Path
    films: Mapping[Colour, Path]
    full_hd: Path | None
    certificate: Path


@dataclass(frozen=True, slots=True)
class RoomSetup:
    """The room system of a kind of call: how it is run, and what the directory says of it.

    `called`: the server calls it when the meeting begins. `account`: the server proves who it is by a password.
    `further_address`: its media may come from there, too. `stream_path`: of a camera that is fetched.
    """

    run: Callable[[CallContext, Seats], AbstractAsyncContextManager[Room]]
    called: bool = False
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


@dataclass(frozen=True, slots=True)
class Meeting:
    """A session's code, its host, and what the host sees and hears."""

    code: str
    host: Participant
    watcher: HostDecoder


class Lane:
    """A meeting, and the room system of a point that is called or calls in again and again."""

    def __init__(self, meeting: Meeting, context: CallContext, seats: Seats, room: Room, device: str) -> None:
        self._code = meeting.code
        self._ports = context.ports
        self._server = context.server
        self._seats = seats
        self._device = device
        self.host = meeting.host
        self._watcher = meeting.watcher
        self.room = room

    @property
    def watched(self) -> dict[str, object]:
        """The host's picture and sound, its seats, and the state of the call, for who looks at a failure."""
        seats = {name: (seat["here"], seat["floor"]) for name, seat in self.host.seats.items()}
        return {**self._watcher.summary(), "seats": seats, "call": self._call}

    async def begin(self) -> None:
        """Forget the call before, once the host sees nothing of it. Raises RoomFailed."""
        self._watcher.forget()
        await self._until(self._sees_no_room, "the room of the call before is still seen")
        self.forget()

    def forget(self) -> None:
        """Forget what the host saw and heard so far."""
        self._watcher.forget()

    async def dial_in(self, transport: str) -> None:
        """Have the room system call the session's code. Raises RoomFailed."""
        others = {"tls": self._ports.tls_port, "h323": self._ports.h323_port}
        port = others.get(transport, self._ports.port)
        await self.room.dial(f"sip:{self._code}@{LOOPBACK}:{port};transport={transport}")

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

    async def enter(self, room: BaresipRoom) -> None:
        """Look and listen at the front door, and enter it by the session's code. Raises RoomFailed, OSError."""
        await self._until(room.hears_anything, "no prompt is heard at the front door")
        picture = await room.picture()
        if (picture.max(axis=2) >= BRIGHT).mean() < WRITTEN:
            raise RoomFailed("the picture at the front door has no words")
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
        began, idle_s = time.monotonic(), procfs.idle_seconds()
        up, down = self._watcher.pictures, await room.pictures()
        await asyncio.sleep(COUNTED_S)
        up, down = self._watcher.pictures - up, await room.pictures() - down
        seconds, idle_s = time.monotonic() - began, procfs.idle_seconds() - idle_s
        return up / seconds, down / seconds, idle_s >= IDLE_SHARE * seconds * (os.cpu_count() or 1)

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

    async def keys_come(self, media: PlainMedia, keys: str) -> None:
        """Wait until these keys, and no others, came to the room system. Raises RoomFailed."""
        until = time.monotonic() + PATIENCE_S
        while media.pressed != keys:
            if time.monotonic() > until:
                raise RoomFailed(f"the keys {media.pressed} came, not {keys}")
            await asyncio.sleep(POLL_S)

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

    async def is_by_dtls(self) -> None:
        """Wait until the server counts a call whose media go by DTLS-SRTP. Raises RoomFailed, OSError."""
        until = time.monotonic() + PATIENCE_S
        while sum(map(float, _DTLS_CALLS.findall(await self._metrics()))) < 1:
            if time.monotonic() > until:
                raise RoomFailed("no call by DTLS-SRTP is counted")
            await asyncio.sleep(POLL_S)

    async def _metrics(self) -> str:
        async with Client(self._server.url) as client, client.http.get("/metrics") as response:
            return await response.text()

    async def is_taken_from(self, host: str) -> None:
        """Wait until the host is told that media are taken from another address than was named. Raises RoomFailed."""
        await self._until(
            lambda: (self._call.get("media"), self._call.get("media_from")) == ("taken", host),
            f"the host is not told that media are taken from {host}",
        )

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
        newest = self._watcher.sound()[-RATE_HZ // 2 :]
        return hears(newest, RATE_HZ, ROOM_TONE_HZ)

    async def _until(self, true: Callable[[], bool], otherwise: str, seconds: float = PATIENCE_S) -> None:
        until = time.monotonic() + seconds
        while not true():
            if time.monotonic() > until:
                raise RoomFailed(otherwise)
            await asyncio.sleep(POLL_S)


@asynccontextmanager
async def open_lane(context: CallContext, seats: Seats, setup: RoomSetup) -> AsyncIterator[Lane]:
    """Yield a lane whose host is in the meeting, and whose room system is registered."""
    async with setup.run(context, seats) as room:
        device = await register(context.server, seats, room, setup)
        async with open_meeting(context, seats, [seats.room.id]) as meeting:
            lane = Lane(meeting, context, seats, room, device)
            if setup.called:
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
