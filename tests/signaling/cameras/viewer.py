"""A viewer over WHEP, made of aiortc, which looks for a red picture and listens for a tone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any

import numpy as np
from aiohttp import ClientSession
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription

from loadtest.endpoint.decoder import loudest_hz, mono
from tests.signaling.cameras.described import SDP, TOKEN

TONE_HZ = 660
PATIENCE_S = 30.0


@asynccontextmanager
async def connected(peer: RTCPeerConnection, client: ClientSession, path: str) -> AsyncIterator[None]:
    """Connect a peer over HTTP, and end its session afterwards."""
    await peer.setLocalDescription(await peer.createOffer())
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    async with client.post(path, data=peer.localDescription.sdp, headers={**SDP, **bearer}) as response:
        assert response.status == 201, await response.text()
        await peer.setRemoteDescription(RTCSessionDescription(await response.text(), "answer"))
        resource = response.headers["Location"]
    yield
    async with client.delete(resource, headers=bearer) as response:
        assert response.status == 200
    await peer.close()


def watching(tracks: dict[str, MediaStreamTrack]) -> RTCPeerConnection:
    """Return a peer that only receives, into `tracks` by their kind."""
    peer = RTCPeerConnection()
    peer.on("track", lambda track: tracks.setdefault(track.kind, track))
    for kind in ("audio", "video"):
        peer.addTransceiver(kind, direction="recvonly")
    return peer


async def sees_red(track: MediaStreamTrack) -> None:
    """Wait for a picture in which one of two tiles is red."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            picture: Any = await track.recv()
            rgb = picture.to_ndarray(format="rgb24")
            row = rgb[rgb.shape[0] // 3]
            for red, green, blue in (row[rgb.shape[1] // 4], row[rgb.shape[1] * 3 // 4]):
                if red > 200 and green < 60 and blue < 60:
                    return


async def hears(track: MediaStreamTrack, tone_hz: int) -> None:
    """Wait for half a second of a tone."""
    heard: list[Any] = []
    async with asyncio.timeout(PATIENCE_S):
        while True:
            frame: Any = await track.recv()
            assert frame.time_base == Fraction(1, 48000)
            heard = [*heard[-24:], mono(frame)]
            if len(heard) == 25 and loudest_hz(np.concatenate(heard)) == tone_hz:
                return
