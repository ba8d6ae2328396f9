"""The report's page: one file without external ones, escaped texts, and every failed criterion is shown.

Also tests `verdict.py`.
"""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from loadtest.report.html_page import page
from loadtest.report.verdict import ALWAYS
from tests.loadtest.report.case_results import figures, report

VOID = {"meta", "br"}


PROPOSAL = {
    "sessions": 7,
    "points": 238,
    "share": 0.8,
    "cases": ["a", "b"],
    "why": {
        "session_pct": 22.0,
        "point_pct": 0.2,
        "budget_pct": 160.0,
        "usable_sessions": 5,
        "usable_points": 190,
        "expected_pct": 148.0,
        "seen_sessions": 6,
        "seen_points": 190,
    },
    "need": {"sessions": 16, "points": 204, "cores": 4.9},
}


class Balanced(HTMLParser):
    """Fails at the first tag that is not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_it_is_one_whole_file_that_fetches_nothing() -> None:
    text = page(report(figures(), proposal=PROPOSAL))
    assert Balanced(text).open == []
    links = set(re.findall(r"https?://[^\"' ]*|(?:src|href)=\S+|url\(\S+|@import", text))
    assert links == {"http://www.w3.org/2000/svg"}
    assert "<script" not in text
    assert text.count("<svg") == 6
    assert "7 phiên, 238 điểm cầu" in text
    assert "(a), (b)" in text


def test_texts_of_servers_and_names_are_escaped() -> None:
    bad = "<img src=x onerror=alert(1)>"
    text = page(report(figures(failures=[bad], title={"vi": bad, "en": bad})))
    assert "<img" not in text
    assert Balanced(text).open == []


def test_a_report_without_cases_or_proposal_is_a_page() -> None:
    assert "Chưa đủ số liệu" in page(report())


@pytest.mark.parametrize(
    ("word", "change"),
    [
        ("joined", {"joined": 159}),
        ("join", {"join_s": {"median": 1, "p95": 5.1, "max": 9}}),
        ("pictures", {"pictures_per_s": {"median": 23.9, "p5": 23, "least": 1}}),
        ("pictures-p5", {"pictures_per_s": {"median": 25, "p5": 19.9, "least": 1}}),
        ("lines", {"lines": {"wanted": 720, "points": 159, "of": 160, "least": 360}}),
        ("loss", {"loss_pct": 0.11}),
        ("sound", {"sound": {"gaps": 1, "points_with_gaps": 1, "longest_ms": 301}}),
        ("hit", {"kill": figures()["kill"] | {"hit": 0, "times_s": []}}),
        ("back", {"kill": figures()["kill"] | {"back": 159}}),
        ("back-time", {"kill": figures()["kill"] | {"back_s": {"median": 1, "p95": 2, "max": 15.1}}}),
    ],
)
def test_a_failed_criterion_is_the_only_one_and_shown(word: str, change: dict[str, Any]) -> None:
    case = figures(**change)
    assert [verdict["word"] for verdict in case["verdicts"] if not verdict["passed"]] == [word]
    assert page(report(case)).count("✗ Không đạt") == 2


def test_a_case_that_did_not_run_in_full_is_no_plain_pass() -> None:
    assert page(report(figures())).count("Đạt ở mức đã chạy") == 1
    assert page(report(figures(whole=True))).count("Đạt ở mức đã chạy") == 0


def test_a_run_on_a_smaller_scale_says_so() -> None:
    small = report(figures())
    assert "only a trial" not in page(small)
    small["conditions"]["scale"] = 0.1
    assert "only a trial, at 10 % of the points" in page(small)


def test_a_good_case_passes_and_a_case_without_a_kill_has_no_criteria_for_it() -> None:
    assert all(verdict["passed"] for verdict in figures()["verdicts"])
    assert len(figures(kill=None)["verdicts"]) == len(ALWAYS)
