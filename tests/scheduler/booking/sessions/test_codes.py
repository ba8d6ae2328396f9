"""Session codes are made at random, and typed ones are read."""

from itertools import zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking.sessions import codes


def test_fresh_codes_have_their_digits_and_differ() -> None:
    made = [codes.fresh(10) for _ in range(1000)]
    assert {(len(code), code.isdigit()) for code in made} == {(10, True)}
    assert len(set(made)) == 1000
    assert {code[0] for code in made} == set("0123456789")


@pytest.mark.parametrize("text", ["012 345 6789", " 0123456789\n", "0123\u00a0456789", "012-345.6789"])
def test_blanks_are_allowed(text: str) -> None:
    assert codes.typed(text, 10) == "0123456789"


@given(st.text(max_size=14))
def test_text_without_ten_digits_is_no_code(text: str) -> None:
    code = codes.typed(text, 10)
    assert code is None or (len(code) == 10 and set(code) <= set("0123456789"))


@pytest.mark.parametrize("text", ["", "123456789", "12345678901", "٠١٢٣٤٥٦٧٨٩", "²234567890", "123456789O", " " * 65])
def test_other_texts_are_no_codes(text: str) -> None:
    assert codes.typed(text, 10) is None


@given(st.text("0123456789", min_size=9, max_size=18), st.lists(st.sampled_from(" \t\u00a0\u202f-."), max_size=20))
def test_characters_between_the_digits_of_a_code_do_not_matter(code: str, between: list[str]) -> None:
    assert codes.typed("".join(map("".join, zip_longest(code, between, fillvalue=""))), len(code)) == code
