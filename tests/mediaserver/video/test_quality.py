"""Tests that the steps of quality need the bitrates that the page's cameras and screens are set to."""

import re
from functools import partial
from operator import eq
from pathlib import Path

from mediaserver.room.compositions import best_quality_step
from mediaserver.rtp.payload import SINGLE_NAL
from mediaserver.sdp import sip_write
from mediaserver.video.quality import CAMERA_BPS, LARGE, QUALITIES, SCREEN_BPS, TILES_BPS, USUAL

LINK = Path(__file__).parents[3] / "web/meeting/client/peer-connection.js"


def test_room_systems_that_know_short_slices_only_get_720_lines_at_most() -> None:
    most = [best_quality_step(partial(eq, codec)) for codec in ("H264", "VP8", SINGLE_NAL)]
    assert most == [LARGE, LARGE, USUAL]


def test_the_composed_picture_comes_as_180p12_360p25_720p25_and_1080p30() -> None:
    made = [(round(720 * each.share), (each.fps or 25) / each.every) for each in QUALITIES]
    assert made == [(180, 12.5), (360, 25), (720, 25), (1080, 30)]


def test_cameras_and_screens_are_counted_with_what_the_page_lets_them_take() -> None:
    limits = [int(number.replace("_", "")) for number in re.findall(r"maxBitrate: ([\d_]+)", LINK.read_text())]
    assert limits == [*CAMERA_BPS[: USUAL + 1], SCREEN_BPS[USUAL]]


def test_a_room_system_in_a_grid_of_thirteen_leaves_room_for_the_cameras_of_twelve() -> None:
    assert sip_write.CAMERA_BPS + 12 * CAMERA_BPS[0] <= TILES_BPS[-1]
