"""Tests of room systems' SDP and our answers: m-lines keep their places, and nothing unknown is repeated.

Also tests `sections.py`, `sip_write.py` and `h264.py`.
"""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.api import RoomOptions, SipLimits
from mediaserver.errors import BadOffer
from mediaserver.peer.sip_quality import least, picture_quality
from mediaserver.rtp.payload import SINGLE_NAL
from mediaserver.sdp import sip_write
from mediaserver.sdp.h264 import DecoderLimits
from mediaserver.sdp.sections import MAX_MEDIA, read_parameters
from mediaserver.sdp.sip_parse import Media, Session, codec_names, is_plain, parse
from mediaserver.sdp.sip_write import (
    Local,
    answer,
    choose,
    choose_picture,
    choose_sent_picture,
    offer,
    simple_offer,
)
from mediaserver.video.quality import USUAL
from tests.mediaserver.offers import CHROMIUM, FIREFOX
from tests.mediaserver.room_offers import BARESIP, CISCO, POLYCOM

LOCAL = Local("192.0.2.1", 40100, 40102, 7)
OFFERS = (BARESIP, POLYCOM, CISCO)


def changed(text: str, *changes: tuple[str, str]) -> Session:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return parse(text)


def picture(session: Session) -> Media:
    assert session.camera is not None
    return session.media[session.camera]


def answered(text: str, *, shows: bool = True) -> list[str]:
    return answer(parse(text), LOCAL, shows=shows).split("\r\n")


def m_lines(lines: list[str]) -> list[str]:
    return [each for each in lines if each.startswith("m=")]


@pytest.mark.parametrize("text", OFFERS)
def test_offers_of_room_systems_are_distinguished_from_browsers(text: str) -> None:
    assert (is_plain(text), is_plain(CHROMIUM), is_plain(FIREFOX), is_plain("v=0"), is_plain("")) == (
        (True,) + (False,) * 4
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (BARESIP, "G722 H264 OPUS PCMA PCMU"),
        (POLYCOM, "G722 G7221 H263 H263-1998 H264 PCMA PCMU SIRENLPR"),
        (CISCO, "G722 G7221 H263-1998 H264 MP4A-LATM PCMA PCMU"),
        (BARESIP.replace("m=video 41054", "m=video 0"), "G722 OPUS PCMA PCMU"),
        (BARESIP.replace("opus/", "o\u202eus/"), "G722 H264 PCMA PCMU"),
        ("not a session", ""),
    ],
)
def test_r055_all_codecs_that_a_room_system_names_are_read(text: str, names: str) -> None:
    assert sorted(codec_names(text)) == names.split()


def test_the_offer_of_baresip_is_read_line_by_line() -> None:
    session = parse(BARESIP)
    sound, camera = session.media
    assert (session.sound, session.camera) == (0, 1)
    assert (sound.host, sound.port, sound.rtcp_port, sound.sends, sound.receives) == (
        *("192.0.2.7", 41080, 41081),
        *(True, True),
    )
    assert [(codec.name, codec.payload_type) for codec in sound.codecs] == [
        *(("G722", 9), ("PCMA", 8), ("PCMU", 0), ("opus", 96)),
        ("telephone-event", 101),
    ]
    assert [(codec.name, codec.payload_type) for codec in camera.codecs] == [(SINGLE_NAL, 96), ("H264", 97)]
    assert camera.feedback == {"nack pli"}


def test_feedback_is_known_with_its_parameters() -> None:
    lines = "a=rtcp-fb:* nack pli", "a=rtcp-fb:96  CCM TMMBR smaxpr=120\r\na=rtcp-fb:97 nack\r\na=rtcp-fb:*"
    assert picture(changed(BARESIP, lines)).feedback == {"ccm tmmbr", "nack", ""}


def test_retransmissions_are_answered_where_they_are_offered_with_feedback_that_asks_for_them() -> None:
    repair = "a=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=97;rtx-time=200\r\na=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=x"
    lines = ("RTP/AVP 96 97", "RTP/AVP 96 97 99 103"), ("a=label:2", repair)
    assert "rtx" not in answer(changed(BARESIP, *lines), LOCAL, shows=True)
    offered = changed(BARESIP, *lines, ("a=rtcp-fb:* nack pli", "a=rtcp-fb:* nack\r\na=rtcp-fb:* nack pli"))
    assert [(codec.payload_type, codec.rtx) for codec in offered.media[1].codecs] == [(96, None), (97, 99)]
    text = answer(offered, LOCAL, shows=True)
    assert "m=video 40102 RTP/AVP 97 99\r\n" in text
    assert "a=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=97\r\na=rtcp-fb:* nack\r\na=rtcp-fb:* nack pli\r\n" in text


def test_tones_of_another_clock_belong_to_another_codec() -> None:
    wideband = BARESIP.replace("a=rtpmap:101 telephone-event/8000", "a=rtpmap:101 telephone-event/16000")
    assert wideband != BARESIP
    text = answer(parse(wideband), LOCAL, shows=True)
    assert "m=audio 40100 RTP/AVP 9\r\n" in text and "telephone-event" not in text
    both = wideband.replace(" 101\r\n", " 101 102\r\n", 1).replace(
        "a=rtpmap:101", "a=rtpmap:102 telephone-event/8000\r\na=rtpmap:101"
    )
    assert "m=audio 40100 RTP/AVP 9 102\r\n" in answer(parse(both), LOCAL, shows=True)


OPUS_ALONE = ("RTP/AVP 9 8 0 96 101", "RTP/AVP 96 101 102"), ("a=label:1", "a=rtpmap:102 telephone-event/48000")


def test_opus_is_answered_where_it_is_alone_or_a_profile_prefers_it_with_the_tones_of_its_clock() -> None:
    opus = "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"
    text = answer(changed(BARESIP, *OPUS_ALONE), LOCAL, shows=True)
    assert "m=audio 40100 RTP/AVP 96 102\r\n" + opus + "a=rtpmap:102 telephone-event/48000\r\n" in text
    local = replace(LOCAL, limits=SipLimits(sounds=["opus", "PCMA"]))
    text = answer(parse(BARESIP), local, shows=True)
    assert "m=audio 40100 RTP/AVP 96 101\r\n" + opus + "a=rtpmap:101 telephone-event/8000\r\n" in text
    text = offer(local)
    assert "m=audio 40100 RTP/AVP 96 8 102 101\r\n" + opus + "a=rtpmap:8 PCMA/8000\r\n" in text
    assert "opus" not in simple_offer(local) and "opus" in simple_offer(replace(local, limits=SipLimits(["opus"])))
    narrow = changed(BARESIP, *OPUS_ALONE, ("a=rtpmap:96 opus/48000/2", "a=rtpmap:96 opus/16000"))
    assert narrow.sound is None


def test_every_m_line_keeps_its_place_and_what_we_do_not_take_gets_port_0() -> None:
    assert m_lines(answered(BARESIP)) == ["m=audio 40100 RTP/AVP 9 101", "m=video 40102 RTP/AVP 97"]
    assert m_lines(answered(POLYCOM)) == [
        "m=audio 40100 RTP/AVP 9 127",
        "m=video 40102 RTP/AVP 111",
        "m=application 0 RTP/AVP 100",
    ]
    assert m_lines(answered(CISCO)) == [
        "m=application 0 UDP/BFCP *",
        "m=audio 40100 RTP/AVP 9 101",
        "m=video 40102 RTP/AVP 126",
        "m=video 0 RTP/AVP 97 126",
    ]


def test_a_refused_m_line_may_name_no_protocol() -> None:
    """As linphone's answer to our offer of floor control does."""
    refused = parse(BARESIP + "m=application 0 (null) 0\r\na=inactive\r\n")
    assert [(each.kind, each.port, each.protocol) for each in refused.media][2:] == [("application", 0, "RTP/AVP")]
    with pytest.raises(BadOffer, match="malformed m-line"):
        parse(BARESIP + "m=application 9 (null) 0\r\n")


def test_the_answer_to_polycom() -> None:
    assert answer(parse(POLYCOM), LOCAL, shows=True) == "".join(
        f"{each}\r\n"
        for each in (
            "v=0",
            "o=diemcau 7 1 IN IP4 192.0.2.1",
            "s=diemcau",
            "c=IN IP4 192.0.2.1",
            "t=0 0",
            "m=audio 40100 RTP/AVP 9 127",
            "a=rtpmap:9 G722/8000",
            "a=rtpmap:127 telephone-event/8000",
            "a=fmtp:127 0-15",
            "a=ptime:20",
            "a=sendrecv",
            "m=video 40102 RTP/AVP 111",
            "b=AS:1100",
            "b=TIAS:1100000",
            "a=rtpmap:111 H264/90000",
            "a=fmtp:111 profile-level-id=42801f;packetization-mode=1;max-fs=3600;max-mbps=108000;max-br=1100",
            "a=rtcp-fb:* nack pli",
            "a=rtcp-fb:* ccm fir",
            "a=rtcp-fb:* ccm tmmbr",
            "a=sendrecv",
            "m=application 0 RTP/AVP 100",
        )
    )


def test_a_slide_channel_is_no_camera_wherever_it_stands() -> None:
    first = changed(CISCO, ("a=content:main", "a=content:other"), ("a=content:slides", "a=content:main"))
    assert first.camera == 2
    assert changed(CISCO, ("a=content:main", "a=content:slides")).camera is None


def test_rtcp_goes_to_the_named_port_else_to_the_next() -> None:
    assert [each.rtcp_port for each in parse(CISCO).media] == [5071, 2327, 2400, 2333]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("sendrecv", "sendrecv"), ("sendonly", "recvonly"), ("recvonly", "sendonly"), ("inactive",) * 2],
)
def test_directions_are_mirrored(theirs: str, ours: str) -> None:
    lines = answered(BARESIP.replace("a=sendrecv", f"a={theirs}"))
    assert [each for each in lines if each in (f"a={ours}", "a=sendrecv", "a=inactive")] == [f"a={ours}"] * 2
    above = BARESIP.replace("a=sendrecv\r\n", "").replace("t=0 0", f"t=0 0\r\na={theirs}")
    assert answered(above) == lines


def test_a_picture_we_cannot_show_is_only_received() -> None:
    assert answered(BARESIP, shows=False)[-2] == "a=recvonly"


@pytest.mark.parametrize("host", ["0.0.0.0", "239.1.2.3/127", "::"])
def test_an_unreachable_address_is_sent_nothing(host: str) -> None:
    held = parse(BARESIP.replace("c=IN IP4 192.0.2.7", f"c=IN IP4 {host}"))
    assert [(each.host, each.receives, each.sends) for each in held.media] == [("", False, True)] * 2
    assert "a=recvonly" in answer(held, LOCAL, shows=True)


def test_a_line_with_an_address_of_its_own_is_sent_there() -> None:
    session = changed(BARESIP, ("m=video 41054 RTP/AVP 96 97", "m=video 41054 RTP/AVP 96 97\r\nc=IN IP6 2001:db8::5"))
    assert [each.host for each in session.media] == ["192.0.2.7", "2001:db8::5"]


def test_avpf_is_answered_as_avpf() -> None:
    assert m_lines(answered(BARESIP.replace("m=video 41054 RTP/AVP", "m=video 41054 RTP/AVPF")))[1].split()[2] == (
        "RTP/AVPF"
    )


def test_fragments_are_chosen_before_slices_and_baseline_before_others() -> None:
    polycom, cisco = picture(parse(POLYCOM)), picture(parse(CISCO))
    assert (choose_picture(polycom).payload_type, choose_picture(cisco).payload_type) == (111, 126)
    no_fragments = changed(BARESIP, ("packetization-mode=1", "packetization-mode=2"))
    assert choose_picture(picture(no_fragments)).name == SINGLE_NAL
    high = changed(POLYCOM, ("RTP/AVP 109 110 111 96 34", "RTP/AVP 109 96"))
    assert "a=fmtp:109 profile-level-id=64001f;packetization-mode=1;" in answer(high, LOCAL, shows=True)


def test_high_is_described_behind_baseline_where_a_profile_has_it() -> None:
    high = replace(LOCAL, limits=SipLimits(high=True))
    assert [line for line in offer(high).splitlines() if "video" in line or "profile-level-id" in line] == [
        "m=video 40102 RTP/AVP 98 97 99",
        *(
            f"a=fmtp:{number} profile-level-id={profile};packetization-mode={mode};"
            "max-fs=3600;max-mbps=108000;max-br=1100"
            for number, profile, mode in ((98, "42e01f", 1), (97, "42e01f", 0), (99, "64001f", 1))
        ),
    ]
    assert simple_offer(high) == simple_offer(LOCAL)
    assert " 109\r\n" in answer(parse(POLYCOM), high, shows=True)
    assert [
        line.partition(";")[0] for line in answer(parse(POLYCOM), high, shows=True).splitlines() if "fmtp:1" in line
    ][-2:] == ["a=fmtp:111 profile-level-id=42801f", "a=fmtp:109 profile-level-id=64001f"]
    polycom, cisco = picture(parse(POLYCOM)), picture(parse(CISCO))
    chosen = [choose_sent_picture(each, high.limits).payload_type for each in (polycom, cisco)]
    assert (chosen, choose_sent_picture(polycom, LOCAL.limits).payload_type) == ([109, 126], 111)


def test_g722_is_chosen_before_g711_and_tones_alone_are_no_sound() -> None:
    sound = parse(BARESIP).media[0]
    assert choose(sound, ("G722", "PCMA", "PCMU")).payload_type == 9
    bare = changed(CISCO, ("RTP/AVP 107 108 9 8 0 101", "RTP/AVP 107 0 8 101"))
    assert choose(bare.media[1], ("G722", "PCMA", "PCMU")).payload_type == 8
    assert changed(CISCO, ("RTP/AVP 107 108 9 8 0 101", "RTP/AVP 107 101")).sound is None


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ((), USUAL),
        ((("42e01f", "42e016"),), 0),  # level 2.2: 20,250 macroblocks a second are too few for 360p25
        ((("42e01f", "42e01e"),), 1),
        ((("42e01f", "42e00d"),), 0),
        ((("42e01f", "42e00a"),), None),
        ((("42e01f", "42e00d;max-fs=3600;max-mbps=108000"),), USUAL),
        ((("profile-level-id=42e01f", "x=y"),), USUAL),
        ((("t=0 0", "b=AS:1024\r\nt=0 0"),), USUAL),
        ((("t=0 0", "b=AS:384\r\nt=0 0"),), 1),
        ((("t=0 0", "b=AS:256\r\nt=0 0"),), 0),
        ((("t=0 0", "b=AS:64\r\nt=0 0"),), None),
        ((("t=0 0", "b=CT:0\r\nt=0 0"),), USUAL),
        ((("m=video 41054 RTP/AVP 96 97", "m=video 41054 RTP/AVP 96 97\r\nb=TIAS:400000"),), 1),
    ],
)
def test_the_picture_is_what_the_peer_says_it_takes(changes: tuple[tuple[str, str], ...], step: int | None) -> None:
    media = picture(changed(BARESIP, *changes))
    quality = picture_quality(choose_picture(media), RoomOptions(1280, 720, 25), least(media.bitrate, 1_100_000))
    assert (quality and quality.step) == step


def test_an_answer_never_says_a_higher_level_than_was_offered() -> None:
    assert "profile-level-id=42e00d;" in answer(changed(BARESIP, ("42e01f", "42e00d")), LOCAL, shows=True)
    assert "profile-level-id=42e01f;" in answer(changed(BARESIP, ("42e01f", "42e028")), LOCAL, shows=True)


def test_parameters_are_read_however_they_are_spaced() -> None:
    assert read_parameters(" Profile-Level-ID=42801f; packetization-mode=1 ;;max-fs = 3600;=x;odd") == {
        "profile-level-id": "42801f",
        "packetization-mode": "1",
        "max-fs": "3600",
        "odd": "",
    }


def test_a_simple_offer_has_nothing_that_old_systems_refuse() -> None:
    assert simple_offer(LOCAL) == "".join(
        f"{each}\r\n"
        for each in (
            "v=0",
            "o=diemcau 7 1 IN IP4 192.0.2.1",
            "s=diemcau",
            "c=IN IP4 192.0.2.1",
            "t=0 0",
            "m=audio 40100 RTP/AVP 9 8 0",
            "a=rtpmap:9 G722/8000",
            "a=rtpmap:8 PCMA/8000",
            "a=rtpmap:0 PCMU/8000",
            "a=ptime:20",
            "a=sendrecv",
            "m=video 40102 RTP/AVP 98 97",
            "b=AS:1100",
            "a=rtpmap:98 H264/90000",
            "a=fmtp:98 profile-level-id=42e01f;packetization-mode=1",
            "a=rtpmap:97 H264/90000",
            "a=fmtp:97 profile-level-id=42e01f;packetization-mode=0",
            "a=sendrecv",
        )
    )


def test_our_offer_is_one_that_we_would_take() -> None:
    session = parse(offer(LOCAL))
    assert [(each.port, each.kind, each.protocol) for each in session.media] == [
        (40100, "audio", "RTP/AVP"),
        (40102, "video", "RTP/AVP"),
    ]
    assert [codec.name for codec in session.media[0].codecs] == [
        *("G722", "opus", "PCMA", "PCMU", "telephone-event", "telephone-event")
    ]
    assert [codec.name for codec in session.media[1].codecs] == ["H264", SINGLE_NAL]
    assert session.media[1].feedback == {"nack", "nack pli", "ccm fir", "ccm tmmbr"}
    assert session.media[1].bitrate == 1_100_000
    assert (sip_write.MODE_1, sip_write.SINGLE) == (98, 97)


def test_ipv6_is_named_as_such() -> None:
    assert "c=IN IP6 2001:db8::1\r\n" in offer(Local("2001:db8::1", 40100, 40102, 7))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "without m-lines"),
        ("v=0\r\n", "without m-lines"),
        ("x" * 140_000, "larger than 128 KiB"),
        (BARESIP + "m=audio 0 RTP/AVP 0\r\n" * MAX_MEDIA, "more than 64 m-lines"),
        (BARESIP.replace("41080", "410800"), "malformed m-line"),
        (BARESIP.replace("41080", "-1"), "malformed m-line"),
        (BARESIP.replace("RTP/AVP 9 8", "RTP/AVP <9> 8"), "malformed m-line"),
        (BARESIP.replace("RTP/AVP 9 8", f"RTP/AVP {'9 ' * 80}8"), "malformed m-line"),
        (BARESIP.replace("m=audio 41080 RTP/AVP 9 8 0 96 101", "m=audio"), "cut off"),
        (BARESIP.replace("c=IN IP4 192.0.2.7", "c=IN IP4 room.example"), "without an IP address"),
        (BARESIP.replace("c=IN IP4 192.0.2.7", "c="), "without an IP address"),
        (BARESIP.replace("c=IN IP4 192.0.2.7\r\n", ""), "without an address"),
        (BARESIP.replace("RTP/AVP 9 8 0 96", "RTP/AVP 3 4 5").replace("H264", "H265"), "shares no codec"),
        (BARESIP.replace("m=audio 41080", "m=audio 0").replace("m=video 41054", "m=video 0"), "shares no codec"),
    ],
)
def test_an_offer_that_cannot_be_answered_is_refused(text: str, fault: str) -> None:
    with pytest.raises(BadOffer, match=fault):
        parse(text)


_PIECES = sorted({each for text in OFFERS for each in text.split("\r\n")})
_TOKEN = re.compile(r"[A-Za-z0-9./*_+:=; ,-]*")


@given(st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=40)), max_size=40))
def test_whatever_is_written_is_answered_line_by_line_or_refused(lines: list[str]) -> None:
    text = "\r\n".join(lines)
    is_plain(text)
    try:
        session = parse(text)
    except BadOffer:
        return
    reply = answer(session, LOCAL, shows=True)
    assert [each.split()[0] for each in m_lines(reply.split("\r\n"))] == [f"m={each.kind}" for each in session.media]
    assert all(_TOKEN.fullmatch(each) for each in reply.split("\r\n"))
    assert reply.count("m=audio 40100") + reply.count("m=video 40102") in (1, 2)


@pytest.mark.parametrize("write", [offer, simple_offer])
def test_an_offer_has_no_more_than_its_limits(write: Callable[..., str]) -> None:
    session = parse(write(replace(LOCAL, limits=SipLimits(["PCMU"], [0], 22, 384_000))))
    sound, camera = session.media[0], session.media[1]
    assert [codec.name for codec in sound.codecs if codec.name != "telephone-event"] == ["PCMU"]
    assert [(codec.name, codec.limits) for codec in camera.codecs] == [
        (SINGLE_NAL, DecoderLimits("42e0", 22, 20_250, 1_620))
    ]
    assert (camera.formats, camera.bitrate) == (("97",), 384_000)
