"""Chooses the encryption that a device is asked for, and tells how a call is protected. Pure.

Keys in the SDP (RFC 4568) are read by everyone on the way unless SIP itself goes over TLS.
"""

from mediaserver.api import Encryption
from mediaserver.errors import BadOffer, NotEncrypted
from mediaserver.sdp import sip_parse
from scheduler.directory.model import EncryptionPolicy
from signaling.messages.calls import ProtectionWord


def media_encryption(policy: EncryptionPolicy, transport: str) -> Encryption:
    """Return what the media engine is asked for in a call by a transport of SIP. Raises NotEncrypted where encryption
    is demanded and SIP itself has none."""
    secure = transport == "tls"
    if policy == "demanded" and not secure:
        raise NotEncrypted("keys travel over TLS alone")
    if policy == "exposed" or (policy == "wished" and secure):
        return "wished"
    return "demanded" if policy == "demanded" else "off"


def check(policy: EncryptionPolicy, transport: str, offer: str) -> None:
    """Raise NotEncrypted where a call is offered with nothing that the policy permits.

    A call without an offer is judged by its answer, and one that cannot be read by the media engine.
    """
    encryption = media_encryption(policy, transport)
    if not offer:
        return
    try:
        session = sip_parse.read(offer)
    except BadOffer:
        return
    sip_parse.permitted(session, encryption)


def protection(policy: EncryptionPolicy, transport: str, sdp: str) -> ProtectionWord:
    """Return how a call is protected whose media are described so, by either side; "" where nothing flows."""
    try:
        encryption = media_encryption(policy, transport)
        session = sip_parse.permitted(sip_parse.read(sdp), encryption)
    except BadOffer:
        return "clear"
    places = session.sound, session.camera, session.slides
    used = [session.media[place] for place in places if place is not None]
    if not used:
        return ""
    if not all(media.encrypted for media in used):
        return "clear"
    return "encrypted" if transport == "tls" else "exposed"
