"""Texts of PDUs for the trace of calls that technicians read, without what is dialled and keyed in. Pure."""

import json

from signaling.h323.protocol.capabilities import Pdu
from signaling.h323.protocol.h225 import Body
from signaling.h323.protocol.q931 import Message
from signaling.sip.protocol.trace import BLOT, MAX_CHARACTERS

SECRETS = ("userInput", "conferenceResponse")
"""Messages of H.245 that may have DTMF digits or a password in them (H.243 §10.2)."""


def signalling_text(message: Message, body: Body | None) -> str:
    """Return what a message of call signalling says, in lines."""
    lines = [f"Q.931 0x{message.kind:02x}" if body is None else f"H.225.0 {body.name}"]
    if message.cause:
        lines.append(f"cause: {message.cause}")
    if body is not None:
        where = body.h245_address
        told = {
            "product": body.product,
            "dialled": BLOT if message.called or body.dialled else "",
            "h245Address": "" if where is None else f"{where[0]} {where[1]}",
            "h245Tunnelling": "yes" if body.tunnelling else "no",
            "fastStart": str(len(body.fast_start) or ""),
            "reason": body.fields["reason"][0] if body.fields.get("reason") else "",
        }
        lines += [f"{name}: {value}" for name, value in told.items() if value]
    return "\n".join(lines)[:MAX_CHARACTERS]


def control_text(pdu: Pdu) -> str:
    """Return what a message of H.245 says, as JSON; keys and passwords are blotted."""
    kind, content = pdu
    name, value = content if isinstance(content, tuple) else ("", content)
    if name in SECRETS:
        return f"H.245 {name}\n{BLOT}"
    try:
        text = json.dumps(value, default=bytes.hex, indent=1)
    except ValueError:  # Python prints no number of more than some thousand digits
        text = "too long to be shown"
    return f"H.245 {name or kind}\n{text}"[:MAX_CHARACTERS]
