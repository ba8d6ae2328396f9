"""Tests of the compositor: many cameras in one picture, checked after decoding it.

Also tests `painter.py`.
"""

import itertools
from contextlib import suppress

import numpy as np
import pytest
from av import VideoFrame
from numpy.typing import NDArray

from mediaserver.api import Layout, LayoutKind
from mediaserver.rtp.frame_assembler import Frame
from mediaserver.video.canvas import ACCENT, BACKGROUND, BORDER_PX, CARD, Canvas
from mediaserver.video.codecs import VideoDecoder, VideoEncoder
from mediaserver.video.compositor import STALE_S, ComposeRequest, ComposeResult, Compositor
from mediaserver.video.layout import Tile, arrange, heading
from mediaserver.video.layout_plans import FAMILIES
from mediaserver.video.layout_state import Heading
from mediaserver.video.painter import CompositionJob, Painter
from mediaserver.video.planes import planes
from mediaserver.video.quality import QUALITIES, USUAL, RenditionKey
from tests.mediaserver.pictures import BLUE, GREEN, RED, Colour, alike, coded, colour_at, huge_keyframe

WIDTH, HEIGHT = 640, 360
H264: RenditionKey = ("H264", USUAL)
VP8: RenditionKey = ("VP8", USUAL)
A, B, C, D = arrange(Layout(), ["a", "b", "c", "d"], None, WIDTH, HEIGHT)


class CompositorFixture:
    """A compositor, a clock, and a viewer that decodes its pictures."""

    def __init__(self, key: RenditionKey = H264) -> None:
        self.compositor = Compositor(WIDTH, HEIGHT, 25)
        self.tick = 0
        self.now = 0.0
        self.key = key
        self._decoder = VideoDecoder(key[0])
        self.picture: VideoFrame | None = None

    def see(
        self,
        tiles: tuple[Tile, ...],
        frames: dict[str, list[Frame]] | None = None,
        speaker: str | None = None,
        labels: dict[str, str] | None = None,
    ) -> ComposeResult:
        """Compose one tick."""
        names = labels or {tile.seat: tile.seat for tile in tiles}
        job = CompositionJob(0, self.tick, tiles, {self.key: self.tick == 0})
        composed = self.compositor.compose(ComposeRequest(self.now, (job,), names, frames or {}, speaker))
        data, _ = composed.pictures[0, self.key]
        self.picture = self._decoder.decode(data)
        self.tick += 1
        self.now += 0.04
        return composed

    def colour(self, x: int, y: int) -> Colour:
        assert self.picture is not None
        return colour_at(self.picture, x, y)

    def middle(self, tile: Tile) -> Colour:
        """Return the colour in a tile, above the name and inside the frame."""
        return self.colour(tile.x + tile.width // 2, tile.y + tile.height // 3)


def test_every_camera_stands_in_its_tile_whatever_its_codec_and_size() -> None:
    fixture = CompositorFixture()
    fixture.see(
        (A, B, C, D),
        {
            "a": coded("VP8", RED, size=(640, 360)),
            "b": coded("H264", GREEN, size=(320, 180)),
            "c": coded("VP8", BLUE, size=(160, 90)),
        },
    )
    assert [alike(fixture.middle(tile), colour) for tile, colour in ((A, RED), (B, GREEN), (C, BLUE))] == [True] * 3
    corner = fixture.colour(D.x + 20, D.y + 20)
    assert alike(corner, CARD)


def test_a_camera_of_another_shape_keeps_its_shape_between_bars() -> None:
    fixture = CompositorFixture()
    fixture.see((A, B, C, D), {"a": coded("VP8", GREEN, size=(320, 180))})
    fixture.see((A, B, C, D), {"a": coded("VP8", RED, size=(240, 240))})
    assert alike(fixture.middle(A), RED)
    assert alike(fixture.colour(A.x + 30, A.y + 90), BACKGROUND)
    assert alike(fixture.colour(A.x + A.width - 30, A.y + 90), BACKGROUND)


@pytest.mark.parametrize("key", [H264, VP8])
def test_pictures_that_a_busy_machine_leaves_out_do_not_make_the_others_larger(key: RenditionKey) -> None:
    noise = np.random.default_rng(7)
    film = VideoEncoder("VP8", WIDTH, HEIGHT, 25, 20_000_000)
    fixture, whole, octets, number = CompositorFixture(key), Tile("a", 0, 0, WIDTH, HEIGHT), 0, 0
    while fixture.tick < 200:
        luma = np.repeat(np.repeat(noise.integers(16, 235, (45, 80), np.uint8), 8, 0), 8, 1)
        seen = VideoFrame.from_ndarray(np.vstack([luma, np.full((180, WIDTH), 128, np.uint8)]), "yuv420p")
        data, keyframe = film.encode(seen, keyframe=number == 0)
        composed = fixture.see((whole,), {"a": [Frame("VP8", data, keyframe, number * 3600, 1)]})
        octets += len(composed.pictures[0, key][0])
        number += 1
        fixture.tick += number % 3 == 0
    assert 8 * octets < 1.1 * QUALITIES[USUAL].bitrate * number / 25


def test_the_newest_picture_wins() -> None:
    fixture = CompositorFixture()
    frames = coded("H264", RED) + coded("H264", GREEN, stream=2)
    fixture.see((A, B, C, D), {"a": frames})
    assert alike(fixture.middle(A), GREEN)


def test_a_camera_that_stops_becomes_a_card() -> None:
    fixture = CompositorFixture()
    fixture.see((A, B, C, D), {"a": coded("VP8", RED)})
    fixture.now += STALE_S * 0.9
    fixture.see((A, B, C, D))
    assert alike(fixture.middle(A), RED)
    fixture.now += STALE_S * 0.2
    fixture.see((A, B, C, D))
    assert alike(fixture.colour(A.x + 20, A.y + 20), CARD)


def test_a_new_layout_moves_the_pictures_without_new_ones() -> None:
    fixture = CompositorFixture()
    fixture.see((A, B, C, D), {"a": coded("VP8", RED), "b": coded("VP8", GREEN)})
    whole = Tile("b", 0, 0, WIDTH, HEIGHT)
    fixture.see((whole,), labels=dict.fromkeys("abcd", "x"))
    assert [alike(fixture.colour(x, 100), GREEN) for x in (40, 320, 600)] == [True] * 3
    fixture.see((A, B, C, D), labels=dict.fromkeys("abcd", "x"))
    assert (alike(fixture.middle(A), RED), alike(fixture.middle(B), GREEN)) == (True, True)


@pytest.mark.parametrize("kind", FAMILIES)
def test_no_frame_around_a_change_of_layout_is_black_or_misses_a_picture(kind: LayoutKind) -> None:
    """From the grid to any layout, to its heading and back: each frame shows every camera where it now stands."""
    colours = {"a": RED, "b": GREEN, "c": BLUE, "d": RED}
    fixture, labels = CompositorFixture(), dict.fromkeys("abcd", "x")
    fixture.see((A, B, C, D), {seat: coded("VP8", colour) for seat, colour in colours.items()}, labels=labels)
    heading_tile = heading(Layout(title=True), WIDTH, HEIGHT)
    for layout in (Layout(kind), Layout(kind, title=True), Layout(kind, "d"), Layout()):
        tiles = arrange(layout, list(colours), "b", WIDTH, HEIGHT)
        shown_heading = Heading(heading_tile, "Họp", "") if layout.title else None
        compositor = fixture.compositor
        compositor.compose(
            ComposeRequest(fixture.now, (CompositionJob(0, 0, tiles, {}, shown_heading),), labels, {}, None)
        )
        first = compositor._painters[0, False].canvas.frame
        assert [tile for tile in tiles if not alike(middle(first, tile), colours[tile.seat])] == []
        ground = Canvas(WIDTH, HEIGHT)
        for tile in (*tiles, *([heading_tile] if shown_heading else [])):
            ground.fill(tile, (1, 1, 1))
        for now, bare in zip(planes(first), planes(ground.frame), strict=True):
            assert (now[bare != 1] == bare[bare != 1]).all(), "something of the old layout is left"


def middle(picture: VideoFrame, tile: Tile) -> Colour:
    return colour_at(picture, tile.x + tile.width // 2 & ~1, tile.y + tile.height * 2 // 5 & ~1)


def test_a_mark_that_changes_does_not_scale_the_picture_again() -> None:
    fixture = CompositorFixture()
    fixture.see((A, B, C, D), {"a": coded("VP8", RED, size=(480, 270))})
    (scaled,) = fixture.compositor._cameras["a"]._scaled.values()
    fixture.compositor.compose(
        ComposeRequest(fixture.now, (CompositionJob(0, 1, (A,), {}),), {"a": "a"}, {}, None, {"a": ("floor",)})
    )
    (again,) = fixture.compositor._cameras["a"]._scaled.values()
    assert again is scaled
    fixture.see((A, B, C, D), {"a": coded("VP8", BLUE, size=(480, 270), stream=2)})
    assert alike(fixture.middle(A), BLUE)


def test_the_speaker_has_a_frame() -> None:
    fixture = CompositorFixture()
    fixture.see((A, B, C, D), {"a": coded("VP8", RED)}, speaker="a")
    assert fixture.picture is not None
    luma = planes(fixture.picture)[0][A.y + 86 : A.y + 94, A.x : A.x + BORDER_PX]
    assert abs(luma.mean() - ACCENT[0]) < 20 < abs(ACCENT[0] - RED[0])
    fixture.see((A, B, C, D))
    assert alike(fixture.colour(A.x + 8, A.y + 90), RED)


def test_names_are_drawn_and_change() -> None:
    fixture = CompositorFixture()
    pictures: list[NDArray[np.uint8]] = []
    for name in ("Ninh Hoà", "Ninh Hoà", "Vạn Ninh"):
        fixture.see((A,), {"a": coded("H264", (235, 128, 128))} if not pictures else {}, labels={"a": name})
        assert fixture.picture is not None
        luma, *_ = planes(fixture.picture)
        pictures.append(luma[A.y + A.height - 24 : A.y + A.height, A.x : A.x + 140])
    assert pictures[0].min() < 100 < 180 < pictures[0].max()
    differences = [abs(a.astype(int) - b).mean() for a, b in itertools.pairwise(pictures)]
    assert differences[0] < 3 < 8 < differences[1]


def test_broken_cameras_are_reported_and_keep_their_last_picture() -> None:
    fixture = CompositorFixture()
    fixture.see((A, B, C, D), {"a": coded("VP8", RED), "b": coded("VP8", GREEN)})
    garbage = Frame("VP8", b"\x10\x02\x00garbage", False, 0, 1)
    composed = fixture.see((A, B, C, D), {"a": [garbage]})
    assert composed.broken == {"a"}
    assert (alike(fixture.middle(A), RED), alike(fixture.middle(B), GREEN)) == (True, True)
    delta = coded("VP8", BLUE, 2)[1:]
    assert fixture.see((A, B, C, D), {"a": delta}).broken == set()  # waits for a key frame
    assert alike(fixture.middle(A), RED)
    fixture.see((A, B, C, D), {"a": coded("VP8", BLUE)})
    assert alike(fixture.middle(A), BLUE)


def test_a_huge_camera_is_broken() -> None:
    fixture = CompositorFixture()
    assert fixture.see((A, B, C, D), {"a": [Frame("VP8", huge_keyframe(), True, 0, 1)]}).broken == {"a"}


def test_one_picture_is_encoded_for_each_codec_asked_for_and_for_no_other() -> None:
    compositor = Compositor(WIDTH, HEIGHT, 25)
    wanted: list[dict[RenditionKey, bool]] = [{H264: True}, {H264: False, VP8: True}, {VP8: False}, {VP8: True}, {}]
    made = []
    for tick, renditions in enumerate(wanted):
        composed = compositor.compose(
            ComposeRequest(tick / 25, (CompositionJob(0, tick, (A,), renditions),), {"a": "A"}, {}, None)
        )
        made.append({key: keyframe for (_, key), (_, keyframe) in composed.pictures.items()})
    assert made == wanted
    assert compositor._painters[0, False].encoders == {}


def test_each_quality_comes_in_its_size_and_the_smallest_in_every_second_picture() -> None:
    compositor = Compositor(WIDTH, HEIGHT, 25)
    steps = {("H264", step): VideoDecoder("H264") for step in range(USUAL + 1)}
    sizes: dict[int, list[tuple[int, int]]] = {step: [] for _, step in steps}
    for tick in range(4):
        job = CompositionJob(0, tick, (A,), dict.fromkeys(steps, tick == 0))
        composed = compositor.compose(ComposeRequest(tick / 25, (job,), {"a": "A"}, {}, None))
        for (_, key), (data, _) in composed.pictures.items():
            picture = steps[key].decode(data)
            assert picture is not None
            sizes[key[1]].append((picture.width, picture.height))
    assert sizes == {0: 2 * [(160, 90)], 1: 4 * [(320, 180)], 2: 4 * [(640, 360)]}


def test_the_smallest_quality_goes_on_where_a_busy_machine_leaves_every_other_picture_out() -> None:
    compositor, smallest = Compositor(WIDTH, HEIGHT, 25), ("H264", 0)
    made = []
    for tick in (0, 1, 3, 5, 6, 7, 9):
        job = CompositionJob(0, tick, (A,), {smallest: tick == 0})
        made += [tick] * len(compositor.compose(ComposeRequest(tick / 25, (job,), {"a": "A"}, {}, None)).pictures)
    assert made == [0, 3, 5, 7, 9]


def test_pictures_of_one_room_share_what_is_decoded_and_each_is_forgotten_by_itself() -> None:
    compositor, whole = Compositor(WIDTH, HEIGHT, 25), Tile("a", 0, 0, WIDTH, HEIGHT)
    frames = {"a": coded("VP8", RED), "b": coded("VP8", GREEN)}
    both = (CompositionJob(0, 0, (A, B), {H264: True}), CompositionJob(1, 0, (whole,), {H264: True, VP8: True}))
    composed = compositor.compose(ComposeRequest(0.0, both, {"a": "A", "b": "B"}, frames, None))
    assert set(composed.pictures) == {(0, H264), (1, H264), (1, VP8)}
    shown = {key: VideoDecoder(key[1][0]).decode(data) for key, (data, _) in composed.pictures.items()}
    left, right = (320 // 4 * 2 - 60, 100), (WIDTH - 100, 100)
    for (number, key), picture in shown.items():
        assert picture is not None
        seen = [colour_at(picture, *place) for place in (left, right)]
        assert [alike(*pair) for pair in zip(seen, (RED, GREEN if number == 0 else RED), strict=True)] == [True] * 2, (
            key
        )
    assert compositor._cameras["a"].decoded == 1
    compositor.compose(ComposeRequest(0.04, both[1:], {"a": "A", "b": "B"}, {}, None))
    assert list(compositor._painters) == [(1, False)]
    compositor.compose(ComposeRequest(0.08, (), {"a": "A", "b": "B"}, {}, None))
    assert compositor._painters == {}


def test_a_camera_in_no_picture_that_is_due_is_decoded_all_the_same() -> None:
    compositor, labels = Compositor(WIDTH, HEIGHT, 25), {"a": "A", "b": "B"}
    bad = [Frame("VP8", b"\x10\x02\x00\x9d\x01\x2a", True, 0, 1)]
    composed = compositor.compose(ComposeRequest(0.0, (), labels, {"a": coded("VP8", RED), "b": bad}, None))
    assert (composed.broken, compositor._cameras["a"].decoded) == ({"b"}, 1)
    composed = compositor.compose(ComposeRequest(0.04, (), labels, {"b": coded("VP8", GREEN)}, None))
    assert (composed.broken, compositor._cameras["b"].decoded) == (set(), 1)


def test_a_picture_that_fails_costs_no_camera_its_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    fixture, picture = CompositorFixture(), VideoFrame(320, 180, "yuv420p")
    encoder = VideoEncoder("VP8", 320, 180, 25, 300_000)
    for at in range(4):
        for plane in planes(picture):
            plane[:] = 60 * at
        data, key = encoder.encode(picture, keyframe=not at)
        with monkeypatch.context() as patch:
            if at in (1, 2):
                patch.setattr(Painter, "paint", lambda *_: 1 / 0)
            with suppress(ZeroDivisionError):
                fixture.see((A, B), {"a": [Frame("VP8", data, key, 3600 * at, 1)]})
    assert fixture.compositor._cameras["a"].decoded == 4


def test_an_empty_card_carries_the_name_of_the_awaited_point() -> None:
    empty = Tile("", A.x, A.y, A.width, A.height)
    fixture, pictures = CompositorFixture(), []
    for tile in (empty, empty._replace(awaited="nt"), empty._replace(awaited="cr")):
        fixture.see((tile,), labels={"nt": "UBND.Nha Trang", "cr": "UBND.Cam Ranh"})
        painter = fixture.compositor._painters[0, False]
        pictures.append(planes(painter.canvas.frame)[0][A.y : A.y + A.height, A.x : A.x + A.width].copy())
    assert [int((picture > 150).sum()) > 50 for picture in pictures] == [False, True, True]
    assert not np.array_equal(pictures[1], pictures[2])


def test_a_seat_that_left_is_forgotten() -> None:
    fixture = CompositorFixture()
    fixture.see((A, B, C, D), {"a": coded("VP8", RED)})
    fixture.see((B,), labels={"b": "B"})
    assert fixture.compositor._cameras == {}
