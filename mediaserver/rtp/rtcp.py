"""RTCP: reads and writes the packet types that we use (RFC 3550 §6, RFC 4585, RFC 5104, REMB). Pure."""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

CNAME = b"diemcau"
_APP_NAME = b"PIPE"
MAX_PARTS = 32
"""Packets of a compound that are read; a browser's has four or five."""
MAX_BLOCKS = 31
"""The most a report can count (RFC 3550 §6.4.2)."""
REMB_BITS = 18
"""Of the mantissa; the exponent has 6."""

_OLD_FIR, _SR, _RR, _SDES, _BYE, _APP, _FEEDBACK, _PICTURE_FEEDBACK = 192, 200, 201, 202, 203, 204, 205, 206
_NACK, _TMMBR, _TMMBN, _PLI, _FIR, _APPLICATION = 1, 3, 4, 1, 4, 15
_VERSION = 0x80
_HEAD = Struct("!BBH")
_PAIR = Struct("!II")
_SENDER = Struct("!BBHIQIII")
_SENT = Struct("!IQI")
_BLOCK = Struct("!6I")
"""The share lost and the packets lost stand in one word."""
_REMB = Struct("!4sBBH")
_LOST = Struct("!HH")
_LIMIT = Struct("!II")
_LIMIT_BITS = 17
"""Of the mantissa of a maximum bitrate (RFC 5104 §4.2.1.1); the exponent has 6 above it, the overhead 9 below it."""
_MAX_OVERHEAD = (1 << 9) - 1
_FIR_ENTRY = Struct("!I4x")
_FIR_ORDER = Struct("!IB3x")
_ITEM = bytes([1, len(CNAME)]) + CNAME + bytes(4 - (2 + len(CNAME)) % 4)
"""Item CNAME = 1, then at least one zero and up to a whole word (RFC 3550 §6.5)."""
_NAME_HEAD = _HEAD.pack(_VERSION | 1, _SDES, 1 + len(_ITEM) // 4)


class Block(NamedTuple):
    """A report block: a receiver's statistics of one stream (RFC 3550 §6.4.1)."""

    ssrc: int
    fraction_lost: int
    """In 1/256, since the report before."""
    packets_lost: int
    """Since the start; more packets may come than were sent, for example duplicates."""
    highest_sequence: int
    jitter: int
    lsr: int
    """The middle 32 bits of the NTP time of the last sender report heard; 0 for none."""
    dlsr: int
    """How long ago that was, in 1/65536 s."""


@dataclass(slots=True)
class Nack:
    """The peer misses packets of our stream `ssrc`. `lost` has any number of entries, of up to 17 numbers each."""

    ssrc: int
    lost: bytes

    @property
    def sequences(self) -> Iterator[int]:
        """Yield the missing sequence numbers."""
        return (number for first, mask in _LOST.iter_unpack(self.lost) for number in _numbers(first, mask))


@dataclass(slots=True)
class KeyframeRequest:
    """The peer needs a key frame of our stream `ssrc` (PLI, or FIR whose media SSRC may be 0: RFC 5104 §4.3.1.1)."""

    ssrc: int


@dataclass(slots=True)
class SenderReport:
    """The peer's stream `ssrc` had `timestamp` at NTP time `ntp` (32.32 fixed point)."""

    ssrc: int
    ntp: int
    timestamp: int


@dataclass(slots=True)
class Report:
    """The peer lost this share (0 to 1) of our stream `ssrc`; `round_trip` in seconds when it can be told."""

    ssrc: int
    lost: float
    round_trip: float | None
    highest: int = 0
    """The highest sequence number received, extended to 32 bits."""
    jitter: int = 0
    """In units of the stream's clock."""
    sender_report: int = 0
    """The sender report of ours that it answers (LSR, RFC 3550 §6.4.1); 0 for none. Its round trip is that of then."""
    lost_packets: int = 0
    """Packets lost since the stream began; negative where more came than were sent."""


@dataclass(slots=True)
class Estimate:
    """The peer's link carries `bitrate` bit/s (REMB)."""

    bitrate: int


@dataclass(slots=True)
class BitrateLimit:
    """Our stream `ssrc` must take at most `bitrate` bit/s, `overhead` bytes of headers for each packet counted (TMMBR,
    RFC 5104 §4.2.1); `sender` is the SSRC of who asks."""

    ssrc: int
    sender: int
    bitrate: int
    overhead: int


@dataclass(slots=True)
class BitrateLimitTaken:
    """The sender of a stream notes the limits that bound it (TMMBN, RFC 5104 §4.2.2): the SSRCs of who asked."""

    ssrcs: frozenset[int]


@dataclass(slots=True)
class Application:
    """A message of another media worker (APP, RFC 3550 §6.7), with spaces behind it up to a whole word."""

    data: bytes


Heard = Nack | KeyframeRequest | SenderReport | Report | Estimate | BitrateLimit | BitrateLimitTaken | Application


def parse(data: bytes, now: float) -> list[Heard]:
    """Return the messages of a compound packet that concern us; raises ValueError when it is malformed.

    `now` is in seconds of the clock of our sender reports. It need not be the wall clock (RFC 3550 §6.4.1), and must
    not be: setting that would make all links look as if they had a queue.
    """
    heard: list[Heard] = []
    at = 0
    try:
        for _ in range(MAX_PARTS):
            if at >= len(data):
                break
            first, kind, words = _HEAD.unpack_from(data, at)
            begin, at = at + 4, at + 4 + 4 * words
            if first >> 6 != 2:
                raise ValueError("RTCP version is not 2")
            if at > len(data):
                raise ValueError("RTCP packet cut off")
            end = at - _padding(data[begin:at]) if first & 0x20 else at
            if (reader := _READERS.get(kind)) is not None:
                heard += reader(data[begin:end], first & 0x1F, now)
    except (struct.error, IndexError) as exc:
        raise ValueError("malformed RTCP") from exc
    return heard


def _padding(body: bytes) -> int:
    """Return how many bytes at the end are padding, by the last of them (RFC 3550 §6.4.1)."""
    if not 0 < body[-1] <= len(body):
        raise ValueError("RTCP padding longer than its packet")
    return body[-1]


def _read_sender_report(body: bytes, count: int, now: float) -> list[Heard]:
    return [SenderReport(*_SENT.unpack_from(body)), *_read_blocks(body, count, now, 24)]


def _read_blocks(body: bytes, count: int, now: float, at: int = 4) -> list[Heard]:
    """Read a receiver report behind the SSRC of its sender, or the end of a sender report."""
    if len(body) != at + _BLOCK.size * count:
        raise ValueError("RTCP report of another length than its blocks")
    return [
        Report(ssrc, (lost >> 24) / 256, _round_trip(lsr, dlsr, now), highest, jitter, lsr, _signed(lost & 0xFFFFFF))
        for ssrc, lost, highest, jitter, lsr, dlsr in _BLOCK.iter_unpack(body[at:])
    ]


def _signed(number: int) -> int:
    """Return the value of 24 bits in two's complement."""
    return (number ^ 0x800000) - 0x800000


def _round_trip(lsr: int, dlsr: int, now: float) -> float | None:
    """Return the round trip in seconds by RFC 3550 §6.4.1: now less the time of our last report less the time the peer
    kept it (both in 1/65536 s)."""
    passed = (now - (lsr + dlsr) / 65536) % 65536
    return passed if lsr and passed < 60 else None


def _read_feedback(body: bytes, kind: int, _now: float) -> list[Heard]:
    sender, ssrc = _PAIR.unpack_from(body)
    if kind in (_TMMBR, _TMMBN):
        return _read_limits(body[8:], kind, sender)
    if kind != _NACK:
        return []
    if len(body) % _LOST.size:
        raise ValueError("NACK cut off")
    return [Nack(ssrc, body[8:])]


def _read_limits(entries: bytes, kind: int, sender: int) -> list[Heard]:
    if len(entries) % _LIMIT.size:
        raise ValueError("TMMBR or TMMBN cut off")
    if kind == _TMMBN:
        return [BitrateLimitTaken(frozenset(ssrc for ssrc, _ in _LIMIT.iter_unpack(entries)))]
    return [
        BitrateLimit(ssrc, sender, (word >> 9 & (1 << _LIMIT_BITS) - 1) << (word >> 26), word & _MAX_OVERHEAD)
        for ssrc, word in _LIMIT.iter_unpack(entries)
    ]


def _numbers(first: int, mask: int) -> list[int]:
    """Return a lost packet's number, and those of the 16 after it that are lost too (RFC 4585 §6.2.1)."""
    return [first, *((first + 1 + i) & 0xFFFF for i in range(16) if mask >> i & 1)]


def _read_picture_feedback(body: bytes, kind: int, _now: float) -> list[Heard]:
    if kind == _APPLICATION and body[8:12] == b"REMB":
        _, count, high, low = _REMB.unpack_from(body, 8)
        if len(body) < 8 + _REMB.size + 4 * count:
            raise ValueError("REMB cut off")
        return [Estimate(((high & 3) << 16 | low) << (high >> 2))]
    _, ssrc = _PAIR.unpack_from(body)
    if kind == _PLI:
        return [KeyframeRequest(ssrc)]
    if kind == _FIR:
        return [KeyframeRequest(entry) for (entry,) in _FIR_ENTRY.iter_unpack(body[8 : len(body) // 8 * 8])]
    return []


def _read_old_fir(body: bytes, _count: int, _now: float) -> list[Heard]:
    """Read a FIR of RFC 2032 §5.2.1, which old room systems still send; they disagree on whose stream its SSRC
    names."""
    return [KeyframeRequest(int.from_bytes(body[:4], "big"))]


def _read_application(body: bytes, _count: int, _now: float) -> list[Heard]:
    return [Application(body[8:])] if body[4:8] == _APP_NAME else []


_READERS: dict[int, Callable[[bytes, int, float], list[Heard]]] = {
    _OLD_FIR: _read_old_fir,
    _SR: _read_sender_report,
    _RR: _read_blocks,
    _APP: _read_application,
    _FEEDBACK: _read_feedback,
    _PICTURE_FEEDBACK: _read_picture_feedback,
}


def _ntp(now: float) -> int:
    return int(now * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


def _head(kind: int, count: int, body: int) -> bytes:
    return _HEAD.pack(_VERSION | count, kind, body // 4)


def sender_report(
    ssrc: int, now: float, timestamp: int, packets: int, octets: int, blocks: Sequence[Block] = ()
) -> bytes:
    """Return SR and CNAME of one of our streams, whose timestamp was `timestamp` at `now`."""
    count, words = len(blocks), (_SENDER.size + _BLOCK.size * len(blocks)) // 4 - 1
    packets, octets = packets & 0xFFFFFFFF, octets & 0xFFFFFFFF
    report = _SENDER.pack(_VERSION | count, _SR, words, ssrc, _ntp(now), timestamp, packets, octets)
    for block in blocks:
        report += _pack_block(*block)
    return report + name(ssrc)


def name(ssrc: int) -> bytes:
    """Return SDES with our CNAME, which every compound packet must carry (RFC 3550 §6.1)."""
    return _NAME_HEAD + ssrc.to_bytes(4, "big") + _ITEM


def goodbye(ssrc: int) -> bytes:
    """Return BYE: our stream ends (RFC 3550 §6.6)."""
    return _head(_BYE, 1, 4) + ssrc.to_bytes(4, "big")


def receiver_report(ssrc: int, blocks: list[Block]) -> bytes:
    """Return RR over the peer's streams, up to `MAX_BLOCKS`."""
    reported = blocks[:MAX_BLOCKS]
    body = ssrc.to_bytes(4, "big") + b"".join([_pack_block(*block) for block in reported])
    return _head(_RR, len(reported), len(body)) + body


def _pack_block(ssrc: int, fraction: int, lost: int, highest: int, jitter: int, lsr: int, dlsr: int) -> bytes:
    return _BLOCK.pack(ssrc, fraction << 24 | lost & 0xFFFFFF, highest, jitter, lsr, dlsr)


def picture_loss(ssrc: int, media_ssrc: int) -> bytes:
    """Return PLI, which requests a key frame of the peer's stream."""
    return _head(_PICTURE_FEEDBACK, _PLI, 8) + _PAIR.pack(ssrc, media_ssrc)


def full_intra(ssrc: int, media_ssrc: int, order: int) -> bytes:
    """Return FIR (RFC 5104 §4.3.1), used as PLI; `order` counts requests, a repeated one keeps its number."""
    entry = _FIR_ORDER.pack(media_ssrc, order & 0xFF)
    return _head(_PICTURE_FEEDBACK, _FIR, 16) + _PAIR.pack(ssrc, 0) + entry


def bitrate_limit(ssrc: int, media_ssrc: int, bitrate: int, overhead: int) -> bytes:
    """Return TMMBR, by which the peer's stream may take at most so many bit/s (RFC 5104 §4.2.1)."""
    return _limits(_TMMBR, ssrc, media_ssrc, bitrate, overhead)


def bitrate_limit_taken(ssrc: int, owner: int, bitrate: int, overhead: int) -> bytes:
    """Return TMMBN, by which our stream keeps to the limit that `owner` asked for (RFC 5104 §4.2.2)."""
    return _limits(_TMMBN, ssrc, owner, bitrate, overhead)


def _limits(kind: int, ssrc: int, entry_ssrc: int, bitrate: int, overhead: int) -> bytes:
    exponent = max(0, bitrate.bit_length() - _LIMIT_BITS)
    word = exponent << 26 | bitrate >> exponent << 9 | overhead
    return _head(_FEEDBACK, kind, 16) + _PAIR.pack(ssrc, 0) + _LIMIT.pack(entry_ssrc, word)


def nack(ssrc: int, media_ssrc: int, sequences: list[int]) -> bytes:
    """Return a generic NACK: each entry has a number and a mask of the 16 after it, none of which wraps."""
    entries: list[list[int]] = []
    for sequence in sequences:
        ahead = sequence - entries[-1][0] - 1 if entries else -1
        if 0 <= ahead < 16:
            entries[-1][1] |= 1 << ahead
        else:
            entries.append([sequence, 0])
    body = _PAIR.pack(ssrc, media_ssrc) + b"".join([_LOST.pack(*entry) for entry in entries])
    return _head(_FEEDBACK, _NACK, len(body)) + body


def remb(ssrc: int, bitrate: int, media_ssrcs: list[int]) -> bytes:
    """Return the receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb-03), in bit/s over all
    `media_ssrcs`."""
    ssrcs = media_ssrcs[:255]
    exponent = max(0, bitrate.bit_length() - REMB_BITS)
    mantissa = bitrate >> exponent
    body = _PAIR.pack(ssrc, 0) + _REMB.pack(b"REMB", len(ssrcs), exponent << 2 | mantissa >> 16, mantissa & 0xFFFF)
    body += struct.pack(f"!{len(ssrcs)}I", *ssrcs)
    return _head(_PICTURE_FEEDBACK, _APPLICATION, len(body)) + body


def application(ssrc: int, data: bytes) -> bytes:
    """Return APP with what is said to another media worker, padded with spaces to a whole word."""
    body = ssrc.to_bytes(4, "big") + _APP_NAME + data + b" " * (-len(data) % 4)
    return _head(_APP, 0, len(body)) + body
