"""Seats the endpoints of which the rows of `python -m loadtest bench` are measured."""

import os
from dataclasses import replace
from functools import partial

from loadtest.bench import compose_minimum
from loadtest.bench.worker_harness import ROOM, BenchRoom
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.media.clip import FPS, Clip, Codec, Frame, Material
from loadtest.media.picture import cache_directory, clips
from loadtest.media.tone import encode_tone, tone_hz

MIXED = 30
POINTS = 12
"""Points of a session."""
VIDEO_PACKETS_PER_PICTURE = 6
"""150 packets/s at 25 pictures/s."""
VIDEO_PACKET_BYTES = 1100


async def seat_viewers(room: BenchRoom, receivers: int) -> None:
    """Seat one publisher with the floor, and so many viewers of its camera and voice."""
    publisher = Material(encode_tone(tone_hz(0)), lambda _codec, _layers: (filler_clip(),))
    await room.seat(publisher, OfferOptions(("VP8",), 1, picture=False), floor=True)
    for _ in range(receivers):
        endpoint = await room.seat(publisher, OfferOptions(("VP8",), camera=False), view="camera:0")
        endpoint.sending.mic = False


def received(room: BenchRoom) -> int:
    """Return the packets that reached the viewers."""
    return sum((c.counters.audio() + c.counters.picture()).packets for c in room.endpoints[1:])


def filler_clip() -> Clip:
    """Return a clip that is VP8 as far as a forwarder reads it: descriptor, key frame header of 640x360, then noise."""
    frames = []
    for at in range(2 * FPS):
        tag = bytes([0x10 | (at != 0), 0, 0]) + (b"\x9d\x01\x2a\x80\x02\x68\x01" if at == 0 else b"")
        first, rest = b"\x90\x80\x80\x00" + tag, b"\x80\x80\x80\x00"
        heads = [first] + [rest] * (VIDEO_PACKETS_PER_PICTURE - 1)
        frames.append(Frame(tuple(h + os.urandom(VIDEO_PACKET_BYTES - 12 - len(h)) for h in heads), at == 0))
    return Clip("VP8", 640, 360, tuple(frames))


async def seat_cameras(room: BenchRoom) -> None:
    """Seat 16 senders of H.264 640x360 at 25 pictures/s, and last one viewer of the composed 720p25; no sound."""
    await seat_senders(room)
    viewer = await room.seat(Material((), no_camera), OfferOptions(("H264",), camera=False), visible=False)
    viewer.sending.mic = False


async def seat_senders(room: BenchRoom, *, voice: bool = False) -> None:
    """Seat 16 senders of H.264 640x360 at 25 pictures/s; with `voice` the first has the floor and sends a tone."""
    for index in range(compose_minimum.SENDERS):
        speaks = voice and index == 0
        material = replace(camera(index), voice=encode_tone(tone_hz(0))) if speaks else camera(index)
        endpoint = await room.seat(material, OfferOptions(("H264",), 1, picture=False), floor=speaks)
        endpoint.sending.mic = speaks


def composed_s(room: BenchRoom) -> float:
    """Return the seconds of composed picture received, by its pictures, so that skipped ones do not make it cheaper."""
    return room.endpoints[-1].counters.picture().frames / FPS


def camera(index: int) -> Material:
    """Return one of four moving pictures, without sound."""
    return Material(
        (), partial(clips, compose_minimum.CARDS[index % len(compose_minimum.CARDS)], cache=cache_directory())
    )


async def seat_session(room: BenchRoom, name: str = ROOM, *, composed: bool = False, speaks: bool = False) -> None:
    """Seat 12 points that send VP8 of 180 lines, 25 pictures/s and no sound, and only count what they receive.

    To each the cameras of all others are forwarded, or the composed 720p25. If one `speaks`, it is the first.
    """
    offered = OfferOptions(("VP8", "H264"), tiles=0 if composed else POINTS)
    for place in range(POINTS):
        heard = speaks and place == 0
        material = Material(encode_tone(tone_hz(0)), camera(place).cameras) if heard else camera(place)
        endpoint = await room.seat(material, offered, floor=heard, counts="all", room=name)
        endpoint.sending.mic, endpoint.sending.layers = heard, 1


async def seat_voices(room: BenchRoom) -> None:
    """Seat 30 peers with the floor that send tones, each gets the mix without its own; no picture."""
    for index in range(MIXED):
        tone = Material(encode_tone(tone_hz(index)), no_camera)
        await room.seat(tone, OfferOptions(camera=False, picture=False), floor=True)


def no_camera(_codec: Codec, _layers: int) -> tuple[Clip, ...]:
    return ()
