"""Tests of drawn names."""

import unicodedata
from math import ceil

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from mediaserver.video.labels import FONT, fitting, mask, readable


@given(st.text(max_size=80), st.integers(8, 60), st.integers(30, 500))
@example("0\u20290\u2028\x85", 8, 30)
def test_any_name_is_drawn_within_its_width(text: str, size: int, half: int) -> None:
    drawn = mask(text, size, 2 * half)
    height, width = drawn.shape
    assert drawn.dtype == np.uint8
    assert (height & 1, width & 1) == (0, 0)
    assert 2 <= width <= 2 * half and 2 <= height <= 2 * size


@given(st.text(max_size=80), st.integers(8, 60), st.integers(30, 500))
@example("NT.XuongHuan.01 · UBND phường Xương Huân", 22, 80)
@example("0 \x1b\r0", 8, 30)
def test_what_fits_is_what_is_drawn(text: str, size: int, half: int) -> None:
    assert np.array_equal(mask(fitting(text, size, 2 * half), size, 2 * half), mask(text, size, 2 * half))


def ink(text: str) -> int:
    return int((mask(text, 32, 2000) > 127).sum())


@pytest.mark.parametrize(("marked", "plain"), list(zip("ăâđêôơưếộữỵỄằ", "aadeoouêôưyÊă", strict=True)))
def test_vietnamese_marks_are_drawn(marked: str, plain: str) -> None:
    assert not np.array_equal(mask(marked, 32, 400), mask(plain, 32, 400))
    assert not np.array_equal(mask(marked, 32, 400), mask("\u0378", 32, 400)), "a box instead of the letter"


@pytest.mark.parametrize("letters", ["àáảãạ", "ằắẳẵặ", "ầấẩẫậ", "ềếểễệ", "ồốổỗộ", "ờớởỡợ", "ừứửữự", "ỳýỷỹỵ", "ÀÁẢÃẠ"])
def test_the_five_tones_can_be_distinguished(letters: str) -> None:
    assert len({mask(letter, 32, 400).tobytes() for letter in letters}) == 5


@pytest.mark.parametrize("size", range(13, 81))
def test_marks_above_and_below_are_not_cut_off(size: int) -> None:
    text = "ỄẲgỵậ"
    image = Image.new("L", (10 * size, 4 * size))
    ImageDraw.Draw(image).text((size, size), text, fill=255, font=ImageFont.truetype(str(FONT), size))
    assert mask(text, size, 2000).any(axis=1).sum() == np.asarray(image).any(axis=1).sum()


@pytest.mark.parametrize("size", [13, 15, 17, 20, 22, 36, 48])
@pytest.mark.parametrize(
    "name",
    ["UBND.Nha Trang.01 · UBND thành phố Nha Trang", "AVATAR ToTyV. WAY 1/2 (x) – “q”", "Sở Ngoại vụ Ễ Ặ Ữ ợ", "س ق"],
)
def test_letters_stand_where_they_stand_in_a_text_drawn_whole(name: str, size: int) -> None:
    font, drawn = ImageFont.truetype(str(FONT), size), mask(name, size, 2000)
    image = Image.new("L", drawn.shape[::-1])
    whole = ImageDraw.Draw(image)
    whole.text((round(size * 0.45), ceil(size * 0.32)), name, fill=255, font=font)
    assert np.abs(drawn.astype(int) - np.asarray(image)).max() <= 4


def test_composed_and_decomposed_names_look_alike() -> None:
    name = "Điểm cầu Vạn Ninh – Khánh Hoà"
    assert np.array_equal(mask(name, 32, 2000), mask(unicodedata.normalize("NFD", name), 32, 2000))


@pytest.mark.parametrize("name", ["<b>Xã A</b>", "<script>alert(1)</script>", "%s {0} $x \\n", "'; DROP TABLE --"])
def test_markup_is_drawn_as_it_stands(name: str) -> None:
    assert readable(name) == name
    assert ink(name) == pytest.approx(sum(ink(letter) for letter in name if letter != " "), rel=0.12)


@pytest.mark.parametrize(
    "name",
    ["X\u202ea\u0303 A", "X\u200fã A\x00", "\x1b[2JXã A"[4:], "Xã\r A\n", "\ufeffXã\u2066 A\u2069", " Xã A\x07 "],
)
def test_controls_and_directions_are_left_out(name: str) -> None:
    assert readable(name) == "Xã A"
    assert np.array_equal(mask(name, 32, 400), mask("Xã A", 32, 400))


def test_a_long_name_is_shortened_with_an_ellipsis() -> None:
    long = "Uỷ ban nhân dân thị xã Ninh Hoà, tỉnh Khánh Hoà"
    drawn = mask(long, 32, 300)
    assert drawn.shape[1] <= 300
    cut = next(
        long[:n].rstrip() + "…"
        for n in range(len(long), 0, -1)
        if np.array_equal(drawn, mask(long[:n] + "…", 32, 2000))
    )
    assert long.startswith(cut[:-1])


def test_a_short_label_is_the_registered_name_alone_and_keeps_its_number() -> None:
    whole, name = "UBND.Nha Trang.02 · UBND thành phố Nha Trang", "UBND.Nha Trang.02"
    assert np.array_equal(mask(whole, 32, 2000), mask(whole.replace(" · ", " \u00b7 "), 32, 2000))
    width = mask(name, 32, 2000).shape[1] + 2
    assert np.array_equal(mask(whole, 32, width), mask(name, 32, width))
    short = mask(whole, 32, width - 40)
    cut = ["UBND.Nha Trang"[:n].rstrip(" .") + "….02" for n in range(14, 0, -1)]
    assert any(np.array_equal(short, mask(each, 32, 2000)) for each in cut)


def test_a_name_without_end_costs_nothing_much() -> None:
    drawn = mask("Khánh " * 20_000, 32, 300)
    assert drawn.shape[1] <= 300


@pytest.mark.parametrize("name", ["", " ", "\x00", "\u202e"])
def test_no_name_draws_nothing(name: str) -> None:
    assert not mask(name, 32, 400).any()
