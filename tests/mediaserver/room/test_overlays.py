"""Tests of overlays: lines of text over a picture; `tests/mediaserver/peer/test_sip.py` has one that a seat reads."""

from mediaserver.api import EVERYONE, MAX_OVERLAYS, Layout, RoomOptions
from mediaserver.room.compositions import Compositions
from mediaserver.rtp.source import FlushQueue
from mediaserver.video.canvas import BACKGROUND, HEADING, WHITE, Canvas
from mediaserver.video.planes import planes


def test_an_overlay_is_written_on_a_panel_where_it_was_asked_for() -> None:
    for low, middle in ((True, 0.85), (False, 0.5)):
        canvas = Canvas(1280, 720)
        canvas.overlay("Đã giơ tay\nHand raised", low=low)
        luma = planes(canvas.frame)[0]
        rows = [y for y in range(720) if (luma[y] == WHITE).any()]
        assert abs((rows[0] + rows[-1]) / 2 / 720 - middle) < 0.05
        assert luma[rows[0] - 2, 640] == HEADING[0] and luma[rows[0], 10] == BACKGROUND[0]
    canvas.overlay("x" * 500 + "\n" + "\n".join("y" * 30), low=True)  # longer and taller than the picture


def test_equal_overlays_share_a_picture_and_the_number_is_bounded() -> None:
    held = Compositions(RoomOptions(), FlushQueue(), lambda: None)
    first = held.show_overlay("systems", "one", 0.0)
    assert held.show_overlay("systems", "one", 0.0) == first
    others = {held.show_overlay("systems", str(number), 0.0) for number in range(MAX_OVERLAYS)}
    assert others - {""} == set(held._derived) - {first} and len(held._derived) == MAX_OVERLAYS and "" in others
    held.choose(EVERYONE, Layout("speaker"), 1.0)
    assert held.of(first).layout_state.layout == Layout("speaker") and held.of(first) is not held.of(EVERYONE)
    held.keep_derived({first, ""})
    assert list(held._derived) == [first]
    held.keep_derived(set())
    assert held.of(first) is held.of(EVERYONE)
