"""Answers offers within a call (RFC 3264 §8): the same session or hold is accepted, any other session is not.

Room systems repeat their offer to keep the call alive, name the codec they settled on, or go on hold. None of that
moves the media: the answer is our earlier answer, with fewer formats where they offer fewer, and the direction
mirrored. An offer that moves media elsewhere, or has nothing left in common, gets None, and the call stays as it was.
"""

import re
from dataclasses import dataclass, replace

_MIRRORED = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
_FORMAT = re.compile(r"a=(?:rtpmap|fmtp|rtcp-fb):(\S+)")
_HELD = {"0.0.0.0", "::"}  # noqa: S104 - how RFC 2543 says "hold"
MAX_MEDIA = 16


@dataclass(frozen=True, slots=True)
class Media:
    """One m-line and the lines that follow it."""

    kind: str
    port: str
    protocol: str
    formats: tuple[str, ...]
    lines: tuple[str, ...]
    place: str
    """The address of the c-line that applies to this m-line."""
    direction: str

    @property
    def names(self) -> dict[str, str]:
        """Codec names with their rates, by payload type."""
        maps = [context[len("a=rtpmap:") :].split(None, 1) for context in self.lines if context.startswith("a=rtpmap:")]
        return {each[0]: each[1].strip().lower() for each in maps if len(each) > 1}


def answer_offer(own: str, theirs: str, offer: str, version: int) -> str | None:
    """Return the answer to an offer within a call, or None if it asks for another session.

    `own` and `theirs` are the two descriptions that began the call; `version` counts our changes since then.
    """
    head, ours = _parse(own)
    _, before = _parse(theirs)
    _, now = _parse(offer)
    if not len(ours) <= len(now) <= MAX_MEDIA or len(before) != len(ours):
        return None
    answer = []
    for at, offered in enumerate(now):
        if at >= len(ours):
            answer.append(_none(offered))
            continue
        media = _same(ours[at], before[at], offered)
        if media is None:
            return None
        answer.append(media)
    return "".join(
        f"{context}\r\n"
        for context in [*_versioned(head, version), *(context for m in answer for context in _write(m))]
    )


def _same(ours: Media, before: Media, offered: Media) -> Media | None:
    if (ours.kind, ours.kind) != (before.kind, offered.kind) or offered.protocol != before.protocol:
        return None
    if "0" in (ours.port, before.port, offered.port):
        return _none(offered)
    held = offered.place in _HELD
    if offered.port != before.port or (offered.place != before.place and not held):
        return None
    names, common = offered.names, ours.names
    formats = tuple(
        each for each in ours.formats if each in offered.formats and names.get(each) in (common.get(each), None)
    )
    if not formats:
        return None
    direction = "sendonly" if held and offered.direction == "sendrecv" else offered.direction
    return replace(ours, formats=formats, direction=_MIRRORED[direction])


def _none(offered: Media) -> Media:
    """Return the m-line that rejects a stream (port 0)."""
    return Media(offered.kind, "0", offered.protocol, offered.formats, (), "", "")


def _write(media: Media) -> list[str]:
    lines = [f"m={media.kind} {media.port} {media.protocol} {' '.join(media.formats)}"]
    for context in media.lines:
        match = _FORMAT.match(context)
        if (match is None or match[1] in (*media.formats, "*")) and context[2:] not in _MIRRORED:
            lines.append(context)
    return [*lines, f"a={media.direction}"] if media.direction else lines


def _versioned(head: list[str], version: int) -> list[str]:
    """Return the session-level lines with the version of the o-line raised, and without a direction for all streams."""
    lines = []
    for context in head:
        parts = context.split(" ")
        if context.startswith("o=") and len(parts) > 2 and parts[2].isdecimal() and len(parts[2]) < 20:
            parts[2] = str(int(parts[2]) + version)
        if context[2:] not in _MIRRORED:
            lines.append(" ".join(parts))
    return lines


def _parse(sdp: str) -> tuple[list[str], list[Media]]:
    """Split a description into session-level lines and media. A malformed m-line becomes one that equals no other."""
    sections: list[list[str]] = [[]]
    for context in sdp.replace("\r", "").split("\n"):
        if context.startswith("m="):
            sections.append([])
        if context:
            sections[-1].append(context)
    head, *media = sections
    return head, [_media(head, lines) for lines in media]


def _media(head: list[str], lines: list[str]) -> Media:
    kind, port, protocol, *formats = [*lines[0][2:].split(), "", "", ""]
    place = next((context for context in reversed(head + lines[1:]) if context.startswith("c=")), "")
    direction = next((context[2:] for context in reversed(head + lines[1:]) if context[2:] in _MIRRORED), "sendrecv")
    return Media(
        *(kind, port, protocol, tuple(each for each in formats if each), tuple(lines[1:])),
        place=place.split(" ")[-1],
        direction=direction,
    )
