"""sipp as the room system of a lane, one process for each call: its SIP is sipp's, its sound and picture are ours."""

import asyncio
import contextlib
import os
import re
import secrets
import shutil
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from loadtest.media.perception import Colour, Rgb
from loadtest.rooms.bfcp_client import BfcpClient, bfcp_client
from loadtest.rooms.bfcp_tcp import TcpFloor
from loadtest.rooms.descriptions import CONFID, FLOOR, USER
from loadtest.rooms.digest_proof import proves
from loadtest.rooms.neighbour import Neighbour
from loadtest.rooms.plain_media import PERIOD, PlainMedia
from loadtest.rooms.room import RoomFailed
from loadtest.rooms.sipp_scenarios import Keys, PlacedCall, Question, TakenCall, answering, dialling
from loadtest.server.ports import free_port
from mediaserver.transport.ice import Address

ANSWER_S = 15.0
DISCARD_PORT = 9
"""The port in the m-line of who opens the TCP connection (RFC 4145, 4.1)."""
CALL_S = 120
"""Longest call: sipp ends then."""
POLL_S = 0.05
NO_CODE = "diemcau"
"""The user part of who dials no code."""
_KEY = re.compile(r"^Signal=(.)$", re.MULTILINE)
_RULE = re.compile(r"^-{40,}.*\n", re.MULTILINE)
"""The line above each message in sipp's log."""

Script = Callable[[PlainMedia], PlacedCall | TakenCall]
"""Returns what sipp does in a call, with the ports of the media as they are then."""
SlidesScript = Callable[[PlainMedia, int], PlacedCall | TakenCall]
"""The same with the port of BFCP."""
Describe = Callable[[str, Mapping[str, int], int], str]
"""Writes an offer from an address, the ports of the media, and that of BFCP."""
FloorNumbers = tuple[int, int, int]
"""Conference, user and floor in BFCP."""


class SippRoom:
    """A scripted room system, in one call at a time."""

    keyframe_period = PERIOD

    def __init__(self, folder: Path, host: str, media: PlainMedia, script: Script) -> None:
        self._folder = folder
        self._script = script
        self.media = media
        self.address = host, free_port(host)
        """The IP address it calls from, and the port on which it takes calls."""
        self.description = ""
        """The session description of the server in this call."""
        self._invites = 0
        """INVITEs of this call that were acknowledged."""
        self._informs = False
        """Whether keys of this call are INFOs."""
        self._question: Question | None = None
        """The question for a password in this call."""
        self._process: asyncio.subprocess.Process | None = None
        self._log = folder / "none"

    @property
    def said(self) -> str:
        """The end of its faults and messages of this call, and of its screen when it ended by itself."""
        errors = "".join(path.read_text("utf-8", "replace") for path in self._folder.glob("*_errors.log"))
        ended = self._process is not None and self._process.returncode is not None
        screen = (self._folder / "screen").read_text("utf-8", "replace")[-2000:] if ended else ""
        return errors[-2000:] + screen + "\n".join(self._messages())[-6000:]

    async def dial(self, uri: str) -> None:
        """Begin to call a SIP URI. Raises RoomFailed."""
        user, _, host = uri.removeprefix("sip:").partition(";")[0].partition("@")
        call = self._script(self.media)
        assert isinstance(call, PlacedCall)
        if call.keyed:
            user, call = NO_CODE, replace(call, steps=(Keys(f"{user}#"), *call.steps))
        self._informs = any(isinstance(step, Keys) for step in call.steps)
        await self._run(dialling(call), host, "-s", user, "-m", "1")

    async def expect(self) -> None:
        """Be ready to take one call: the first INVITE, and the one that follows it."""
        call = self._script(self.media)
        assert isinstance(call, TakenCall)
        self._informs = False
        self._question = call.question
        await self._run(answering(call))
        await asyncio.sleep(POLL_S)

    async def established(self) -> None:
        """Wait until the call is set up, and send to where the server's description says. Raises RoomFailed."""
        self._invites = 1
        await self._until_acknowledged(1)
        if self._question is not None and not proves(self._invite(), *self._question.account):
            raise RoomFailed("the password is not proved")

    async def picture(self) -> Rgb | None:
        """Return the newest picture that came."""
        return self.media.seen()

    async def show(self, colour: Colour) -> None:
        """Send another colour."""
        self.media.show(colour)

    def hears(self, hertz: int) -> bool:
        """Return whether a tone is in the newest sound."""
        return self.media.hears(hertz)

    def hears_anything(self) -> bool:
        """Return whether any sound is in what came newest."""
        return self.media.hears_anything()

    async def move(self) -> None:
        """Have sipp move sound and picture to the ports of its re-INVITE. Raises RoomFailed."""
        await self.media.move()
        await self.renew()

    async def renew(self) -> None:
        """Have sipp send the re-INVITE that is next, and wait for its ACK. Raises RoomFailed."""
        self.go_on()
        await self.renewed()

    async def renewed(self) -> None:
        """Wait for the ACK of another re-INVITE, of either side. Raises RoomFailed."""
        self._invites += 1
        await self._until_acknowledged(self._invites)

    async def press(self, keys: str) -> None:
        """Press keys: those that are next in the scenario, each as an INFO, or telephone events."""
        if self._informs:
            self.go_on()
        else:
            self.media.press(keys)

    async def hang_up(self) -> None:
        """End the call, and wait until sipp says that all went as its scenario has it. Raises RoomFailed."""
        assert self._process is not None
        self.go_on()
        with contextlib.suppress(ProcessLookupError):
            # sipp ends with its calls, whatever their number. Process.send_signal() would take the status of one that
            # has ended already from who waits for it.
            os.kill(self._process.pid, signal.SIGUSR1)
        try:
            async with asyncio.timeout(ANSWER_S):
                status = await self._process.wait()
        except TimeoutError:
            raise RoomFailed(f"sipp does not end:\n{self.said}") from None
        self.media.stop()
        if status != 0:
            raise RoomFailed(f"sipp ends with {status}:\n{self.said}")

    async def end(self) -> None:
        """End a process that was left."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _run(self, scenario: str, *words: str) -> None:
        await self.end()
        self.media.stop()  # what the call before still brought after its end
        if shutil.which("sipp") is None:
            raise RoomFailed("sipp is not installed: make packages")
        self._call = secrets.token_hex(8)
        path, self._log = self._folder / f"{self._call}.xml", self._folder / f"{self._call}.log"
        path.write_text(scenario, "utf-8")
        host, port = self.address
        with (self._folder / "screen").open("wb") as screen:
            self._process = await asyncio.create_subprocess_exec(
                *("sipp", *words, "-sf", str(path), "-i", host, "-p", str(port), "-cid_str", self._call),
                *("-trace_msg", "-message_file", str(self._log), "-trace_err", "-nostdin"),
                *("-timeout", str(CALL_S), "-timeout_error"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=screen,
                stderr=screen,
                cwd=self._folder,
            )

    async def _until_acknowledged(self, count: int) -> None:
        """Wait for so many INVITEs that were answered by 200 and acknowledged."""
        until = time.monotonic() + ANSWER_S
        assert self._process is not None
        while True:
            messages = self._messages()
            answered = [
                at
                for at, each in enumerate(messages)
                if each.startswith("SIP/2.0 200") and re.search(r"^CSeq:.*INVITE", each, re.MULTILINE)
            ]
            if len(answered) >= count and any(each.startswith("ACK ") for each in messages[answered[-1] :]):
                break
            if time.monotonic() > until or self._process.returncode is not None:
                raise RoomFailed(f"no ACK from sipp:\n{self.said}")
            await asyncio.sleep(POLL_S)
        self.description = _of_server(messages)
        self.media.send_to(self.description)

    def _messages(self) -> list[str]:
        if not self._log.exists():
            return []
        entries = _RULE.split(self._log.read_text("utf-8", "replace"))[1:]
        return [entry.partition("\n\n")[2] for entry in entries]

    @property
    def answers(self) -> list[str]:
        """Final answers to INVITEs in this call, of either side: each once, in their order."""
        found = [
            each.partition("\n")[0].removeprefix("SIP/2.0 ").strip()
            for each in self._messages()
            if re.match(r"SIP/2\.0 [2-6]", each) and re.search(r"^CSeq:.*INVITE", each, re.MULTILINE)
        ]
        return list(dict.fromkeys(found))

    @property
    def pressed(self) -> str:
        """Keys that came: telephone events, or INFOs."""
        infos = (each for each in self._messages() if each.startswith("INFO "))
        return self.media.pressed + "".join(key for each in infos for key in _KEY.findall(each))

    @property
    def dialled(self) -> str:
        """The user part under which it is called."""
        found = re.match(r"INVITE sip:([^@ ]*)@", self._invite())
        return found[1] if found else ""

    def _invite(self) -> str:
        """Return the newest INVITE of either side."""
        return self._newest("INVITE")

    def _newest(self, method: str) -> str:
        """Return the newest request of a method, of either side."""
        return next(each for each in reversed(self._messages()) if each.startswith(f"{method} "))

    def go_on(self) -> None:
        """Tell sipp to go on with its call. The newest message may be another's: the server asks whether the room is
        on, with an OPTIONS."""
        self._go_on(self._invite())

    def _go_on(self, message: str) -> None:
        """Tell sipp to go on with the dialog of a message, by a MESSAGE with its Call-ID."""
        (call, *_) = re.findall(r"^Call-ID: (\S+)", message, re.MULTILINE)
        lines = ["MESSAGE sip:room SIP/2.0", "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKgo", "From: <sip:lane>;tag=1"]
        lines += ["To: <sip:room>", f"Call-ID: {call}", "CSeq: 1 MESSAGE", "Content-Length: 0", "", ""]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto("\r\n".join(lines).encode(), self.address)


class SlidesRoom(SippRoom):
    """A scripted room system whose floor control is libre's by UDP, or ours by TCP."""

    def __init__(
        self, folder: Path, host: str, media: PlainMedia, script: Script, floor: BfcpClient | TcpFloor
    ) -> None:
        super().__init__(folder, host, media, script)
        self._floor = floor

    async def ask_for_floor(self) -> None:
        """Ask for the floor of slides, and wait until it is granted. Raises RoomFailed, TimeoutError."""
        await self._floor.connect(*self.floor_at)
        await self._floor.ask()

    @property
    def floor_at(self) -> Address:
        """The address of the server's floor control. Raises RoomFailed."""
        by = "TCP" if isinstance(self._floor, TcpFloor) else "UDP"
        ports = re.findall(rf"^m=application (\d+) {by}/BFCP", self.description, re.MULTILINE)
        hosts = re.findall(r"^c=IN IP4 (\S+)", self.description, re.MULTILINE)
        if not ports:
            raise RoomFailed(f"the server answers without BFCP by {by}")
        return hosts[0], int(ports[0])


class RosterRoom(SippRoom):
    """A scripted MCU that tells who is in its room."""

    async def established(self) -> None:
        """Wait until the call is set up, and it was asked who is in its room and has told all. Raises RoomFailed."""
        await super().established()
        await self._until_told(1)

    async def tell_change(self) -> None:
        """Tell what has changed in its room. Raises RoomFailed."""
        self._go_on(self._newest("SUBSCRIBE"))
        await self._until_told(2)

    async def _until_told(self, count: int) -> None:
        """Wait until so many NOTIFY requests of this call were answered by 200."""
        until = time.monotonic() + ANSWER_S
        while len([each for each in self._messages() if _is_told(each)]) < count:
            if time.monotonic() > until:
                raise RoomFailed(f"who is in the room is not asked for:\n{self.said}")
            await asyncio.sleep(POLL_S)


class CrowdedRoom(SippRoom):
    """A scripted room system with a neighbour behind its address."""

    def __init__(self, folder: Path, media: PlainMedia, script: Script, neighbour: Neighbour) -> None:
        super().__init__(folder, media.host, media, script)
        self.neighbour = neighbour


def offering(describe: Describe) -> SlidesScript:
    """Return the script of calls whose offer is written so."""
    return lambda media, port: PlacedCall(describe(media.host, media.ports, port))


@asynccontextmanager
async def sipp_room(folder: Path, media: PlainMedia, script: Script, host: str = "") -> AsyncIterator[SippRoom]:
    """Give a room system at an address by which the server knows it; without one it is that of its media."""
    await media.open()
    room = SippRoom(_new(folder), host or media.host, media, script)
    try:
        yield room
    finally:
        await room.end()
        await media.close()


@asynccontextmanager
async def slides_room(
    folder: Path, media: PlainMedia, version: int, script: SlidesScript, numbers: FloorNumbers = (CONFID, USER, FLOOR)
) -> AsyncIterator[SlidesRoom]:
    """Give the same with slides, by BFCP in a version, under these numbers."""
    confid, user, floor_id = numbers
    own = _new(folder)
    async with bfcp_client(own, media.host, version=version, confid=confid, user=user, floor=floor_id) as (floor, port):
        await media.open()
        room = SlidesRoom(own, media.host, media, lambda media: script(media, port), floor)
        try:
            yield room
        finally:
            await room.end()
            await media.close()


@asynccontextmanager
async def tcp_slides_room(folder: Path, media: PlainMedia, describe: Describe) -> AsyncIterator[SlidesRoom]:
    """Give a room system that calls with slides, by BFCP over a TCP connection that it opens."""
    own, floor = _new(folder), TcpFloor(media.host, CONFID, USER, FLOOR)
    await media.open()
    room = SlidesRoom(own, media.host, media, lambda media: offering(describe)(media, DISCARD_PORT), floor)
    try:
        yield room
    finally:
        floor.close()
        await room.end()
        await media.close()


@asynccontextmanager
async def roster_room(folder: Path, media: PlainMedia, script: Script) -> AsyncIterator[RosterRoom]:
    """Give an MCU that tells who is in its room, at the address of its media."""
    await media.open()
    room = RosterRoom(_new(folder), media.host, media, script)
    try:
        yield room
    finally:
        await room.end()
        await media.close()


@asynccontextmanager
async def crowded_room(
    folder: Path, media: PlainMedia, script: Script, neighbour: Neighbour
) -> AsyncIterator[CrowdedRoom]:
    """Give a room system at the address of its media, and close its neighbour at the end."""
    await media.open()
    room = CrowdedRoom(_new(folder), media, script, neighbour)
    try:
        yield room
    finally:
        neighbour.close()
        await room.end()
        await media.close()


def _is_told(message: str) -> bool:
    return message.startswith("SIP/2.0 200") and re.search(r"^CSeq:.*NOTIFY", message, re.MULTILINE) is not None


def _of_server(messages: Sequence[str]) -> str:
    """Return the newest session description of the server, which calls itself so."""
    bodies = (each.partition("\n\n")[2] for each in reversed(messages))
    return next(body.strip() for body in bodies if "\no=diemcau" in body)


def _new(folder: Path) -> Path:
    own = folder / f"sipp-{secrets.token_hex(4)}"
    own.mkdir()
    return own
