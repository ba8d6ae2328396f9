"""What the steps of quality cost is what the page's cameras and screens are told to take."""

import re
from pathlib import Path

from mediaserver.mix.quality import CAMERA_BPS, SCREEN_BPS, USUAL

LINK = Path(__file__).parents[2] / "web/link.js"


def test_cameras_and_screens_are_counted_with_what_the_page_lets_them_take() -> None:
    limits = [int(number.replace("_", "")) for number in re.findall(r"maxBitrate: ([\d_]+)", LINK.read_text())]
    assert limits == [*CAMERA_BPS[: USUAL + 1], SCREEN_BPS[USUAL]]
