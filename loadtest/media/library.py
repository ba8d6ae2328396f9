"""Material for many endpoints: every card and tone is encoded once per process and shared."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from loadtest.media.clip import Clip, Codec, Material
from loadtest.media.picture import HUES, Card, cache_directory, clips
from loadtest.media.tone import encode_tone, tone_hz

CARDS_OF_A_CROWD = 4
"""Pictures that a group shares: encoding one for each of hundreds would take longer than the test."""
HUE_STEP = 5
"""Neighbours differ clearly, and all hues come up since 5 and 12 share no divisor."""


class MediaLibrary:
    """Gives each endpoint its picture and tone."""

    def __init__(self, cache: Path | None = None) -> None:
        # given
        self._cache = cache or cache_directory()
        # owned
        self._clips: dict[tuple[Card, Codec, int], tuple[Clip, ...]] = {}
        self._tones: dict[int, tuple[bytes, ...]] = {}

    def material(self, index: int, name: str) -> Material:
        """Return a picture with this name, its hue and tone by the index."""
        card = Card(name, index * HUE_STEP % HUES)
        return Material(self._tone(tone_hz(index)), lambda codec, layers: self._clip(card, codec, layers))

    def of_a_crowd(self, index: int) -> Material:
        """Return one of a few shared pictures, and a tone by the index."""
        card = _crowd_card(index)
        return Material(self._tone(tone_hz(index)), lambda codec, layers: self._clip(card, codec, layers))

    async def prepare_crowd(self, codecs: Iterable[Codec], layers: int) -> None:
        """Encode a group's pictures beforehand, off the loop."""
        for codec in codecs:
            for index in range(CARDS_OF_A_CROWD):
                await asyncio.to_thread(self._clip, _crowd_card(index), codec, layers)

    async def prepare(self, index: int, name: str, codec: Codec, layers: int) -> None:
        """Encode one endpoint's picture beforehand, off the loop."""
        await asyncio.to_thread(self._clip, Card(name, index * HUE_STEP % HUES), codec, layers)

    def _clip(self, card: Card, codec: Codec, layers: int) -> tuple[Clip, ...]:
        key = (card, codec, layers)
        if key not in self._clips:
            self._clips[key] = clips(card, codec, layers, self._cache)
        return self._clips[key]

    def _tone(self, hertz: int) -> tuple[bytes, ...]:
        if hertz not in self._tones:
            self._tones[hertz] = encode_tone(hertz)
        return self._tones[hertz]


def _crowd_card(index: int) -> Card:
    number = index % CARDS_OF_A_CROWD
    return Card(f"Điểm cầu {'ABCD'[number]}", number * HUE_STEP % HUES)
