"""Errors of received bytes. Why a call did not come about is said by those of SIP
(:mod:`signaling.sip.protocol.errors`)."""


class BadPdu(Exception):
    """The received bytes are no PDU of H.323; the text says why."""
