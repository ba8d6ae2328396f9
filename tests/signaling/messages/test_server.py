"""Messages of the WebSocket: what clients and the server write is read back, and malformed messages are refused.

Also tests `calls.py`, `captions.py`, `chat.py`, `incidents.py`, `joining.py`, `layouts.py`, `media.py`,
`recording.py`, `script.py`, `seats.py` and `words.py` in this folder, and `signaling/core/texts.py`,
`signaling/core/timestamps.py` and `signaling/core/directory_texts.py`.
"""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.api import ForwardedTile, TilesForwarded
from scheduler.core.text import REFUSED
from signaling.core import timestamps
from signaling.core.errors import MessageError
from signaling.core.texts import FAULTS
from signaling.messages import chat, joining, layouts, media, recording, seats, words
from signaling.messages import server as m
from signaling.messages import votes as v

TAKEN = st.characters(codec="utf-8").filter(lambda letter: REFUSED.search(letter) is None)
SHORT = st.text(TAKEN, min_size=1, max_size=64)
REF = st.none() | st.text(st.characters(exclude_categories=["Cc", "Cf", "Cn", "Cs"]), max_size=64)
MESSAGES = st.one_of(
    st.builds(joining.Join, type=st.just("join"), code=SHORT, resume=st.none() | SHORT, ref=REF),
    st.builds(media.Offer, type=st.just("offer"), sdp=st.text(TAKEN, min_size=1), ref=REF),
    st.builds(seats.Hand, type=st.just("hand"), raised=st.booleans(), ref=REF),
    st.builds(media.MediaState, type=st.just("media"), mic=st.booleans(), camera=st.booleans(), ref=REF),
    st.builds(media.View, type=st.just("view"), source=st.just("composed"), ref=REF),
    st.builds(media.OnePicture, type=st.just("one-picture"), on=st.booleans(), ref=REF),
    st.builds(seats.Hands, type=st.just("hands"), seats=st.lists(st.just("s1"), max_size=3), ref=REF),
    st.builds(seats.Lock, type=st.just("lock"), room=st.booleans(), hands=st.booleans(), ref=REF),
    st.builds(joining.End, type=st.just("end"), ref=REF),
    st.builds(media.OnePictureForAll, type=st.just("one-picture-all"), on=st.booleans(), ref=REF),
    st.builds(seats.Floor, type=st.just("floor"), seat=SHORT, open=st.booleans(), ref=REF),
    st.builds(seats.Gain, type=st.just("gain"), seat=SHORT, decibels=st.integers(-12, 12), ref=REF),
    st.builds(seats.MoveCamera, type=st.just("camera-move"), seat=SHORT, pan=st.integers(-1, 1), ref=REF),
    st.builds(seats.UseCameraPreset, type=st.just("camera-preset"), seat=SHORT, number=st.integers(0, 14), ref=REF),
    st.builds(seats.SelectCameraSource, type=st.just("camera-source"), seat=SHORT, number=st.integers(1, 15), ref=REF),
    st.builds(seats.MuteAll, type=st.just("mute-all"), ref=REF),
    st.builds(seats.FloorAbove, type=st.just("floor-above"), point=st.none() | SHORT, ref=REF),
    st.builds(seats.Lower, type=st.just("lower"), seat=SHORT, ref=REF),
    st.builds(
        layouts.SetLayout,
        type=st.just("layout"),
        kind=st.sampled_from(["grid", "1+7", "2+21"]),
        focus=st.none() | SHORT,
        seats=st.lists(st.none() | SHORT, max_size=64),
        page=st.integers(0, 999),
        rotate=st.integers(0, 3600),
        empty=st.booleans(),
        title=st.booleans(),
        clock=st.booleans(),
        ref=REF,
    ),
    st.builds(
        layouts.SetPreset,
        type=st.just("preset"),
        number=st.integers(1, 6),
        kind=st.sampled_from(["grid", "1+7"]),
        ref=REF,
    ),
    st.builds(recording.Record, type=st.just("record"), on=st.booleans(), pause=st.booleans(), ref=REF),
    st.builds(
        chat.WriteChat,
        type=st.just("chat"),
        text=st.sampled_from(["Mời", '<b>"&', "x" * 500]),
        to=st.none() | SHORT,
        ref=REF,
    ),
    st.builds(chat.OpenChat, type=st.just("chat-open"), on=st.booleans(), ref=REF),
    st.builds(
        v.OpenVote,
        type=st.just("vote-open"),
        question=st.sampled_from(["Thông qua?", "x" * 500]),
        choices=st.lists(st.sampled_from(["Tán thành", "Không", "x" * 100]), min_size=2, max_size=6),
        secret=st.booleans(),
        seconds=st.none() | st.integers(10, 7200),
        points=st.none() | st.lists(SHORT, min_size=1, max_size=5),
        ref=REF,
    ),
    st.builds(v.CastVote, type=st.just("vote"), vote=st.just("v"), choice=st.integers(0, 5), ref=REF),
    st.builds(
        v.RecordVote, type=st.just("vote-record"), vote=st.just("v"), point=SHORT, choice=st.integers(0, 5), ref=REF
    ),
    st.builds(v.CloseVote, type=st.just("vote-close"), vote=st.just("v"), announce=st.booleans(), ref=REF),
    st.builds(v.CancelVote, type=st.just("vote-cancel"), vote=st.just("v"), ref=REF),
    st.builds(v.ShowVote, type=st.just("vote-show"), vote=st.just("v"), on=st.booleans(), ref=REF),
    st.builds(joining.Ping, type=st.just("ping"), ref=REF),
    st.builds(joining.Leave, type=st.just("leave"), ref=REF),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(MESSAGES)
def test_client_messages_are_read_back(message: m.ClientMessage) -> None:
    assert m.parse(message.model_dump_json()) == message


@given(st.text())
def test_any_text_is_a_message_or_refused(text: str) -> None:
    with pytest.raises(MessageError) as refused:
        m.parse(text)
    assert refused.value.word == "bad-message"


@pytest.mark.parametrize("bad", ["\\u0000", "\\u202e", "\\uffff"])
def test_a_message_with_characters_that_no_text_may_have_is_refused(bad: str) -> None:
    with pytest.raises(MessageError) as refused:
        m.parse(f'{{"type": "floor", "seat": "A{bad}", "open": true, "ref": "r"}}')
    assert (refused.value.word, refused.value.text, refused.value.ref) == ("bad-message", "seat: bad-characters", "r")


@given(st.sampled_from(["join", "offer", "hand", "floor", "layout", "nonsense"]), st.dictionaries(st.text(), JSON))
def test_any_object_is_a_message_or_refused(kind: str, fields: dict[str, object]) -> None:
    with suppress(MessageError):  # anything else would fail the test
        m.parse(json.dumps({**fields, "type": kind}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"type":"fly"}',
        '{"type":"hand"}',
        '{"type":"hand","raised":1}',
        '{"type":"hand","raised":"true"}',
        '{"type":"hand","raised":true,"more":1}',
        '{"type":"hand","raised":NaN}',
        '{"type":"view","source":"camera:"}',
        '{"type":"view","source":"composed\\n"}',
        '{"type":"layout","kind":"pyramid"}',
        '{"type":"layout","kind":"grid","seats":[""]}',
        '{"type":"layout","kind":"grid","seats":["a",7]}',
        '{"type":"layout","kind":"grid","page":-1}',
        '{"type":"layout","kind":"grid","rotate":1.5}',
        '{"type":"layout","kind":"grid","clock":1}',
        '{"type":"layout","kind":"grid","audience":"cats"}',
        '{"type":"layout-same"}',
        '{"type":"view","source":"composed:8x8"}',
        json.dumps({"type": "layout", "kind": "8x8", "seats": [None] * 65}),
        '{"type":"leave","ref":7}',
        '{"type":"join","code":"\\ud800"}',
        "[" * 100_000,
        '{"type":"leave","ref":"' + "x" * 65 + '"}',
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(MessageError):
        m.parse(text)


def test_the_ref_of_a_faulty_message_is_kept() -> None:
    with pytest.raises(MessageError) as refused:
        m.parse('{"type":"hand","ref":"r1"}')
    assert (refused.value.ref, refused.value.text) == ("r1", "hand.raised: missing")


def test_an_sdp_of_128_kib_fits_into_a_message() -> None:
    line = "a=rtcp-fb:96 nack\r\n"
    sdp = (line * (128 * 1024 // len(line) + 1))[: 128 * 1024]
    offer = m.parse(json.dumps({"type": "offer", "sdp": sdp, "ref": "r" * 64}))
    assert isinstance(offer, media.Offer) and offer.sdp == sdp


def test_tiles_are_told_with_every_field() -> None:
    tiles = (
        ForwardedTile("n", "4", 0, 0, 640, 720, "XH", "X…", 45, 45, ("floor",), 90000, 40),
        ForwardedTile("", None, 640, 0, 640, 720, "", "", 80, 45),
    )
    message = media.tiles_state(TilesForwarded("r", "h", tiles, 1280, 720, 40, "Giao ban", clock=True))
    assert json.loads(m.dump(message)) == {
        "type": "tiles",
        "tiles": [
            {"tile": "n", "mid": "4", "x": 0, "y": 0, "width": 640, "height": 720, "label": "XH", "text": "X…",
             "letters": 45, "bar": 45, "icons": ["floor"], "since": 90000, "delay": 40},
            {"tile": "", "mid": None, "x": 640, "y": 0, "width": 640, "height": 720, "label": "", "text": "",
             "letters": 80, "bar": 45, "icons": [], "since": None, "delay": 0},
        ],
        "width": 1280, "height": 720, "heading": 40, "title": "Giao ban", "clock": True,
    }  # fmt: skip


def test_192_kib_are_read_and_a_byte_more_is_not() -> None:
    def offer(size: int) -> str:
        return json.dumps({"type": "offer", "sdp": "ă" * 100 + "x" * (size - 228)}, ensure_ascii=False)

    assert len(offer(m.MAX_BYTES).encode()) == m.MAX_BYTES
    m.parse(offer(m.MAX_BYTES))
    with pytest.raises(MessageError):
        m.parse(offer(m.MAX_BYTES + 1))


def test_answers_echo_the_ref_and_nothing_else() -> None:
    assert json.loads(m.dump(seats.Speaking(seat=None), 'a"b')) == {"type": "speaking", "seat": None, "ref": 'a"b'}
    assert json.loads(m.dump(joining.Renew())) == {"type": "renew", "keep": False}


def test_errors_leave_out_what_they_do_not_know() -> None:
    assert json.loads(m.dump(m.Error(error="full", text="đủ"))) == {"type": "error", "error": "full", "text": "đủ"}


def test_times_are_whole_seconds_in_utc() -> None:
    local = datetime(2026, 4, 5, 8, 0, 0, 999, timezone(timedelta(hours=7)))
    message = m.Error(error="too-early", text="", opens=local)
    assert json.loads(m.dump(message))["opens"] == "2026-04-05T01:00:00Z"
    assert timestamps.instant(local) == datetime(2026, 4, 5, 1, tzinfo=UTC)


def test_every_word_has_its_text() -> None:
    assert set(FAULTS) == set(get_args(words.Word))
