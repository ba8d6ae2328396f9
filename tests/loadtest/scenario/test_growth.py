"""The table and the chart of growing meetings."""

from loadtest.scenario.growth import cases, chart, table
from tests.loadtest.report.case_results import figures, report


def test_each_number_of_points_is_one_meeting() -> None:
    assert [(case.name, case.sizes, case.kill) for case in cases((16, 40))] == [
        ("16", (16,), False),
        ("40", (40,), False),
    ]


def test_each_meeting_is_a_row() -> None:
    whole = report(figures(seconds=10.0, received=90_000), figures(seconds=10.0, received=0, joined=40))
    first, second = table(whole).splitlines()[2:]
    assert first == "| 160 | 80 | 25 | 90 % of a core | 100.0 | 600 MB | 1 s |"
    assert second.startswith("| 40 | ")
    assert chart(whole).startswith("<svg ")
