"""Tests of which encryption a call is asked for, and of what is said of how it is protected."""

import pytest

from mediaserver.api import Encryption
from mediaserver.errors import NotEncrypted
from scheduler.directory.model import EncryptionPolicy
from signaling.messages.calls import ProtectionWord
from signaling.sip.bridge.protection import media_encryption, protection
from tests.mediaserver.room_offers import BARESIP, ENCRYPTED

HELD = ENCRYPTED.replace("m=audio 41080", "m=audio 0").replace("m=video 41054", "m=video 0")
HALF = ENCRYPTED.replace("m=video 41054 RTP/SAVP", "m=video 41054 RTP/AVP").split("m=video")
HALF_CLEAR = HALF[0] + "m=video" + "\r\n".join(x for x in HALF[1].split("\r\n") if "crypto" not in x)


@pytest.mark.parametrize(
    ("policy", "over_tls", "otherwise"),
    [
        ("off", "off", "off"),
        ("wished", "wished", "off"),
        ("exposed", "wished", "wished"),
        ("demanded", "demanded", None),
    ],
)
def test_keys_travel_over_tls_alone_unless_they_may_be_exposed(
    policy: EncryptionPolicy, over_tls: Encryption, otherwise: Encryption | None
) -> None:
    assert media_encryption(policy, "tls") == over_tls
    for transport in ("udp", "tcp", "auto"):
        if otherwise is None:
            with pytest.raises(NotEncrypted):
                media_encryption(policy, transport)
        else:
            assert media_encryption(policy, transport) == otherwise


@pytest.mark.parametrize(
    ("policy", "transport", "sdp", "word"),
    [
        ("wished", "tls", ENCRYPTED, "encrypted"),
        ("demanded", "tls", ENCRYPTED, "encrypted"),
        ("exposed", "udp", ENCRYPTED, "exposed"),
        ("wished", "tls", BARESIP, "clear"),
        ("off", "tls", BARESIP, "clear"),
        ("wished", "tls", HALF_CLEAR, "clear"),
        ("wished", "udp", BARESIP, "clear"),
        ("wished", "tls", HELD, ""),
        ("off", "udp", "no description", "clear"),
    ],
)
def test_a_call_is_encrypted_if_all_its_media_are(
    policy: EncryptionPolicy, transport: str, sdp: str, word: ProtectionWord
) -> None:
    assert protection(policy, transport, sdp) == word
