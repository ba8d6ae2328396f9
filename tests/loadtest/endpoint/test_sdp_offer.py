"""The offer, as the server's own parser reads it."""

from loadtest.endpoint.ice_checks import Credentials
from loadtest.endpoint.sdp_offer import MID_ID, RED, RID_ID, OfferOptions, Ssrcs, write_offer
from mediaserver.sdp.webrtc import MID_URI, RID_URI, Offer, parse_offer

LOCAL = Credentials("fragment", "password-of-some-length")
FINGERPRINT = "sha-256 AB:CD"


def offered(options: OfferOptions) -> Offer:
    return parse_offer(write_offer(options, LOCAL, FINGERPRINT, Ssrcs(11, (21, 22, 23))))


def test_m_lines_stand_in_the_order_of_the_protocol() -> None:
    offer = offered(OfferOptions())
    assert [(m.kind, m.sends, m.receives) for m in offer.media] == [
        ("audio", True, True),
        ("video", True, False),
        ("video", False, True),
    ]
    assert offer.fragment == "fragment"
    assert offer.fingerprints == (("sha-256", "AB:CD"),)


def test_a_camera_offers_three_layers_low_to_high() -> None:
    camera = offered(OfferOptions(layers=3)).media[1]
    assert camera.rids == ("q", "h", "f")
    assert camera.ssrcs == ()
    assert camera.extensions == {MID_URI: MID_ID, RID_URI: RID_ID}


def test_a_single_layer_is_known_by_its_ssrc() -> None:
    camera = offered(OfferOptions(layers=1)).media[1]
    assert camera.rids == ()
    assert camera.ssrcs == (21,)


def test_codecs_are_those_wished_for() -> None:
    assert [c.name for c in offered(OfferOptions(codecs=("VP8",))).media[1].codecs] == ["VP8"]
    assert {c.name for c in offered(OfferOptions()).media[2].codecs} == {"VP8", "H264"}
    assert [c.name for c in offered(OfferOptions()).media[0].codecs] == ["opus"]


def test_redundant_sound_is_offered_where_it_is_wished_for() -> None:
    assert [offered(OfferOptions(red=red)).media[0].codecs[0].red for red in (False, True)] == [None, RED]


def test_m_lines_for_tiles_come_last_and_receive_video() -> None:
    tiles = offered(OfferOptions(tiles=2)).media[3:]
    assert [(m.mid, m.kind, m.sends, m.receives) for m in tiles] == [
        ("t0", "video", False, True),
        ("t1", "video", False, True),
    ]


def test_a_shared_screen_comes_behind_the_picture_and_is_known_by_its_ssrc() -> None:
    offer = parse_offer(write_offer(OfferOptions(screen=True, tiles=1), LOCAL, FINGERPRINT, Ssrcs(11, (21,), 31)))
    assert [(m.mid, m.sends, m.receives) for m in offer.media[2:]] == [
        ("2", False, True),
        ("3", True, False),
        ("t0", False, True),
    ]
    assert offer.media[3].ssrcs == (31,)


def test_retransmission_streams_are_offered_where_asked_for() -> None:
    codecs = {rtx: offered(OfferOptions(rtx=rtx)).media[2].codecs for rtx in (True, False)}
    assert [(codec.name, codec.rtx) for codec in codecs[True]] == [("H264", 103), ("VP8", 97)]
    assert [(codec.name, codec.rtx) for codec in codecs[False]] == [("H264", None), ("VP8", None)]


def test_a_listener_offers_less() -> None:
    assert [(m.mid, m.kind) for m in offered(OfferOptions(camera=False)).media] == [("0", "audio"), ("2", "video")]
    assert [m.mid for m in offered(OfferOptions(camera=False, picture=False)).media] == ["0"]
