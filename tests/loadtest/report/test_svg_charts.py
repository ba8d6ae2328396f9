"""Charts: figures are drawn to scale, and texts are escaped."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.report.svg_charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Bar,
    Series,
    bar_chart,
    line_chart,
    nice,
    svg_file,
)

SVG = "{http://www.w3.org/2000/svg}"


def parsed_svg(figure: str) -> ElementTree.Element:
    return ElementTree.fromstring(figure[figure.index("<svg") : figure.index("</svg>") + 6])


def test_bars_stand_one_after_the_other_to_scale() -> None:
    root = parsed_svg(bar_chart("CPU", [Bar("a", [("x", 40), ("y", 60)]), Bar("b", [("y", 25)])], "%"))
    rects = [(float(r.get("x", "")), float(r.get("width", "")), r.get("fill")) for r in root.iter(f"{SVG}rect")]
    full = WIDTH - LEFT - RIGHT
    assert [(x, width) for x, width, _ in rects] == [
        (LEFT, 0.4 * full),
        (LEFT + 0.4 * full, 0.6 * full),
        (LEFT, 0.25 * full),
    ]
    assert rects[1][2] == rects[2][2] != rects[0][2]


def test_a_line_ends_where_its_last_point_is() -> None:
    root = parsed_svg(line_chart("t", [Series("n", [(0, 0), (100, 10)])], "x", "y"))
    path = next(p.get("d") for p in root.iter(f"{SVG}path") if p.get("stroke-width") == "2")
    assert path == f"M60.0 {HEIGHT - BOTTOM:.1f}L{WIDTH - RIGHT:.1f} {TOP:.1f}"


def test_nothing_to_draw_is_drawn() -> None:
    parsed_svg(line_chart("t", [Series("n", [])], "x", "y"))
    parsed_svg(bar_chart("t", [], "%", limit=5))


def test_texts_are_escaped() -> None:
    figure = bar_chart('<a> & "b"', [Bar("<script>", [("<i>", 1)])], "<%>")
    assert not [tag for tag in ("<script", "<i>", "<a>", "<%>") if tag in figure]
    texts = [text.text for text in parsed_svg(figure).iter(f"{SVG}text")]
    assert "<script>" in texts


@given(st.floats(1e-6, 1e9))
def test_the_grid_ends_on_a_round_number_not_far_above(value: float) -> None:
    top = nice(value)
    assert value <= top * (1 + 1e-9) and top <= 2.5 * value
    assert f"{top:e}"[0] in "125"


def test_round_numbers_stay() -> None:
    assert [nice(v) for v in (1, 2, 25, 30, 200)] == pytest.approx([1, 2, 25, 50, 200])


def test_a_drawing_is_a_file_of_its_own() -> None:
    root = ElementTree.fromstring(svg_file(line_chart("t", [Series("n", [(1, 2), (3, 4)])], "x < y", "z")))
    assert root.tag == f"{SVG}svg"
    assert (root[0].tag, root[0].get("fill")) == (f"{SVG}rect", "white")
    assert "x < y" in [text.text for text in root.iter(f"{SVG}text")]
