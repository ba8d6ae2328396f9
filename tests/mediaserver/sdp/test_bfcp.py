"""Tests of slides and their floor control in session descriptions: offers of room systems, our answers, our offer."""

from dataclasses import replace

import pytest

from mediaserver.sdp import bfcp
from mediaserver.sdp.bfcp import FloorControl
from mediaserver.sdp.sip_parse import Session, is_plain, parse
from mediaserver.sdp.sip_write import Local, answer, offer, simple_offer
from tests.mediaserver.room_offers import CISCO, POLYCOM, SLIDES

LOCAL = Local("192.0.2.1", 40100, 40102, 7, slides_port=40104, floor_port=40106)


def answered(session: Session) -> list[str]:
    """Return the lines of our answer."""
    assert session.floor is not None
    control = session.media[session.floor].floor
    assert control is not None
    return answer(session, replace(LOCAL, floor=bfcp.respond(control)), shows=True).splitlines()


def section(lines: list[str], start: str) -> list[str]:
    """Return the last m-line that begins so, with its attributes."""
    first = max(at for at, line in enumerate(lines) if line.startswith(start))
    last = next((at for at in range(first + 1, len(lines)) if lines[at].startswith("m=")), len(lines))
    return lines[first:last]


def test_polycom_keeps_its_numbers_and_every_m_line_its_place() -> None:
    lines = answered(parse(POLYCOM + SLIDES))
    assert [line for line in lines if line.startswith("m=")] == [
        "m=audio 40100 RTP/AVP 9 127",
        "m=video 40102 RTP/AVP 111",
        "m=application 0 RTP/AVP 100",
        "m=application 40106 UDP/BFCP *",
        "m=video 40104 RTP/AVP 126",
    ]
    assert section(lines, "m=application 40106") == [
        "m=application 40106 UDP/BFCP *",
        "a=floorctrl:s-only",
        "a=confid:1",
        "a=userid:18",
        "a=floorid:2 mstrm:3",
        "a=bfcpver:2 1",
        "a=setup:passive",
        "a=connection:new",
    ]
    assert section(lines, "m=video 40104") == [
        "m=video 40104 RTP/AVP 126",
        "b=AS:1500",
        "b=TIAS:1500000",
        "a=rtpmap:126 H264/90000",
        "a=fmtp:126 profile-level-id=428016;packetization-mode=1;max-fs=8192;max-mbps=245760;max-br=1500",
        "a=rtcp-fb:* nack pli",
        "a=sendrecv",
        "a=content:slides",
        "a=label:3",
    ]


def test_a_client_without_numbers_is_given_some() -> None:
    lines = answered(parse(CISCO))
    assert section(lines, "m=application")[:5] == [
        "m=application 40106 UDP/BFCP *",
        "a=floorctrl:s-only",
        "a=confid:1",
        "a=userid:2",
        "a=floorid:1 mstrm:3",
    ]
    assert lines.index("m=application 40106 UDP/BFCP *") < lines.index("m=audio 40100 RTP/AVP 9 101")
    assert "a=bfcpver:1" in lines


@pytest.mark.parametrize(
    ("theirs", "m_line", "setup"),
    [
        ("actpass", "m=application 40106 TCP/BFCP *", ["a=setup:passive"]),
        ("active", "m=application 40106 TCP/BFCP *", ["a=setup:passive"]),
        ("passive", "m=application 9 TCP/BFCP *", ["a=setup:active"]),
        ("holdconn", "m=application 40106 TCP/BFCP *", []),
    ],
)
def test_over_tcp_we_wait_unless_the_other_side_does(theirs: str, m_line: str, setup: list[str]) -> None:
    offered = (POLYCOM + SLIDES).replace("UDP/BFCP", "TCP/BFCP").replace("setup:actpass", f"setup:{theirs}")
    lines = section(answered(parse(offered)), "m=application")
    assert lines[0] == m_line and [line for line in lines if "setup" in line] == setup


def test_over_tls_each_side_names_its_certificate_and_the_other_side_connects() -> None:
    named = "ab:" * 31 + "cd"
    text = (POLYCOM + SLIDES).replace("UDP/BFCP *", f"TCP/TLS/BFCP *\r\na=fingerprint:SHA-256 {named}")
    session = parse(text)
    assert session.floor is not None
    theirs = session.media[session.floor].floor
    assert theirs is not None and theirs.fingerprints == (("sha-256", named.upper()),)
    ours = replace(bfcp.respond(theirs), fingerprints=(("sha-256", "01:02"),))
    lines = section(answer(session, replace(LOCAL, floor=ours), shows=True).splitlines(), "m=application")
    assert lines[0].endswith("TCP/TLS/BFCP *") and not lines[0].startswith("m=application 0 ")
    assert lines[-3:] == ["a=setup:passive", "a=connection:new", "a=fingerprint:sha-256 01:02"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a=floorctrl:c-s", "a=floorctrl:s-only"),
        ("UDP/BFCP", "UDP/TLS/BFCP"),
        ("UDP/BFCP *\r\na=setup:actpass", "TCP/TLS/BFCP *\r\na=setup:passive"),
        ("m=application 2439", "m=application 0"),
        ("a=content:slides", "a=content:alt"),
        ("m=video 2354", "m=video 0"),
    ],
)
def test_slides_and_floor_control_are_refused_together(old: str, new: str) -> None:
    text = (POLYCOM + SLIDES).replace(old, new)
    assert text != POLYCOM + SLIDES and is_plain(text)
    session = parse(text)
    assert (session.slides, session.floor) == (None, None)
    lines = answer(session, replace(LOCAL, floor=bfcp.offered(reliable=False)), shows=True).splitlines()
    assert [line.split()[1] for line in lines if line.startswith("m=")][3:] == ["0", "0"]


def test_without_ports_for_slides_both_are_refused() -> None:
    lines = answer(parse(POLYCOM + SLIDES), LOCAL, shows=True).splitlines()
    assert lines[-2:] == ["m=application 0 UDP/BFCP *", "m=video 0 RTP/AVP 97 126"]


def test_our_offer_has_slides_behind_the_camera_and_the_simple_one_has_none() -> None:
    local = replace(LOCAL, floor=bfcp.offered(reliable=False))
    session = parse(offer(local))
    assert (session.sound, session.camera, session.floor, session.slides) == (0, 1, None, None)  # a server's
    client = parse(offer(local).replace("s-only", "c-only"))
    assert (client.sound, client.camera, client.floor, client.slides) == (0, 1, 2, 3)
    assert client.media[2].floor == FloorControl(1, 2, 1, (2, 1))
    limits = client.media[3].codecs[0].limits
    assert limits is not None and limits.takes(1920, 1080, 30)
    assert len(parse(simple_offer(local)).media) == len(parse(offer(LOCAL)).media) == 2


def floor_of(ours: FloorControl) -> list[str]:
    return section(offer(replace(LOCAL, floor=ours)).splitlines(), "m=application")


def test_our_offer_by_tcp_leaves_it_to_the_other_side_who_connects() -> None:
    assert floor_of(bfcp.offered(reliable=True)) == [
        "m=application 40106 TCP/BFCP *",
        "a=floorctrl:s-only",
        "a=confid:1",
        "a=userid:2",
        "a=floorid:1 mstrm:3",
        "a=bfcpver:1",
        "a=setup:actpass",
        "a=connection:new",
    ]
    settled = [
        bfcp.settled(bfcp.offered(reliable=True), FloorControl(setup=each)) for each in ("active", "passive", "")
    ]
    assert [each.setup for each in settled] == ["passive", "active", "active"]
    assert bfcp.settled(settled[0], FloorControl(setup="passive")) == settled[0]


def test_our_offer_by_udp_names_the_versions_of_the_profile() -> None:
    both, first = floor_of(bfcp.offered(reliable=False)), floor_of(bfcp.offered(reliable=False, newest=1))
    assert (both[0], both[-1], first[-1]) == ("m=application 40106 UDP/BFCP *", "a=bfcpver:2 1", "a=bfcpver:1")


def test_numbers_that_are_none_are_left_out() -> None:
    text = (POLYCOM + SLIDES).replace("confid:1", "confid:99999999999").replace("userid:18", "userid:x")
    text = text.replace("bfcpver:2 1", "bfcpver:3 x 1").replace("floorid:2 mstrm:12", "floorid:70000")
    session = parse(text)
    assert session.floor is not None
    assert session.media[session.floor].floor == FloorControl(0, 0, 0, (1,), "actpass", "new")
