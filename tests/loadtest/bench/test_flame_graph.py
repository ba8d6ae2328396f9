"""Stacks as a tree, and the tree as a picture.

Also tests `stack_sampler.py`.
"""

from xml.etree import ElementTree

from loadtest.bench.flame_graph import draw, fold

STACKS = """<frozen runpy>._run;main.main;engine.beat;mixer.tick 3
<frozen runpy>._run;main.main;engine.beat;tracks.flush 6
<frozen runpy>._run;main.main;udp.look<locals> 1
"""


def test_the_common_beginning_of_all_stacks_is_left_out() -> None:
    root = fold(STACKS)
    assert (root.name, root.samples) == ("media worker", 10)
    assert {name: block.samples for name, block in root.calls.items()} == {"engine.beat": 9, "udp.look<locals>": 1}
    assert {name: block.samples for name, block in root.calls["engine.beat"].calls.items()} == {
        "mixer.tick": 3,
        "tracks.flush": 6,
    }


def test_widths_are_shares_and_hints_say_them() -> None:
    figure = ElementTree.fromstring(draw(fold(STACKS)))
    space = "{http://www.w3.org/2000/svg}"
    drawn = [(group[0].text, group[1].get("width")) for group in figure.iter(f"{space}g")]
    assert drawn == [
        ("media worker: 100.0 %", "1000.0"),
        ("engine.beat: 90.0 %", "900.0"),
        ("mixer.tick: 30.0 %", "300.0"),
        ("tracks.flush: 60.0 %", "600.0"),
        ("udp.look<locals>: 10.0 %", "100.0"),
    ]


def test_nothing_sampled_is_an_empty_picture() -> None:
    assert fold("").samples == 0
    assert ElementTree.fromstring(draw(fold(""))).get("viewBox") == "0 0 1000 17"
