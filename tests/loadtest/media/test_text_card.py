"""Text of slides is recognised in a tile of any size and place, and another text is not."""

import numpy as np
import pytest
from PIL import Image

from loadtest.media.text_card import likeness, number_of, numbered, text_card

GREEN = (0, 255, 0)
CARD = text_card("Quyết định số 2119 về họp trực tuyến", GREEN, (640, 360))
OTHER = text_card("Kế hoạch phòng chống lũ, bão", GREEN, (640, 360))


@pytest.mark.parametrize(("place", "size"), [((0, 0), (1280, 720)), ((500, 100), (640, 360)), ((7, 301), (480, 270))])
def test_text_is_read_in_a_tile_and_another_is_not(place: tuple[int, int], size: tuple[int, int]) -> None:
    picture = Image.new("RGB", (1280, 720), (30, 40, 50))
    picture.paste(Image.fromarray(CARD).resize(size), place)
    name = size[0] * 2 // 3, size[1] // 10  # covers most of the last rows
    picture.paste((0, 60, 0), (place[0], place[1] + size[1] - name[1], place[0] + name[0], place[1] + size[1]))
    seen = np.asarray(picture)
    assert likeness(seen, CARD) > 0.85
    assert likeness(seen, OTHER) < 0.6


@pytest.mark.parametrize("size", [(1920, 1080), (640, 360)])
def test_the_number_below_the_text_is_read_in_any_size(size: tuple[int, int]) -> None:
    numbers = [0, 1, 10, 29]
    seen = [np.asarray(Image.fromarray(numbered(CARD, number)).resize(size)) for number in numbers]
    assert [number_of(each) for each in seen] == numbers
    assert likeness(seen[-1], CARD) > 0.85
    assert (number_of(CARD), number_of(None)) == (None, None)


def test_nothing_is_read_where_the_colour_is_not() -> None:
    assert likeness(None, CARD) == likeness(np.zeros((720, 1280, 3), np.uint8), CARD) == 0.0
    frame = np.zeros((720, 1280, 3), np.uint8)
    frame[:4] = GREEN  # as around who speaks
    assert likeness(frame, CARD) == 0.0
