"""Tests of keys in session descriptions: the `a=crypto` lines, which policy takes which m-line, and our own lines."""

import re
from base64 import b64encode
from dataclasses import replace

import pytest

from mediaserver.api import Encryption
from mediaserver.errors import NotEncrypted
from mediaserver.rtp.srtp_key import SUITES, SrtpKey
from mediaserver.sdp import sdes
from mediaserver.sdp.sdes import Crypto
from mediaserver.sdp.sip_parse import Session, parse, permitted
from mediaserver.sdp.sip_write import Local, answer, offer, simple_offer
from tests.mediaserver.room_offers import BARESIP

SECRET = bytes(range(30))
KEY = b64encode(SECRET).decode()
GOOD = f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"
LINE = f"a=crypto:{GOOD}\r\n"
PLAIN = BARESIP
OPPORTUNISTIC = BARESIP.replace("a=sendrecv\r\n", f"a=sendrecv\r\n{LINE}")
SECURE = OPPORTUNISTIC.replace("RTP/AVP", "RTP/SAVP")
KEYLESS = BARESIP.replace("RTP/AVP", "RTP/SAVP")
EITHER = SECURE + PLAIN[PLAIN.index("m=audio") :]
"""Each m-line twice, for those who do not know keys in plain m-lines."""


@pytest.mark.parametrize(
    "value",
    [
        GOOD,
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^31",
        f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|1048576",
        f"1  AES_CM_128_HMAC_SHA1_80\tINLINE:{KEY} WSH=128 -future=1",
    ],
)
def test_a_key_is_read(value: str) -> None:
    assert sdes.parse(value) == Crypto(1, SrtpKey("AES_CM_128_HMAC_SHA1_80", SECRET))


@pytest.mark.parametrize("suite", SUITES)
def test_a_line_of_ours_is_one_that_we_read(suite: str) -> None:
    made = sdes.make(7, suite)
    assert (sdes.parse(str(made)), len(made.key.secret)) == (made, SUITES[suite])
    assert made != sdes.make(7, suite)
    assert "secret" not in repr(made)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1",
        GOOD.removeprefix("1 "),
        GOOD.replace("1 ", "x ", 1),
        GOOD.replace("1 ", "1234567890 ", 1),
        GOOD.replace("AES_CM_128_HMAC_SHA1_80", "F8_128_HMAC_SHA1_80"),
        GOOD.replace("AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM"),
        GOOD.replace("inline", "uri"),
        GOOD[:-4],
        GOOD[:-1],
        GOOD[:-1] + "é",
        f"{GOOD}AAAA",
        f"{GOOD}|2^20|1:4",
        f"{GOOD}|1:4",
        f"{GOOD};inline:{KEY}",
        f"{GOOD} UNENCRYPTED_SRTP",
        f"{GOOD} KDR=1",
        f"{GOOD} WSH=64 UNAUTHENTICATED_SRTP",
        GOOD + " -x" * 17,
    ],
)
def test_a_line_that_is_malformed_or_protects_otherwise_is_none(value: str) -> None:
    assert sdes.parse(value) is None


@pytest.mark.parametrize(
    ("text", "encryption", "taken"),
    [
        (PLAIN, "off", [0, 1, False]),
        (PLAIN, "wished", [0, 1, False]),
        (PLAIN, "demanded", None),
        (OPPORTUNISTIC, "off", [0, 1, False]),
        (OPPORTUNISTIC, "wished", [0, 1, True]),
        (OPPORTUNISTIC, "demanded", [0, 1, True]),
        (SECURE, "off", None),
        (SECURE, "wished", [0, 1, True]),
        (SECURE, "demanded", [0, 1, True]),
        (KEYLESS, "wished", None),
        (KEYLESS, "demanded", None),
        (EITHER, "off", [2, 3, False]),
        (EITHER, "wished", [0, 1, True]),
        (EITHER.replace(LINE, "a=crypto:1 NEW inline:x\r\n"), "wished", [2, 3, False]),
        (SECURE.replace("m=audio 41080 RTP/SAVP", "m=audio 41080 RTP/AVP").replace(LINE, "", 1), "demanded", [None, 1]),
    ],
)
def test_the_policy_says_which_m_lines_are_taken(
    text: str, encryption: Encryption, taken: list[int | bool | None] | None
) -> None:
    if taken is None:
        with pytest.raises(NotEncrypted):
            permitted(parse(text), encryption)
        return
    session = permitted(parse(text), encryption)
    encrypted = [bool(session.media[each].keys) for each in (session.sound, session.camera) if each is not None]
    assert [session.sound, session.camera] == taken[:2]
    assert encrypted in ([True], [taken[-1]] * 2)


def test_the_answer_to_an_encrypted_offer_has_our_keys_at_their_places() -> None:
    keys = [sdes.make(1, "AES_CM_128_HMAC_SHA1_80") for _ in range(2)]
    local = Local("192.0.2.1", 40100, 40102, 7, sound_keys=(keys[0],), camera_keys=(keys[1],))
    refused = "m=application 5070 RTP/SAVP 100\r\n"  # what is refused must not shift what follows
    text = SECURE.replace("m=video", f"{refused}m=video")
    lines = re.findall(r"(?:m=|a=crypto).*(?=\r)", answer(parse(text), local, shows=True))
    assert lines == [
        "m=audio 40100 RTP/SAVP 9 101",
        f"a=crypto:{keys[0]}",
        "m=application 0 RTP/SAVP 100",
        "m=video 40102 RTP/SAVP 97",
        f"a=crypto:{keys[1]}",
    ]


@pytest.mark.parametrize("profile", ["RTP/AVP", "RTP/SAVP"])
def test_our_offer_has_the_keys_that_it_is_given(profile: str) -> None:
    keys = sdes.make_all(), sdes.make_all()
    local = Local("192.0.2.1", 40100, 40102, 7, sound_keys=keys[0], camera_keys=keys[1], profile=profile)
    session, simple = parse(offer(local)), parse(simple_offer(local))
    assert tuple(media.keys for media in session.media) == keys
    assert {media.protocol for media in session.media} == {profile}
    assert tuple(media.keys for media in simple.media) == keys
    assert permitted(session, "demanded") == session
    assert permitted(Session(()), "demanded") == Session(())


FINGERPRINT = "SHA-256 " + ":".join(["ab"] * 32)


@pytest.mark.parametrize(("setup", "ours"), [("actpass", "passive"), ("active", "passive"), ("passive", "active")])
def test_keys_by_dtls_are_answered_with_our_fingerprint_and_role(setup: str, ours: str) -> None:
    text = BARESIP.replace("RTP/AVP", "UDP/TLS/RTP/SAVPF").replace(
        "a=sendrecv", f"a=fingerprint:{FINGERPRINT}\r\na=setup:{setup}\r\na=sendrecv"
    )
    session = parse(text)
    assert [media.fingerprints for media in session.media] == 2 * [(("sha-256", FINGERPRINT[8:].upper()),)]
    local = Local("192.0.2.1", 40100, 40102, 7, fingerprint="sha-256 00")
    reply = answer(permitted(session, "demanded"), local, shows=True)
    assert reply.count(f"a=fingerprint:sha-256 00\r\na=setup:{ours}\r\n") == 2
    assert "m=audio 40100 UDP/TLS/RTP/SAVPF 9 101\r\n" in reply
    offered = answer(session, replace(local, offering=True), shows=True)
    assert offered.count("a=setup:actpass\r\n") == 2
    for other, encryption in ((text, "off"), (text.replace(FINGERPRINT, "md5 00"), "wished")):
        with pytest.raises(NotEncrypted):
            permitted(parse(other), encryption)  # type: ignore[arg-type]
