"""Responses of LDAP servers that tests play."""

from signaling.accounts.sso.ldap_message import ENUMERATED, OCTETS, SEQUENCE, integer, tlv


def message(number: int, tag: int, code: int = 0) -> bytes:
    """Return a response without text."""
    return tlv(SEQUENCE, integer(number), tlv(tag, integer(code, ENUMERATED), tlv(OCTETS), tlv(OCTETS)))
