"""Blocks of sound on their way to the recognizer process: a header, and the samples as they are mixed. Pure.

    speaker (2 bytes) | seconds (8 bytes, double) | length in bytes (4 bytes) | 16-bit samples at 48 kHz

in network order, the samples in the machine's. A block without samples says that its speaker paused or is gone.
"""

import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from mediaserver.audio.mix_minus import Samples

SPEAKERS = 1 << 16
"""Numbers of speakers begin anew after so many."""
_HEADER = struct.Struct("!HdI")


@dataclass(frozen=True, slots=True)
class Block:
    """Sound of a speaker, from `seconds` of the room's clock on."""

    speaker: int
    seconds: float
    sound: bytes

    @property
    def samples(self) -> Samples:
        """The sound as samples."""
        return np.frombuffer(self.sound, np.int16)

    def encoded(self) -> bytes:
        """Return the bytes of the block."""
        return _HEADER.pack(self.speaker, self.seconds, len(self.sound)) + self.sound


def read_block(file: BinaryIO) -> Block | None:
    """Read the next block; None at the end of the file, where a block may be cut off."""
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return None
    speaker, seconds, length = _HEADER.unpack(header)
    sound = file.read(length)
    return Block(speaker, seconds, sound) if len(sound) == length else None
