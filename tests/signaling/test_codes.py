import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling import codes

CODES = st.text("0123456789", min_size=10, max_size=10)


@given(CODES, st.lists(st.tuples(st.integers(0, 12), st.sampled_from(" \t\u00a0-.")), max_size=20))
def test_blanks_anywhere_do_not_matter(code: str, blanks: list[tuple[int, str]]) -> None:
    typed = code
    for place, blank in blanks:
        typed = typed[:place] + blank + typed[place:]
    assert codes.normalise(typed) == code


@given(CODES)
def test_spaced_is_read_back(code: str) -> None:
    assert codes.normalise(codes.spaced(code)) == code


@given(CODES)
def test_masked_shows_two_digits(code: str) -> None:
    assert codes.masked(code) == "••••••••" + code[8:]


@given(st.text())
def test_any_text_is_a_code_or_refused(text: str) -> None:
    try:
        code = codes.normalise(text)
    except codes.BadCodeError:
        return
    assert (len(code), set(code) <= set("0123456789")) == (10, True)


@pytest.mark.parametrize("text", ["", "123456789", "12345678901", "١٢٣٤٥٦٧٨٩٠", "²234567890", "123456789O", " " * 65])
def test_refused(text: str) -> None:
    with pytest.raises(codes.BadCodeError):
        codes.normalise(text)
