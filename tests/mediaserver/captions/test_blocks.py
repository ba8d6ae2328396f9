"""Tests blocks of sound as bytes."""

from io import BytesIO

import numpy as np

from mediaserver.captions.blocks import Block, read_block
from tests.mediaserver.captions.scripts import TONE


def test_blocks_are_read_as_they_were_written_and_one_cut_off_is_none() -> None:
    blocks = [Block(7, 12.34, TONE.tobytes()), Block(65_535, 13.0, b"")]
    data = b"".join(each.encoded() for each in blocks)
    file = BytesIO(data + blocks[0].encoded()[:-1])
    assert [read_block(file) for _ in range(4)] == [*blocks, None, None]
    assert np.array_equal(blocks[0].samples, TONE)
