"""A lane places one call after the other: a meeting of its own, a browser-like host in it, and one room system.

The host sends a card of one colour and a tone, the room system a blue picture and another tone. A call passes when
either side saw the other's colour and heard the other's tone.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from loadtest.endpoint.decoder import Decoder
from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.participant import Participant
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.media.clip import Codec
from loadtest.media.library import MediaLibrary
from loadtest.media.picture import colour
from loadtest.media.tone import RATE_HZ, tone_hz
from loadtest.rooms import baresip
from loadtest.rooms.baresip import LOOPBACK, Baresip, RoomFailed
from loadtest.rooms.perception import heard_in, hears, picture_of, sees
from loadtest.server.accounts import Login
from loadtest.server.booking import book, cancel
from loadtest.server.process import Server
from loadtest.server.rest_client import Client
from mediaserver.transport.dtls import make_certificate
from scheduler.core.model import Point
from signaling.app.services import open_services, utc_now
from signaling.app.settings import read

LISTEN_S = 2.0
"""Seconds for which the room listens before it hangs up: what it heard is read from its recording afterwards."""
PATIENCE_S = 15.0
"""Longest wait for a picture, a tone or a seat."""
POLL_S = 0.05
ROOM_COLOUR = (0, 0, 255)
ROOM_TONE_HZ = 880
HOST_TONE_HZ = tone_hz(0)
HOST_COLOUR = colour(0)
CODECS: tuple[Codec, ...] = ("H264",)
OFFERED = OfferOptions(CODECS, layers=1)


@dataclass(frozen=True, slots=True)
class Seats:
    """The two points of a lane: the host's with its login, and the room system's with that of its SIP account.

    All room systems share one address, as behind an SBC: the server tells them apart by their passwords.
    """

    host: Point
    login: Login
    room: Point
    account: Login


@dataclass(frozen=True, slots=True)
class CallContext:
    """Parts that lanes share: the server and the UDP and TCP port of its gateway, media, a folder, the rooms' film."""

    server: Server
    sip_port: int
    library: MediaLibrary
    folder: Path
    film: Path


class Lane:
    """One meeting with its host, and a room system that is called or calls in again and again."""

    def __init__(
        self, code: str, sip_port: int, host: Participant, watcher: Decoder, room: Baresip, device: str
    ) -> None:
        self._code = code
        self._sip_port = sip_port
        self._device = device
        self.host = host
        self._watcher = watcher
        self.room = room

    async def dial_in(self, transport: str) -> None:
        """Have the room system call the session's code. Raises RoomFailed."""
        await self.room.command("dial", f"sip:{self._code}@{LOOPBACK}:{self._sip_port};transport={transport}")

    async def call(self) -> None:
        """Have the server call the room system, as the host's console does."""
        await self.host.send("redial", device=self._device)

    async def first_call_passes(self) -> None:
        """Hang up the call that the server itself makes when the session's slot begins. Raises RoomFailed."""
        await self.established()
        await self.room.command("hangup")
        await self.room.event("CALL_CLOSED")
        await self._until(lambda: not self._room_seats, "the room keeps its seat")

    async def established(self) -> None:
        """Wait until the room system says that the call is set up. Raises RoomFailed."""
        await self.room.event("CALL_ESTABLISHED")

    async def give_floor(self) -> None:
        """Give the room system the floor once it is seated. Raises RoomFailed."""
        await self._until(lambda: bool(self._room_seats), "the room has no seat")
        await self.host.send("floor", seat=self._room_seats[0], open=True)

    async def room_is_seen(self) -> None:
        """Wait until the host sees the room system's picture. Raises RoomFailed."""
        await self._until(lambda: sees(self._watcher.picture, ROOM_COLOUR), "the room is not seen")

    async def room_is_heard(self) -> None:
        """Wait until the host hears the room system's tone. Raises RoomFailed."""
        await self._until(self._hears_room, "the room is not heard")

    async def room_is_silent(self) -> None:
        """Wait until the host hears nothing of the room system. Raises RoomFailed."""
        await self._until(lambda: not self._hears_room(), "the room is heard")

    async def host_is_seen(self) -> None:
        """Wait until the room system shows the host's picture. Raises RoomFailed, OSError."""
        until = time.monotonic() + PATIENCE_S
        while not sees(picture_of(await self.room.snapshot()), HOST_COLOUR):
            if time.monotonic() > until:
                raise RoomFailed("the host is not seen")

    async def hang_up(self) -> None:
        """Have the room system hang up; it must have heard the host's tone. Raises RoomFailed."""
        await asyncio.sleep(LISTEN_S)
        await self.room.command("hangup")
        await self.room.event("CALL_CLOSED")
        await self._until(lambda: heard_in(self.room.heard()[-1:], HOST_TONE_HZ), "the host is not heard")
        await self._until(lambda: not self._room_seats, "the room keeps its seat")

    @property
    def _room_seats(self) -> list[str]:
        """Seats of others whose media are there."""
        return [name for name, seat in self.host.seats.items() if seat["here"] and name != self.host.seat]

    def _hears_room(self) -> bool:
        newest = self._watcher.sound()[-RATE_HZ // 2 :]
        return hears(newest, RATE_HZ, ROOM_TONE_HZ)

    async def _until(self, true: Callable[[], bool], otherwise: str) -> None:
        until = time.monotonic() + PATIENCE_S
        while not true():
            if time.monotonic() > until:
                raise RoomFailed(otherwise)
            await asyncio.sleep(POLL_S)


@asynccontextmanager
async def open_lane(context: CallContext, seats: Seats, *, called: bool) -> AsyncIterator[Lane]:
    """Yield a lane whose host is in the meeting. `called`: the server calls the room system when the meeting begins."""
    watcher, certificate = Decoder(), make_certificate()
    account = ";auth_user={};auth_pass={}".format(*seats.account)
    material = context.library.shared_material(0)
    async with (
        baresip.room(context.folder, film=context.film, tone=ROOM_TONE_HZ, more=account) as room,
        Client(context.server.url) as client,
    ):
        device = await _register(context.server, seats, room.address[1], called=called)
        await client.login(*seats.login)
        session = await book(client, seats.host.id, [seats.room.id], f"Cuộc gọi thử {seats.account[0]}")
        host = Participant(client, lambda: Endpoint(certificate, material, OFFERED, watcher))
        await host.join(session["code"])
        lane = Lane(session["code"], context.sip_port, host, watcher, room, device)
        try:
            if called:
                await lane.first_call_passes()
            yield lane
        finally:
            await host.leave()
            await cancel(client, session["id"])


async def _register(server: Server, seats: Seats, port: int, *, called: bool) -> str:
    """Register the first device of the room system's point with its account; return its id."""
    user, password = seats.account
    async with open_services(read(server.environ)) as services:
        device = (await services.equipment.devices(seats.room.id))[0]
        system = replace(
            device, kind="VCS", protocol="SIP", address=LOOPBACK, port=port, dial_out=called, auth_user=user
        )
        await services.equipment.describe(system, utc_now(), {"password": password})
    return device.id


def assign(points: Sequence[Point], logins: Sequence[Login], lanes: int) -> list[Seats]:
    """Assign each lane two points, and a SIP account to its room system."""
    accounts = [(f"room-{n + 1}", secrets.token_hex(8)) for n in range(lanes)]
    return [Seats(points[2 * n], logins[2 * n], points[2 * n + 1], accounts[n]) for n in range(lanes)]
