"""Tests tile_allocation.py: layers within a budget, and m-lines that stay with their tiles."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.room.tile_allocation import (
    NOTHING,
    LayerChoice,
    TileDemand,
    allocate,
    assign,
    in_parts,
    layer_choice,
    lowest_bitrate,
    wanted_bitrate,
)

LAYERS = (LayerChoice(180, 130, 130), LayerChoice(360, 500, 500), LayerChoice(720, 1700, 1700))
LARGEST = LAYERS[-1]
PARTS = in_parts(TileDemand("", 0, LAYERS), 130, (0.4, 0.6, 1.0), LARGEST).layers
SCREEN = (LayerChoice(720, 1500, 1500),)


def allocated(demands: list[TileDemand], budget: int) -> dict[str, int] | None:
    """Return the height of each tile's layer."""
    chosen = allocate(demands, budget)
    return None if chosen is None else {tile: layer.height for tile, layer in chosen.items()}


def test_all_layers_are_as_high_as_their_tiles_where_the_line_carries_that() -> None:
    demands = [TileDemand("a", 180, LAYERS), TileDemand("b", 200, LAYERS), TileDemand("c", 1080, LAYERS)]
    assert wanted_bitrate(demands) == 130 + 500 + 1700
    assert allocated(demands, 2330) == {"a": 180, "b": 360, "c": 720}


def test_the_speaker_is_raised_first_then_larger_tiles_then_those_in_front() -> None:
    demands = [
        TileDemand("a", 240, LAYERS),
        TileDemand("b", 240, LAYERS),
        TileDemand("large", 480, LAYERS),
        TileDemand("speaker", 240, LAYERS, first=True),
    ]
    assert lowest_bitrate(demands) == 520
    assert allocated(demands, 519) is None
    assert allocated(demands, 520) == {"a": 180, "b": 180, "large": 180, "speaker": 180}
    assert allocated(demands, 890) == {"a": 180, "b": 180, "large": 180, "speaker": 360}
    assert allocated(demands, 1260) == {"a": 180, "b": 180, "large": 360, "speaker": 360}
    assert allocated(demands, 1630) == {"a": 360, "b": 180, "large": 360, "speaker": 360}


def test_a_screen_has_one_size_and_is_sent_whole_or_not_at_all() -> None:
    demands = [TileDemand("content:a", 540, SCREEN, first=True), TileDemand("a", 180, LAYERS)]
    assert allocated(demands, 1629) is None
    assert allocated(demands, 1630) == {"content:a": 720, "a": 180}


def test_a_layer_counts_with_what_it_sends_once_that_is_known() -> None:
    assert layer_choice(720, None, 1700, NOTHING) == LayerChoice(720, 1700, 1700)
    assert layer_choice(720, 800, 1700, LARGEST) == LayerChoice(720, 800, 1700)
    assert layer_choice(720, 2000, 1700, LARGEST) == LayerChoice(720, 2000, 2000), "its sender is no page"


def test_a_layer_that_hardly_fits_stays_and_does_not_come() -> None:
    def forwarded(before: LayerChoice, sends: int) -> int:
        choices = (LayerChoice(180, 130, 130), layer_choice(360, sends, 500, before))
        return (allocated([TileDemand("a", 360, choices)], 400) or {})["a"]

    assert [forwarded(LAYERS[0], sends) for sends in (321, 320)] == [180, 360]
    assert [forwarded(LAYERS[1], sends) for sends in (400, 401)] == [360, 180]
    assert layer_choice(360, 450, 500, LAYERS[0]).bitrate == 500, "it never takes more"


def test_temporal_layers_are_dropped_before_tiles_and_come_back_before_any_tile_grows() -> None:
    def layers(budget: int, forwarded: LayerChoice = LARGEST) -> list[tuple[int, int | None]] | None:
        demands = [TileDemand(name, 720, LAYERS, first=name == "speaker") for name in ("a", "b", "speaker")]
        chosen = allocate([in_parts(demand, 130, (0.4, 0.6, 1.0), forwarded) for demand in demands], budget)
        return None if chosen is None else [(layer.height, layer.temporal_layer) for layer in chosen.values()]

    assert layers(155) is None
    assert layers(156) == [(180, 0), (180, 0), (180, 0)]
    assert layers(182) == [(180, 0), (180, 0), (180, 1)]
    assert layers(234) == [(180, 0), (180, 0), (180, None)]
    assert layers(389) == [(180, None), (180, 1), (180, None)]
    assert layers(390) == [(180, None), (180, None), (180, None)]
    assert layers(760) == [(180, None), (180, None), (360, None)]
    assert layers(195, NOTHING) == [(180, 0), (180, 0), (180, 0)], "a quarter more until it is forwarded"
    assert layers(194, NOTHING) is None


def test_a_layer_with_more_pictures_is_above_one_with_fewer() -> None:
    order = [
        NOTHING,
        *(LayerChoice(height, 1, 1, part) for height in (180, 360) for part in (0, 1, None)),
    ]
    for at, lower in enumerate(order):
        assert [layer.above(lower) for layer in order] == [number > at for number in range(len(order))]


@given(
    st.lists(
        st.tuples(st.integers(0, 1200), st.booleans(), st.sampled_from([LAYERS, LAYERS[1:], SCREEN, PARTS])), max_size=5
    ),
    st.integers(0, 6000),
)
def test_no_tile_could_be_raised_within_the_budget(
    wishes: list[tuple[int, bool, tuple[LayerChoice, ...]]], budget: int
) -> None:
    demands = [TileDemand(str(number), *wish[:1], wish[2], wish[1]) for number, wish in enumerate(wishes)]
    chosen = allocate(demands, budget)
    fits = [
        combination
        for combination in product(*(demand.layers for demand in demands))
        if sum(layer.bitrate for layer in combination) <= budget
    ]
    if chosen is None:
        assert fits == []
        return
    mine = tuple(chosen[demand.tile] for demand in demands)
    assert mine in fits
    for number, demand in enumerate(demands):
        higher = [layer for layer in demand.layers[: demand.wanted + 1] if layer.above(mine[number])]
        assert all((*mine[:number], layer, *mine[number + 1 :]) not in fits for layer in higher)


def test_a_tile_that_stays_keeps_its_m_line() -> None:
    assert assign({"a": "1", "b": "2"}, {"1", "2"}, ["b", "c"], ["1", "2", "3"]) == {"b": "2", "c": "3"}


def test_no_camera_comes_in_the_m_line_of_a_tile_that_is_seen_unless_there_is_no_other() -> None:
    assert assign({"a": "1", "b": "2"}, {"1", "2"}, ["c", "d"], ["1", "2", "3"]) == {"c": "3", "d": "1"}


def test_tiles_beyond_the_m_lines_get_none() -> None:
    assert assign({}, set(), ["a", "b", "c"], ["1", "2"]) == {"a": "1", "b": "2"}


@given(
    st.lists(st.sampled_from("abcdef"), unique=True),
    st.lists(st.sampled_from("abcdef"), unique=True),
    st.integers(0, 6),
)
def test_each_m_line_has_one_tile_whatever_was_before(before: list[str], tiles: list[str], number: int) -> None:
    mids = [str(each) for each in range(number)]
    first = assign({}, set(), before, mids)
    second = assign(first, set(first.values()), tiles, mids)
    assert len(set(second.values())) == len(second) == min(len(tiles), number)
    assert {tile: second[tile] for tile in first if tile in second} == {
        tile: mid for tile, mid in first.items() if tile in tiles and tile in second
    }
