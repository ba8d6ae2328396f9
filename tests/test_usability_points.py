"""Each of the 44 points of usability is shown by browser tests that are named after it, in Chromium and in Firefox."""

from tests.usability_points import (
    DEFECTS,
    POINTS,
    all_tests,
    browser_tests,
    defects,
    listed_defects,
    points_of,
    shown,
    table,
)

BOTH = {"Chromium", "Firefox"}
SOURCE = """
@pytest.fixture(params=["red", "fox"])
def page(people, request): ...

def test_ux_07_41_both(page):
    page.click()

def test_ux_08_one(blue, fox):
    blue.click()

def test_ux_defect_09_none(fox): ...

def meeting(red, fox):
    yield red, fox

def test_ux_10_a_part(meeting):
    meeting.chromium.click()

def test_ux_11_both_parts(meeting):
    for page in meeting.points: ...

def test_ux_12_only_in_one(page):
    if page.browser_type == "chromium":
        expect(page)
"""


def test_a_test_is_named_after_its_points_and_shows_them_in_the_browsers_that_it_uses() -> None:
    assert points_of("test_ux_07_41_names_are_never_covered") == [7, 41]
    assert points_of("test_ux_defect_09_offline") == []
    assert [(each.point, set(each.browsers), each.skips) for each in shown([("room", SOURCE)])] == [
        (7, BOTH, False),
        (41, BOTH, False),
        (8, {"Chromium"}, False),
        (10, {"Chromium"}, False),
        (11, BOTH, False),
        (12, BOTH, True),
    ]


def test_each_point_is_shown_in_both_browsers() -> None:
    browsers: dict[int, set[str]] = {point: set() for point in POINTS}
    for each in shown(browser_tests()):
        browsers[each.point] |= each.browsers
    assert {point for point in POINTS if browsers[point] != BOTH} == set()
    assert {(each.point, each.module) for each in shown(browser_tests()) if each.skips} == set()


def test_the_table_of_points_names_tests_that_show_them() -> None:
    found: dict[int, set[str]] = {point: set() for point in POINTS}
    for each in shown(browser_tests()):
        found[each.point].add(each.module)
    named = table()
    assert list(named) == list(POINTS)
    assert {point: modules - found[point] for point, modules in named.items() if modules - found[point]} == {}
    assert {point for point, modules in named.items() if not modules} == set()


def test_each_fault_that_was_seen_is_listed_and_held_by_a_test_with_its_number() -> None:
    assert defects("def test_ux_07_defect_10_20_names(): ...\ntest('test_ux_defect_25 a', () => {") == {10, 20, 25}
    assert listed_defects() == list(DEFECTS)
    assert set(DEFECTS) - set().union(*map(defects, all_tests())) == set()
