"""Fast connect: channels that open with the Setup, without H.245 (ITU-T H.323 §8.1.7). Pure.

The caller proposes every codec in either direction; who is called returns the ones it takes, with its own addresses.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from signaling.h323.protocol import asn1, channels
from signaling.h323.protocol.asn1 import Reads
from signaling.h323.protocol.capabilities import Capabilities
from signaling.h323.protocol.channels import STATIC, TYPES, Channel, Kind
from signaling.h323.protocol.control import Ports
from signaling.h323.protocol.errors import BadPdu


@dataclass(frozen=True, slots=True)
class Opened:
    """The channels that fast connect opened, by kind: those we send, those we take, and what says so to the caller."""

    sending: Mapping[Kind, Channel]
    taking: Mapping[Kind, Channel]
    answer: tuple[bytes, ...] = ()


def propose(own: Capabilities, ports: Ports) -> list[bytes]:
    """Return the proposals of a caller, the best codec of each kind first."""
    wanted: list[Channel] = []
    if "sound" in ports:
        wanted += [Channel(0, "sound", name, STATIC[name]) for name in own.sounds]
    if own.picture is not None and "picture" in ports:
        modes = sorted(own.picture.modes, reverse=True)
        wanted += [Channel(0, "picture", "H264", TYPES[mode], own.picture, mode=mode) for mode in modes]
    found: list[bytes] = []
    for channel in wanted:
        media, control = ports[channel.kind]
        there, back = (replace(channel, number=len(found) + each, control=control) for each in (1, 2))
        found.append(asn1.encode("channel", channels.open_request(there)))
        found.append(asn1.encode("channel", channels.reverse_request(replace(back, media=media))))
    return found


def choose(proposals: Sequence[bytes], own: Capabilities, ports: Ports, reads: Reads | None = None) -> Opened:
    """Choose from a caller's proposals one codec of each kind that goes both ways; what is malformed is left out, and
    what is too much for `reads`."""
    there, back = _read(proposals, reads or Reads())
    sending: dict[Kind, Channel] = {}
    taking: dict[Kind, Channel] = {}
    answer: list[bytes] = []
    for kind in ports:
        preferred = own.sounds if kind == "sound" else ("H264",)
        for codec in preferred if kind == "sound" or own.picture is not None else ():
            taken = next((each for each in there if (each.kind, each.codec) == (kind, codec)), None)
            sent = next((each for each in back if (each.kind, each.codec) == (kind, codec) and each.media), None)
            if taken is None or sent is None:
                continue
            media, control = ports[kind]
            taking[kind] = taken
            sending[kind] = replace(sent, number=len(sending) + 1)
            answer.append(asn1.encode("channel", channels.open_request(replace(taken, media=media, control=control))))
            ours = replace(sending[kind], control=control)
            answer.append(asn1.encode("channel", channels.reverse_request(ours)))
            break
    return Opened(sending, taking, tuple(answer))


def accepted(answer: Sequence[bytes], reads: Reads | None = None) -> Opened:
    """Read which of our proposals were taken: by direction, and with where the other side takes ours."""
    there, back = _read(answer, reads or Reads())
    sending: dict[Kind, Channel] = {each.kind: each for each in there if each.media is not None}
    taking: dict[Kind, Channel] = {each.kind: each for each in back}
    return Opened(sending, taking)


def _read(elements: Sequence[bytes], reads: Reads) -> tuple[list[Channel], list[Channel]]:
    """Read elements of fastStart: channels from the caller, and channels to it."""
    there: list[Channel] = []
    back: list[Channel] = []
    for element in elements:
        try:
            fields: Mapping[str, Any] = asn1.decode("channel", element, reads)
        except BadPdu:
            continue
        if (channel := channels.read_request(fields)) is not None:
            (back if channels.is_reverse(fields) else there).append(channel)
    return there, back
