"""The server's answer, read back."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.endpoint.ice_checks import Credentials
from loadtest.endpoint.sdp_answer import BadAnswer, parse_answer
from loadtest.endpoint.sdp_offer import H264, MID_ID, OPUS, RID_ID, VP8, OfferOptions, Ssrcs, write_offer
from mediaserver.sdp.webrtc import Local, parse_offer, write_answer

ADDRESSES = (("192.0.2.1", 40000), ("2001:db8::1", 40000))


def answered(options: OfferOptions, camera_codecs: tuple[str, ...] = ("H264", "VP8")) -> str:
    offer = parse_offer(write_offer(options, Credentials("frag", "password" * 3), "sha-256 AB:CD", Ssrcs(1, (2, 3, 4))))
    local = Local("server-fragment", "server-password-1234567", "sha-256 01:23", ADDRESSES, {"0": 5, "2": 6})
    return write_answer(offer, local, camera_codecs)


def test_an_answer_gives_everything_a_link_needs() -> None:
    answer = parse_answer(answered(OfferOptions()))
    assert (answer.fragment, answer.password) == ("server-fragment", "server-password-1234567")
    assert answer.fingerprints == (("sha-256", "01:23"),)
    assert answer.candidates == ADDRESSES


def test_lines_say_what_the_server_takes() -> None:
    lines = parse_answer(answered(OfferOptions())).media
    assert lines["0"].codecs == ((OPUS, "opus"),)
    assert lines["1"].codecs == ((H264, "H264"), (VP8, "VP8"))
    assert lines["1"].rids == ("q", "h", "f")
    assert (lines["1"].mid_id, lines["1"].rid_id) == (MID_ID, RID_ID)
    assert [lines[mid].receives for mid in "012"] == [True, True, False]


def test_the_first_camera_codec_is_the_servers_choice() -> None:
    assert parse_answer(answered(OfferOptions(), ("VP8",))).media["1"].codecs == ((VP8, "VP8"),)


def test_rejected_lines_are_left_out() -> None:
    rejected = answered(OfferOptions()).replace("m=video 40000", "m=video 0")
    assert list(parse_answer(rejected).media) == ["0"]


@pytest.mark.parametrize(
    "missing",
    ["a=ice-ufrag:server-fragment\r\n", "a=ice-pwd:server-password-1234567\r\n", "a=fingerprint:sha-256 01:23\r\n"],
)
def test_an_answer_without_keys_is_bad(missing: str) -> None:
    with pytest.raises(BadAnswer):
        parse_answer(answered(OfferOptions()).replace(missing, ""))


WHOLE = answered(OfferOptions())
COMPOSED_HEIGHT = WHOLE.splitlines()


@given(st.lists(st.sampled_from(COMPOSED_HEIGHT) | st.text(max_size=40), max_size=60))
def test_any_lines_parse_or_are_bad(lines: list[str]) -> None:
    with suppress(BadAnswer):
        parse_answer("\r\n".join(lines))


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 30), st.text(max_size=10))
def test_any_damage_parses_or_is_bad(at: int, length: int, instead: str) -> None:
    with suppress(BadAnswer):
        parse_answer(WHOLE[:at] + instead + WHOLE[at + length :])
