"""Points of a session beside the browsers: simulated endpoints, each with a camera of one colour."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread
from typing import Any, TypeVar

import numpy as np

from loadtest.endpoint.decoder import Decoder, Rgb
from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.participant import Participant
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.media.clip import Clip, Codec, Material, make_clip
from loadtest.media.picture import LAYERS, RENDITIONS, encode
from loadtest.media.tone import encode_tone, tone_hz
from loadtest.server.accounts import create_accounts
from loadtest.server.booking import book
from loadtest.server.rest_client import Client
from mediaserver.transport.dtls import make_certificate
from signaling.app.admin_cli import NewAccount
from tests.e2e.server import Server, environment

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

FRAMES = 5
MORE_BYTES = 400
"""Bytes that a decoder skips in each picture: 80 kbit/s, as a camera takes in 180 lines. One colour takes none."""
REPLY_S = 40.0
T = TypeVar("T")


def plain_camera(colour: Colour, number: int) -> Material:
    """Return a camera of one colour, which every browser decodes, and the tone of a number."""

    def cameras(codec: Codec, layers: int) -> tuple[Clip, ...]:
        return tuple(_plain(codec, size, colour) for size in LAYERS[layers])

    return Material(encode_tone(tone_hz(number)), cameras)


def _plain(codec: Codec, size: int, colour: Colour) -> Clip:
    width, height, _ = RENDITIONS[size]
    red, green, blue = (value / 255 for value in colour)
    luma = 16 + 65.481 * red + 128.553 * green + 24.966 * blue
    u, v = 128 - 37.797 * red - 74.203 * green + 112.0 * blue, 128 + 112.0 * red - 93.786 * green - 18.214 * blue
    rows = [(height, luma), (height // 4, u), (height // 4, v)]
    picture = np.concatenate([np.full((count, width), round(value), np.uint8) for count, value in rows])
    encoded = encode(codec, size, iter([picture] * FRAMES), FRAMES)
    return make_clip(codec, width, height, [replace(each, data=each.data + bytes(MORE_BYTES)) for each in encoded])


async def _bounded(work: Coroutine[Any, Any, T]) -> T:
    async with asyncio.timeout(REPLY_S):
        return await work


class Points:
    """Simulated points in one session; the first one sees the composed picture, the others see nothing.

    Their endpoints run in a thread of their own, since Playwright has the test's.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="points")
        self._thread.start()
        self._certificate = make_certificate()
        self._clients: list[Client] = []
        self._joined: dict[str, Participant] = {}
        self._decoder = Decoder()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the thread of the endpoints and return its result."""
        return asyncio.run_coroutine_threadsafe(_bounded(work), self._loop).result()

    def book(self, host: str, points: Sequence[str], title: str) -> str:
        """Register a session that begins now; return its code."""
        return self.run(self._book(host, points, title))

    async def _book(self, host: str, points: Sequence[str], title: str) -> str:
        async with Client(self._server.http) as client:
            await client.login(host, self._server.accounts[host])
            return str((await book(client, host, points, title))["code"])

    def join(self, code: str, materials: Mapping[str, Material]) -> None:
        """Let points take their seats one after the other, each with an account of its own."""
        self.run(self._join(code, materials))

    async def _join(self, code: str, materials: Mapping[str, Material]) -> None:
        accounts = [NewAccount(f"{point}.mo-phong", point, ("site",), point=point) for point in materials]
        logins = await create_accounts(environment(self._server.data), accounts)
        for number, (point, login) in enumerate(zip(materials, logins, strict=True)):
            client = Client(self._server.http)
            self._clients.append(client)
            await client.login(*login)
            self._joined[point] = self._participant(client, materials[point], first=not number)
            await self._joined[point].join(code)

    def _participant(self, client: Client, material: Material, *, first: bool) -> Participant:
        offered, watcher = OfferOptions(("VP8",), picture=first), self._decoder if first else None
        return Participant(client, lambda: Endpoint(self._certificate, material, offered, watcher))

    def seat(self, point: str) -> str:
        """Return the seat of a point."""
        return self._joined[point].seat

    def raise_hand(self, point: str) -> None:
        """Raise the hand of a point."""
        self.run(self._joined[point].send("hand", raised=True))

    def speak(self, point: str) -> None:
        """Switch the microphone of a point on, which may speak."""
        participant = self._joined[point]
        assert participant.endpoint is not None
        participant.endpoint.speak(True)
        self.run(participant.send("media", mic=True, camera=True))

    def switch_off(self, point: str) -> None:
        """Switch the camera of a point off."""
        participant = self._joined[point]
        assert participant.endpoint is not None
        participant.endpoint.sending.camera = False
        self.run(participant.send("media", mic=True, camera=False))

    def composed(self) -> Rgb | None:
        """Return the newest composed picture; None before the first."""
        return self.run(self._composed())

    async def _composed(self) -> Rgb | None:
        return self._decoder.picture

    async def _leave(self) -> None:
        await asyncio.gather(*(each.leave() for each in self._joined.values()), return_exceptions=True)
        await asyncio.gather(*(client.close() for client in self._clients))

    def leave(self) -> None:
        """Let all leave, and end their thread."""
        try:
            self.run(self._leave())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


@contextmanager
def simulated(server: Server) -> Iterator[Points]:
    """Yield simulated points, which leave at the end."""
    points = Points(server)
    try:
        yield points
    finally:
        points.leave()
