"""Recovery codes as they are written down and typed again."""

from hypothesis import given
from hypothesis import strategies as st

from signaling.accounts import recovery_codes


def test_ten_different_codes_in_groups_of_four() -> None:
    codes = recovery_codes.new_codes()
    assert len(set(codes)) == 10
    assert {tuple(map(len, code.split("-"))) for code in codes} == {(4, 4, 4)}


def test_a_code_is_read_however_it_is_typed() -> None:
    assert recovery_codes.bare(" ABCD-efgh 2345 ") == "abcdefgh2345"
    for text in ("abcd-efgh-234", "abcd-efgh-23456", "abcd-efgh-234l", "abcd-efgh-2340", "", "abcdefgh234٣"):
        assert recovery_codes.bare(text) is None


@given(st.text(max_size=40))
def test_any_text_is_a_code_or_none(text: str) -> None:
    code = recovery_codes.bare(text)
    assert code is None or recovery_codes.bare(code) == code
