"""CSV files are UTF-8 with a mark for office programs, and no text in them is taken for a formula."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.files import csv_file

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(st.lists(st.lists(TEXTS, min_size=2, max_size=4), max_size=5))
def test_a_written_csv_file_reads_back_the_same(rows: list[list[str]]) -> None:
    read = csv.reader(io.StringIO(csv_file.file(rows).decode("utf-8-sig"), newline=""))
    assert [[csv_file.original(cell) for cell in row] for row in read] == rows


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_begins_as_a_formula_does_but_numbers_stay_numbers(sign: str) -> None:
    assert [csv_file.harmless(f"{sign}1"), csv_file.harmless("a")] == [f"'{sign}1", "a"]
    assert csv_file.text([("-1", -1, "")]) == "'-1,-1,\r\n"


def test_the_mark_comes_first_and_once() -> None:
    assert csv_file.file([("Tên",), ("Lê",)]) == b"\xef\xbb\xbfT\xc3\xaan\r\nL\xc3\xaa\r\n"
