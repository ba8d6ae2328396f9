"""docs/compliance.md: made of its data, every row whole, and what is named as evidence exists."""

import re
from dataclasses import replace

from tests.compliance import PAGE, ROOT, Row, Section, exists, faults, page, read, summary

SHOWN = "tests/test_compliance.py::test_the_page_is_up_to_date"
GOOD = Row("T-01", "5.6", "a demand", "met", "does it", (SHOWN,), "")


def test_the_page_is_up_to_date() -> None:
    """`python -m tests.compliance` writes it."""
    assert PAGE.read_text("utf-8") == page(read())


def test_each_row_is_whole_and_its_evidence_exists() -> None:
    assert list(faults([row for section in read() for row in section.rows])) == []


def test_faulty_rows_are_named() -> None:
    rows = [
        GOOD,
        replace(GOOD, id="T-02", missing="something"),
        replace(GOOD, id="T-03", state="part"),
        replace(GOOD, id="T-04", shown=()),
        replace(GOOD, id="T-05", shown=(SHOWN + "_not", "docs/operations.md#no-such-heading", "docs/no-such-page.md")),
        replace(GOOD, id="T-06", state="site"),
        replace(GOOD, id="T-06", state="not met", missing="all of it", shown=()),
    ]
    assert list(faults(rows)) == [
        "T-06: 2 times",
        "T-02: met, and missing: something",
        "T-03: part, and missing: nothing",
        "T-04: met, and nothing shows it",
        f"T-05: there is no {SHOWN}_not",
        "T-05: there is no docs/operations.md#no-such-heading",
        "T-05: there is no docs/no-such-page.md",
        "T-06: the site does nothing",
    ]


def test_every_clause_of_the_article_has_a_row() -> None:
    article = read()[-1]
    assert {row.clause for row in article.rows} == {"khoản 1", "khoản 2", "khoản 3", "khoản 4"}


def test_a_summary_tells_rows_of_the_standard_and_those_with_a_test() -> None:
    sections = [
        Section("TCVN 14423:2026", (GOOD,)),
        Section("Điều 7", (replace(GOOD, id="Đ7.1", shown=("README.md",)),)),
    ]
    assert summary(sections) == {
        "T-01": {"state": "met", "standard": True, "tested": True},
        "Đ7.1": {"state": "met", "standard": False, "tested": False},
    }


def test_evidence_is_a_file_a_function_or_a_heading() -> None:
    assert [exists(each) for each in (SHOWN, "SECURITY.md", "docs/operations.md#ports", "docs", "tests::x")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert (ROOT / "docs/compliance.yaml").is_file()


def test_threats_name_tests_that_exist() -> None:
    named = re.findall(r"`(tests/[^`]+)`", (ROOT / "docs/threats.md").read_text("utf-8"))
    assert [each for each in named if not exists(each)] == []
    assert len(named) > 20
