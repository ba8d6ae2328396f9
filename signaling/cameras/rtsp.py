"""Fetches the pictures of RTSP cameras into the session of their point, while one is open (decision 101).

A camera that does not answer is asked again after 10 s, then after twice that, up to 2 minutes. One whose transport is
not registered is asked for UDP, and to send within the connection where nothing comes so: a firewall may be between.
One whose room moves to another media worker is asked to send there, while it goes on sending where it did.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from mediaserver.errors import MediaError
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import Device
from signaling.cameras.rtsp_client import RtspClient
from signaling.cameras.rtsp_message import BadRtsp, Track, host, offer, ports
from signaling.cameras.seating import DeviceSeating, TakenSeat
from signaling.core.account import Source
from signaling.core.errors import Forbidden, NoOpenSession, ShuttingDown
from signaling.meeting.manager import MeetingManager
from signaling.meeting.room_system import credentials

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0
"""Interval between two looks at which cameras' points have an open session."""
WATCH_SECONDS = 1.0
UNHEARD_SECONDS = 5.0
"""How long a camera may take to send its first picture by UDP."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(minutes=2)
RTSP_PORT = 554
FAILURES = (BadRtsp, MediaError, Forbidden, OSError, TimeoutError)


@dataclass(slots=True)
class Pause:
    """The pause of a camera after a failure: its end and its length."""

    until: datetime
    length: timedelta


class NothingByUdp(BadRtsp):
    """A camera was asked for UDP, and nothing came."""


class RtspCameras:
    """Keeps one RTSP session with each camera whose point is in an open session."""

    def __init__(self, manager: MeetingManager, equipment: Equipment, seating: DeviceSeating, dscp: int) -> None:
        """Mark requests to cameras by `dscp`."""
        self._manager = manager
        self._equipment = equipment
        self._seating = seating
        self._dscp = dscp
        self._fetching: dict[str, asyncio.Task[None]] = {}
        """By id of the device."""
        self._pauses: dict[str, Pause] = {}
        self._unheard: set[str] = set()
        """Devices from which nothing comes by UDP."""
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for open sessions."""
        self._looking = asyncio.create_task(self._look_forever())

    async def stop(self) -> None:
        """End all sessions with cameras."""
        tasks = [*self._fetching.values(), *([self._looking] if self._looking else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look_forever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look(self._manager.dependencies.clock())
            except (SQLAlchemyError, OSError):
                log.exception("x the cameras could not be looked at")

    async def look(self, now: datetime) -> None:
        """Begin to fetch each camera whose point has an open session."""
        counted: dict[str, int] = {}
        for device in await self._equipment.devices():
            counted[device.point] = number = counted.get(device.point, 0) + 1
            idle = device.id not in self._fetching and not self._is_paused(device.id, now)
            if device.protocol == "RTSP" and device.address and idle:
                with suppress(NoOpenSession):
                    await self._seating.open_session(device.point, now)
                    task = self._fetching[device.id] = asyncio.create_task(self._fetch(device, number))
                    task.add_done_callback(partial(self._fetched, device.id))

    def _is_paused(self, device: str, now: datetime) -> bool:
        pause = self._pauses.get(device)
        left = timedelta() if pause is None else pause.until - now
        return pause is not None and timedelta() < left <= pause.length  # longer where the clock was set back

    async def settled(self) -> None:
        """Wait until no camera is being fetched."""
        await asyncio.gather(*self._fetching.values())

    def _fetched(self, device: str, _: asyncio.Task[None]) -> None:
        del self._fetching[device]

    async def _fetch(self, device: Device, number: int) -> None:
        """Fetch a camera until its session, its media or its server ends; plan a pause after a failure."""
        secrets, now = await self._equipment.sip_secrets(device.id), self._manager.dependencies.clock()
        new_client = partial(
            RtspClient,
            *(device.address or "", device.port or RTSP_PORT, device.stream_path, credentials(device, secrets)),
            dscp=self._dscp,
        )
        client = new_client()
        try:
            tracks = await client.describe()
            source = Source(device.address or "", device.port or RTSP_PORT)
            seat = await self._seating.take(device, number, source, now, sends=True)
            try:
                moves = await self._play_where_room_is(client, tracks, seat)
                while await self._watch(client, seat, moves):
                    client, moves = await self._follow(client, new_client, seat)
            finally:
                await seat.free()
        except (NoOpenSession, ShuttingDown):
            pass
        except FAILURES as error:
            log.info("x camera %s of %s: %s", device.address, device.point, error or type(error).__name__)
            if isinstance(error, NothingByUdp):
                self._unheard.add(device.id)
            else:
                self._unheard.discard(device.id)
                self._pause(device.id)
        finally:
            await client.close()

    async def _follow(
        self, before: RtspClient, new_client: Callable[[], RtspClient], seat: TakenSeat
    ) -> tuple[RtspClient, int]:
        """Fetch a camera again, where its room moves to; return its new session, and how often the room had moved.

        The session before goes on meanwhile, unless the camera takes one alone. Raises as :meth:`_play`.
        """
        try:
            found = await self._fetched_anew(new_client, seat)
        except FAILURES as error:
            log.info("x camera %s may take one session alone: %s", seat.member.device.address, error)
            await before.close()
            return await self._fetched_anew(new_client, seat)
        await before.close()
        return found

    async def _fetched_anew(self, new_client: Callable[[], RtspClient], seat: TakenSeat) -> tuple[RtspClient, int]:
        client = new_client()
        try:
            return client, await self._play_where_room_is(client, await client.describe(), seat)
        except BaseException:
            await client.close()
            raise

    async def _play_where_room_is(self, client: RtspClient, tracks: tuple[Track, ...], seat: TakenSeat) -> int:
        """Have a camera send; return how often its room had moved when that began. Raises as :meth:`_play`.

        Whatever fails at a worker that the room leaves meanwhile is no failure of the camera.
        """
        moves = seat.meeting.moves
        try:
            await self._play(client, tracks, seat)
        except FAILURES:
            if moves == seat.meeting.moves:
                raise
        return moves

    async def _play(self, client: RtspClient, tracks: tuple[Track, ...], seat: TakenSeat) -> None:
        """Have a camera send to the media engine: by UDP, or within the connection where its transport is TCP.

        Without a transport it is asked for UDP first. Raises BadRtsp, MediaError, OSError, TimeoutError.
        """
        device = seat.member.device
        answer = await self._connect(seat, tracks, device.address or "")
        within = device.transport == "TCP" or device.id in self._unheard
        if within or not await client.set_up(tracks, ports(answer)):
            if device.transport == "UDP":
                raise BadRtsp("sends no UDP")
            relay = await client.set_up_interleaved(tracks, host(answer))
            relay.aim(ports(await self._connect(seat, tracks, relay.host)))
        await client.play()
        if not client.is_interleaved and not device.transport:
            await client.listen(UNHEARD_SECONDS)
            if not await self._is_heard(seat):
                raise NothingByUdp("nothing comes by UDP")

    async def _is_heard(self, seat: TakenSeat) -> bool:
        """Return whether RTP has come, also where the meeting has freed the seat meanwhile. Raises MediaError."""
        if seat.member.session is None:
            return True
        report = await self._manager.engine.call_report(seat.meeting.id, seat.id)
        return any(stream is not None and stream.received for stream in (report.sound, report.picture))

    async def _connect(self, seat: TakenSeat, tracks: tuple[Track, ...], sender: str) -> str:
        """Have the media engine receive the tracks from an address; return its answer. Raises MediaError."""
        return await self._manager.engine.connect(seat.meeting.id, seat.id, offer(tracks, sender), plain=True)

    async def _watch(self, client: RtspClient, seat: TakenSeat, moves: int) -> bool:
        """Keep a session alive while its media come; return True once its room has moved more often than `moves`.

        Raises BadRtsp where they ended, OSError, TimeoutError.
        """
        waited = 0.0
        while not seat.is_lost():
            if seat.meeting.moves != moves:
                return True
            if seat.member.up:
                self._pauses.pop(seat.member.device.id, None)
            await client.listen(WATCH_SECONDS)
            waited += WATCH_SECONDS
            if waited >= client.timeout_s / 2:
                await client.keep_alive()
                waited = 0.0
        if seat.member.session is not None:  # the meeting goes on without its media
            raise BadRtsp("its media ended")
        return False

    def _pause(self, device: str) -> None:
        """Ask a camera again later, each time after twice as long."""
        last = self._pauses.get(device)
        length = FIRST_PAUSE if last is None else min(last.length * 2, LONGEST_PAUSE)
        self._pauses[device] = Pause(self._manager.dependencies.clock() + length, length)
