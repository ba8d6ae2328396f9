"""Encodes the media of many endpoints: every picture and tone once per process, cached on disk."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from loadtest.media.clip import Clip, Codec, Material
from loadtest.media.face import Face
from loadtest.media.face import clips as clips_of_face
from loadtest.media.picture import HUES, Card, cache_directory, clips
from loadtest.media.tone import encode_tone, tone_hz
from loadtest.media.voice import encode_voice

SHARED_CARDS = 4
"""Pictures that many endpoints share: encoding one for each of hundreds would take longer than the test."""
HUE_STEP = 5
"""Hues between one endpoint and the next; all hues come up, since 5 and 12 share no divisor."""


class MediaLibrary:
    """Returns picture and tone for the endpoint of an index."""

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache or cache_directory()
        self._clips: dict[tuple[Card, Codec, int], tuple[Clip, ...]] = {}
        self._faces: dict[tuple[int, Codec, int, bool], tuple[Clip, ...]] = {}
        self._tones: dict[int, tuple[bytes, ...]] = {}

    def person(self, index: int) -> Material:
        """Return the face and the voice of a person."""
        return Material(
            encode_voice(index),
            lambda codec, layers: self._face(index, codec, layers, speaking=False),
            speaking=lambda codec, layers: self._face(index, codec, layers, speaking=True),
        )

    def shared_material(self, index: int) -> Material:
        """Return one of a few shared pictures, and the tone of the index."""
        card = _shared_card(index)
        return Material(self._tone(tone_hz(index)), lambda codec, layers: self._clip(card, codec, layers))

    async def prepare_shared(self, codecs: Iterable[Codec], layers: int) -> None:
        """Encode the shared pictures beforehand, in a thread."""
        for codec in codecs:
            for index in range(SHARED_CARDS):
                await asyncio.to_thread(self._clip, _shared_card(index), codec, layers)

    async def prepare_person(self, index: int, codec: Codec, layers: int) -> None:
        """Encode one person's voice, and pictures of the person listening, beforehand in a thread."""
        await asyncio.to_thread(encode_voice, index)
        await asyncio.to_thread(self._face, index, codec, layers, speaking=False)

    async def prepare_speaking(self, index: int, codec: Codec, layers: int) -> None:
        """Encode pictures of one person speaking beforehand, in a thread."""
        await asyncio.to_thread(self._face, index, codec, layers, speaking=True)

    def _face(self, index: int, codec: Codec, layers: int, *, speaking: bool) -> tuple[Clip, ...]:
        key = (index, codec, layers, speaking)
        if key not in self._faces:
            self._faces[key] = clips_of_face(Face(index), codec, layers, self._cache, speaking=speaking)
        return self._faces[key]

    def _clip(self, card: Card, codec: Codec, layers: int) -> tuple[Clip, ...]:
        key = (card, codec, layers)
        if key not in self._clips:
            self._clips[key] = clips(card, codec, layers, self._cache)
        return self._clips[key]

    def _tone(self, hertz: int) -> tuple[bytes, ...]:
        if hertz not in self._tones:
            self._tones[hertz] = encode_tone(hertz)
        return self._tones[hertz]


def _shared_card(index: int) -> Card:
    number = index % SHARED_CARDS
    return Card(f"Điểm cầu {'ABCD'[number]}", number * HUE_STEP % HUES)
