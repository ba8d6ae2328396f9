"""An H.323 room system as a process of its own: it sends one tone, one colour and slides with text, and tells what it
sees, hears and reads.

It is built on our own agent, since no H.323 stack of others is to be had as a package: what both ends get wrong alike,
no test with it finds. Key frames are sent on videoFastUpdatePicture alone, never on RTCP.

    python -m tests.signaling.h323.room [HOST PORT [GATEKEEPER]]

Commands come by standard input, a line each: `dial HOST PORT NUMBER NAME`, `press DIGITS`, `ask` (for a key frame),
`hold`, `resume`, `present`, `end`, `hang-up`.
What happens goes to standard output, a JSON object each.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from av import VideoFrame

from loadtest.media.perception import Rgb
from loadtest.media.text_card import likeness, text_card
from signaling.h323.agent.agent import Agent
from signaling.h323.agent.call import Call
from signaling.h323.agent.context import H323Settings
from signaling.h323.agent.incoming_call import IncomingCall
from signaling.h323.gatekeeper.client import GatekeeperSettings
from signaling.sip.agent.context import Target
from tests.mediaserver.slides_system import SlidesSystem

LOOPBACK = "127.0.0.1"
WATCH_S = 0.2
PATIENCE_S = 40.0
"""Bounds a failure; the process imports the whole engine before it listens."""
RTP_HEAD = 12
SIZE = (640, 360)
OWN = text_card("Quyết định số 2119 về họp trực tuyến", (0, 255, 0), SIZE)
"""Its slides."""
OTHERS = text_card("Kế hoạch phòng chống lũ, bão", (255, 0, 0), SIZE)
"""What it reads in slides of others."""
READ = 0.6
"""Least likeness of slides with the text in them. Rows of another colour above it cost 0.25; another text has 0.3."""


class Room(SlidesSystem):
    """The room system in its process."""

    def __init__(self, settings: H323Settings) -> None:
        super().__init__(1, 2, "token", "green", "G722")
        self.number, self.ignores_keyframe_requests = 98, True
        self.picture_of_slides = as_slides(OWN)
        self._looked_at = 0
        self.call: Call | None = None
        self.agent = Agent(settings, self)

    async def open(self, host: str = LOOPBACK) -> None:
        """Open sockets, two for its camera besides."""
        await super().open(host)
        for name in ("control", "control rtcp"):
            await self.add_socket(asyncio.get_running_loop(), name, host)

    def sdp(self, *, camera: bool = True) -> str:
        """Return its description, in which its camera can be moved."""
        where = self.sockets["control"].port, self.sockets["control rtcp"].port
        control = f"m=application {where[0]} RTP/AVP 100\r\na=rtcp:{where[1]}\r\na=rtpmap:100 H224/4800\r\n"
        return f"{super().sdp(camera=camera)}{control}a=sendrecv\r\n"

    def received(self, name: str, data: bytes, address: tuple[str, int]) -> None:
        """Tell what moves its camera: the frame of H.281 behind the head of RTP."""
        if name == "control":
            tell(camera=data[RTP_HEAD:].hex())
        elif name != "control rtcp":
            super().received(name, data, address)

    async def called(self, incoming: IncomingCall) -> None:
        """Answer every call."""
        tell(called=incoming.peer.name)
        await self.use(await incoming.accept(self.sdp()))

    async def use(self, call: Call) -> None:
        """Send and receive in a call."""
        self.call = call
        self._aim(call.sdp)
        tell(connected=call.sdp.count("a=sendrecv"))
        await call.ended.wait()
        self.destinations.clear()
        tell(ended=call.reason)

    async def reoffered(self, call: Call, offer: str) -> str:
        """Send to where the channels lead now."""
        self._aim(offer)
        tell(channels=offer.count("a=sendrecv"))
        return ""

    def _aim(self, sdp: str) -> None:
        self.destinations.clear()
        self.set_destinations(sdp)
        self.destinations = {name: where for name, where in self.destinations.items() if where[1] > 10}

    def say(self, kind: str, data: bytes) -> None:
        """Send RTCP; key frames of slides are asked for by H.245 alone."""
        if kind != "slides":
            super().say(kind, data)
        elif self.call is not None:
            self.call.request_keyframe(slides=True)

    def digit_pressed(self, call: Call, digit: str) -> None:
        """Tell the digit."""
        tell(digit=digit)

    def keyframe_requested(self, call: Call, *, slides: bool = False) -> None:
        """Send a key frame; each picture of slides is one."""
        self._wanted = self._wanted or not slides
        tell(**{"slides_wanted" if slides else "keyframe": True})

    def share_asked(self, call: Call, on: bool) -> None:
        """Show others' slides, as it always does."""
        tell(others=on)
        call.decide_floor("granted" if on else "nobody")

    async def watch(self) -> None:
        """Tell of changes of what is seen and heard, and show slides while they go anywhere."""
        told: object = None
        while True:
            await asyncio.sleep(WATCH_S)
            if "slides" in self.destinations:
                self.show_slides()
            now = list(self.size), self.colour(0.25), self.colour(0.75), sorted(self.tones())
            if now != told:
                told = now
                tell(size=now[0], left=now[1], right=now[2], hears=now[3])
            if self.slides.pictures != self._looked_at:
                self._looked_at = self.slides.pictures
                tell(reads=likeness(self.slides.picture, OTHERS) > READ)

    async def obey(self, command: str, words: list[str]) -> None:
        """Do what standard input says."""
        if command == "dial":
            target = Target(words[0], int(words[1]), "h323", words[2] if len(words) > 2 else "")
            name = words[3] if len(words) > 3 else "P. Hop 1"
            await self.use(await self.agent.invite(target, self.sdp(), name=name))
            return
        assert self.call is not None and self.call._control is not None
        if command == "press":
            await self.call.send_digits(words[0])
        elif command == "ask":
            self.call.request_keyframe()
        elif command == "hold":
            self.call._control.pause()
            self.call._flush()
        elif command == "resume":
            self.call._control.resume(self.call._control.own, self.call._control.ports)
            self.call._flush()
        elif command in ("present", "end"):
            self.call.decide_floor("other" if command == "present" else "nobody")
        elif command == "hang-up":
            await self.call.hang_up()


def as_slides(card: Rgb) -> VideoFrame:
    """Return a card as a room system sends it."""
    return VideoFrame.from_ndarray(card, "rgb24").reformat(format="yuv420p")


def tell(**happened: Any) -> None:
    """Write what happened."""
    print(json.dumps(happened), flush=True)


def options(host: str = LOOPBACK, port: str = "0", gatekeeper: str = "") -> H323Settings:
    """Return what the command line says."""
    registrar = GatekeeperSettings(gatekeeper, aliases=("2001",), own_port=0) if gatekeeper else None
    return H323Settings(host, int(port), gatekeeper=registrar)


async def main() -> None:
    """Run until standard input ends."""
    loop, lines = asyncio.get_running_loop(), asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    room = Room(options(*sys.argv[1:]))
    await room.open()
    room.begin()
    await room.agent.start()
    while (gatekeeper := room.agent._gatekeeper) is not None and not gatekeeper.registered:
        await asyncio.sleep(0.01)
    tell(listening=room.agent.address[1])
    tasks = [asyncio.create_task(room.watch())]
    while line := await lines.readline():
        command, *words = line.decode().split()
        tasks.append(asyncio.create_task(room.obey(command, words)))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await room.agent.close()
    await room.close()


class RoomProcess:
    """The process, as a test sees it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.port = 0
        self.seen: list[dict[str, Any]] = []
        """What happened so far."""

    async def command(self, text: str) -> None:
        """Send a command."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n".encode())
        await self._process.stdin.drain()

    async def until(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = PATIENCE_S) -> dict[str, Any]:
        """Return the next thing that happens and is wanted."""
        assert self._process.stdout is not None
        async with asyncio.timeout(seconds):
            while line := await self._process.stdout.readline():
                self.seen.append(json.loads(line))
                if wanted(self.seen[-1]):
                    return self.seen[-1]
        raise AssertionError(f"the room system has ended: {self.seen}")


@asynccontextmanager
async def room_process(*arguments: str) -> AsyncIterator[RoomProcess]:
    """Run the process with arguments."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.signaling.h323.room", *arguments, stdin=pipe, stdout=pipe
    )
    try:
        held = RoomProcess(process)
        held.port = (await held.until(lambda each: "listening" in each))["listening"]
        yield held
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


if __name__ == "__main__":
    asyncio.run(main())
