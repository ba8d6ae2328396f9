"""Codes as made and as typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler import codes


def test_fresh_codes_have_their_digits_and_differ() -> None:
    made = [codes.fresh(10) for _ in range(1000)]
    assert {(len(code), code.isdigit()) for code in made} == {(10, True)}
    assert len(set(made)) == 1000
    assert {code[0] for code in made} == set("0123456789")


@pytest.mark.parametrize("text", ["012 345 6789", " 0123456789\n", "0123\u00a0456789"])
def test_blanks_are_allowed(text: str) -> None:
    assert codes.typed(text, 10) == "0123456789"


@given(st.text(max_size=14))
def test_what_is_no_code(text: str) -> None:
    code = codes.typed(text, 10)
    assert code is None or (len(code) == 10 and set(code) <= set("0123456789"))


def test_other_digits_are_no_digits() -> None:
    assert codes.typed("٠١٢٣٤٥٦٧٨٩", 10) is None
