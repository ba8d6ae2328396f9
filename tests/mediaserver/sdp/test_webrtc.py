"""Tests of offers of real browsers, damaged offers, and readable answers."""

import re
from dataclasses import replace

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.errors import BadOffer
from mediaserver.sdp.sections import MAX_MEDIA, MAX_SDP_BYTES
from mediaserver.sdp.webrtc import (
    LEVEL_URI,
    MID_URI,
    REPAIRED_RID_URI,
    RID_URI,
    SEND_TIME_URI,
    Codec,
    Local,
    Media,
    Offer,
    parse_offer,
    send_time_id,
    write_answer,
)
from tests.mediaserver.offers import CHROMIUM, DATA_CHANNEL, FIREFOX

LOCAL = Local(
    "frag0123", "p" * 24, "sha-256 AA:BB", (("192.0.2.1", 40000), ("2001:db8::1", 40000)), {"0": 11, "1": 12, "2": 13}
)
H264 = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"


def answered(offer: Offer) -> tuple[str, SessionDescription]:
    text = write_answer(offer, LOCAL, ("VP8", "H264"))
    return text, SessionDescription.parse(text)


def test_chromium_is_understood() -> None:
    offer = parse_offer(CHROMIUM)
    assert (offer.fragment, len(offer.fingerprints)) == ("Xn4k", 1)
    video = (Codec("H264", 109, 90000, H264), Codec("VP8", 96, 90000, rtx=97))
    assert offer.media == (
        Media(
            kind="audio",
            mid="0",
            sends=True,
            receives=True,
            codecs=(Codec("opus", 111, 48000, "minptime=10;useinbandfec=1", red=63),),
            extensions={LEVEL_URI: 1, MID_URI: 4, SEND_TIME_URI: 2},
            rids=(),
            ssrcs=(3391875920,),
        ),
        Media("video", "1", True, False, video, {MID_URI: 4, RID_URI: 10, REPAIRED_RID_URI: 11}, ("q", "h", "f"), ()),
        Media("video", "2", False, True, video, {MID_URI: 4}, (), ()),
    )


def test_firefox_is_understood() -> None:
    """Bundle-only lines have port 0 and are meant (RFC 9143 §6); extension ids carry a direction."""
    offer = parse_offer(FIREFOX)
    assert (offer.fragment, offer.fingerprints[0][0]) == ("d0a8f6d4", "sha-256")
    audio, camera, picture = offer.media
    assert [(codec.payload_type, codec.red) for codec in audio.codecs] == [(109, None)]
    assert [(c.name, c.payload_type) for c in camera.codecs] == [("H264", 126), ("VP8", 120)]
    assert (camera.extensions[RID_URI], camera.rids) == (9, ("q", "h", "f"))
    assert (picture.sends, picture.receives, picture.codecs) == (False, True, camera.codecs)


@pytest.mark.parametrize("offer", [CHROMIUM, FIREFOX])
def test_the_answer_mirrors_the_offer(offer: str) -> None:
    text, answer = answered(parse_offer(offer))
    assert [(m.kind, m.rtp.muxId, m.direction) for m in answer.media] == [
        ("audio", "0", "sendrecv"),
        ("video", "1", "recvonly"),
        ("video", "2", "sendonly"),
    ]
    assert [[c.name for c in m.rtp.codecs] for m in answer.media] == [
        ["opus", "red"] if offer is CHROMIUM else ["opus"],
        ["VP8", "rtx", "H264"],
        ["H264", "VP8", "rtx"],
    ]
    for media in answer.media[1:]:
        vp8, rtx = (next(c for c in media.rtp.codecs if c.name == name) for name in ("VP8", "rtx"))
        assert rtx.parameters == {"apt": vp8.payloadType}
    for media in answer.media:
        assert media.dtls is not None and media.ice is not None
        assert media.dtls.role == "server"
        assert (media.ice.usernameFragment, media.ice.password, media.ice.iceLite) == ("frag0123", "p" * 24, True)
        assert [(c.ip, c.port) for c in media.ice_candidates] == list(LOCAL.addresses)
    assert [[s.ssrc for s in m.ssrc] for m in answer.media] == [[11], [], [13]]
    assert "a=group:BUNDLE 0 1 2\r\n" in text
    assert "a=rid:q recv\r\na=rid:h recv\r\na=rid:f recv\r\na=simulcast:recv q;h;f\r\n" in text


def test_redundant_sound_is_answered_behind_opus() -> None:
    text, _ = answered(parse_offer(CHROMIUM))
    lines = text.splitlines()
    assert "m=audio 40000 UDP/TLS/RTP/SAVPF 111 63" in lines
    assert [line for line in lines if line.startswith(("a=rtpmap:63", "a=fmtp:63"))] == [
        "a=rtpmap:63 red/48000/2",
        "a=fmtp:63 111/111",
    ]


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("a=fmtp:63 111/111", 63),
        ("a=fmtp:63 111/111/111", 63),
        ("a=fmtp:63 111/9", None),
        ("a=fmtp:63 ", None),
        ("a=fmtp:64 111/111", None),
        ("a=rtpmap:63 red/8000", None),
    ],
)
def test_redundant_sound_is_taken_of_opus_alone(line: str, number: int | None) -> None:
    offer = parse_offer(CHROMIUM.replace("a=fmtp:63 111/111", line))
    assert [codec.red for codec in offer.media[0].codecs] == [number]


def test_an_answer_names_the_ssrc_of_its_retransmissions() -> None:
    local = replace(LOCAL, rtx_ssrcs={"2": 14})
    read = SessionDescription.parse(write_answer(parse_offer(CHROMIUM), local, ("VP8", "H264")))
    assert [[(g.semantic, g.items) for g in m.ssrc_group] for m in read.media] == [[], [], [("FID", [13, 14])]]
    assert [s.ssrc for s in read.media[2].ssrc] == [13, 14]


def test_an_answer_offers_connections_behind_udp() -> None:
    local = replace(LOCAL, addresses=(("192.0.2.1", 40000), ("2001:db8::1", 40000)), tcp=(("192.0.2.1", 40001),))
    text = write_answer(parse_offer(CHROMIUM), local, ("VP8", "H264"))
    assert text.count("a=candidate") == 3 * text.count("a=ice-ufrag")
    assert [line for line in text.splitlines() if line.startswith("a=candidate")][:3] == [
        "a=candidate:1 1 udp 2130706430 192.0.2.1 40000 typ host",
        "a=candidate:2 1 udp 2130706429 2001:db8::1 40000 typ host",
        "a=candidate:3 1 tcp 1520434943 192.0.2.1 40001 typ host tcptype passive",
    ]
    passive = SessionDescription.parse(text).media[0].ice_candidates[2]
    assert (passive.protocol, passive.type, passive.tcpType, passive.port) == ("tcp", "host", "passive", 40001)


@pytest.mark.parametrize(("number", "kept"), [(0, False), (3, True), (14, True), (15, False), (16, False)])
def test_an_extension_is_taken_with_a_number_that_one_byte_headers_can_carry(number: int, kept: bool) -> None:
    """We write no two-byte headers (RFC 8285 §4.2): 15 is reserved, what is more would be cut off in each packet."""
    text, _ = answered(parse_offer(CHROMIUM.replace("a=extmap:2 ", f"a=extmap:{number} ")))
    assert (f"a=extmap:{number} {SEND_TIME_URI}" in text, SEND_TIME_URI in text) == (kept, kept)
    assert f"a=extmap:1 {LEVEL_URI}" in text
    assert "extmap-allow-mixed" not in text


def test_only_receivers_are_sent_the_send_time() -> None:
    extensions = {MID_URI: 4, SEND_TIME_URI: 2}
    video = Media("video", "1", True, False, (Codec("VP8", 96, 90000, rtx=97),), extensions, (), ())
    offer = replace(parse_offer(CHROMIUM), media=(video, replace(video, mid="2", sends=False, receives=True)))
    camera, picture = write_answer(offer, LOCAL, ("VP8", "H264")).split("m=video")[1:]
    assert (SEND_TIME_URI in camera, SEND_TIME_URI in picture) == (False, True)


RTX, BARE = Codec("VP8", 96, 90000, rtx=97), Codec("H264", 102, 90000)


@pytest.mark.parametrize(
    ("kind", "codecs", "extension_id"),
    [
        ("video", (RTX,), 2),
        ("video", (RTX, BARE), 0),
        ("video", (BARE,), 0),
        ("audio", (Codec("opus", 111, 48000),), 2),
    ],
)
def test_pictures_carry_their_send_time_where_retransmissions_have_a_stream_of_their_own(
    kind: str, codecs: tuple[Codec, ...], extension_id: int
) -> None:
    """SRTP must not protect one number with two headers (RFC 7714 §8.1); sound is never sent again."""
    media = Media(kind, "1", False, True, codecs, {MID_URI: 4, SEND_TIME_URI: 2}, (), ())
    text = write_answer(replace(parse_offer(CHROMIUM), media=(media,)), LOCAL, ("VP8", "H264"))
    assert (send_time_id(media), SEND_TIME_URI in text) == (extension_id, extension_id > 0)
    assert send_time_id(replace(media, receives=False)) == 0


def test_a_data_channel_is_refused_and_the_rest_answered() -> None:
    text, answer = answered(parse_offer(CHROMIUM + DATA_CHANNEL))
    assert [(m.kind, m.port != 0) for m in answer.media] == [
        ("audio", True),
        ("video", True),
        ("video", True),
        ("application", False),
    ]
    assert "a=group:BUNDLE 0 1 2\r\n" in text


def test_a_line_with_port_0_that_is_not_bundle_only_is_refused() -> None:
    offer = parse_offer(CHROMIUM.replace("m=video 9", "m=video 0"))
    assert [bool(media.codecs) for media in offer.media] == [True, False, False]
    assert [m.port != 0 for m in answered(offer)[1].media] == [True, False, False]


def without(pattern: str) -> str:
    return re.sub(pattern, "", CHROMIUM)


@pytest.mark.parametrize(
    ("offer", "why"),
    [
        ("", "without m-lines"),
        ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", "without m-lines"),
        (CHROMIUM + "a=x:" + "y" * MAX_SDP_BYTES, "larger than 128 KiB"),
        (CHROMIUM + "đ" * (MAX_SDP_BYTES // 2), "larger than 128 KiB"),
        (CHROMIUM + DATA_CHANNEL * MAX_MEDIA, "more than 64 m-lines"),
        (CHROMIUM + DATA_CHANNEL.replace("\r\n", "\r") * 400, "more than 64 m-lines"),
        (CHROMIUM + DATA_CHANNEL.replace("\r\n", "\u2028") * 400, "more than 64 m-lines"),
        (without("a=ice-ufrag:.*\r\n"), "without ICE or DTLS"),
        (without("a=fingerprint:.*\r\n"), "without ICE or DTLS"),
        (CHROMIUM.replace("a=setup:actpass", "a=setup:passive"), "DTLS client"),
        (without("a=mid:.*\r\n"), "usable mid"),
        (CHROMIUM.replace("a=mid:1", "a=mid:0"), "one mid"),
        (CHROMIUM.replace("a=mid:1", "a=mid:<b>"), "usable mid"),
        (re.sub("a=(send|recv).*", "a=inactive", CHROMIUM), "no codec"),
        (CHROMIUM.replace("opus", "speex").replace("VP8", "VP7").replace("H264", "H263"), "no codec"),
    ],
)
def test_offers_we_cannot_answer_say_why(offer: str, why: str) -> None:
    with pytest.raises(BadOffer, match=why):
        parse_offer(offer)


@pytest.mark.parametrize(
    ("parameters", "accepted"),
    [
        ("packetization-mode=1;profile-level-id=42e01f", True),
        ("profile-level-id=42C02A;packetization-mode=1", True),
        ("packetization-mode=0;profile-level-id=42e01f", False),
        ("packetization-mode=1;profile-level-id=640c1f", False),
        ("packetization-mode=1", False),
        ("packetization-mode=1;profile-level-id=42e01f%0d", False),
    ],
)
def test_h264_is_constrained_baseline_in_mode_1_or_nothing(parameters: str, accepted: bool) -> None:
    text = re.sub(r"a=fmtp:(\d+) level-asymmetry.*", rf"a=fmtp:\1 {parameters}", CHROMIUM)
    assert any(codec.name == "H264" for codec in parse_offer(text).media[1].codecs) is accepted


# Damage


def assert_answered_or_bad(text: str) -> None:
    """Assert that a text raises BadOffer at most, and that each m-line of an accepted one is answered."""
    try:
        offer = parse_offer(text)
    except BadOffer:
        return
    answer, read = answered(offer)
    count = sum(line.startswith("m=") for line in text.splitlines())
    assert len(read.media) == count == sum(line.startswith("m=") for line in answer.split("\r\n"))
    assert [m.rtp.muxId for m in read.media] == [m.mid for m in offer.media]
    assert re.fullmatch(r"([a-z]=[A-Za-z0-9 :;=/.,*_+&\-]+\r\n)+", answer)


BOTH = st.sampled_from([CHROMIUM, FIREFOX, CHROMIUM + DATA_CHANNEL])
WORDS = st.text(max_size=20) | st.sampled_from(
    ["0", "-1", "9" * 40, "/", ":", "a=", "m=", " ", "sendonly", "\r", "\n", "\u2028", "1/2", "a=mid:0", "\x00", "²"]
)
LINES = st.sampled_from(sorted({line for offer in (CHROMIUM, FIREFOX) for line in offer.splitlines()}))


@given(st.text(max_size=200))
def test_any_text_is_bad_or_answered(text: str) -> None:
    assert_answered_or_bad(text)


@given(st.lists(LINES | WORDS, max_size=80))
def test_any_lines_are_bad_or_answered(lines: list[str]) -> None:
    assert_answered_or_bad("\r\n".join(lines))


@given(BOTH, st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["drop", "double", "swap", "insert"]), WORDS)))
def test_offers_with_damaged_lines_are_bad_or_answered(offer: str, damages: list[tuple[int, str, str]]) -> None:
    lines = offer.split("\r\n")
    for place, kind, word in damages:
        at = place % len(lines)
        match kind:
            case "drop" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "swap":
                lines[at], lines[-1] = lines[-1], lines[at]
            case _:
                lines.insert(at, word)
    assert_answered_or_bad("\r\n".join(lines))


@given(BOTH, st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 8), WORDS), min_size=1, max_size=4))
def test_offers_with_damaged_words_are_bad_or_answered(offer: str, damages: list[tuple[int, int, str]]) -> None:
    for place, length, word in damages:
        at = place % len(offer)
        offer = offer[:at] + word + offer[at + length :]
    assert_answered_or_bad(offer)


FIELDS = re.compile(r"(?<=[ :/=;])[^ :/=;\r\n]+")


@given(BOTH, st.lists(st.tuples(st.integers(0, 100_000), WORDS), min_size=1, max_size=4))
def test_offers_with_damaged_fields_are_bad_or_answered(offer: str, damages: list[tuple[int, str]]) -> None:
    """One value of a link for another: numbers out of range, words where numbers stand."""
    for place, word in damages:
        fields = list(FIELDS.finditer(offer))
        if fields:
            start, end = fields[place % len(fields)].span()
            offer = offer[:start] + word + offer[end:]
    assert_answered_or_bad(offer)
