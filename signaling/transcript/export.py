"""Writes transcripts as WebVTT (W3C) and as plain text. Pure."""

from collections.abc import Sequence
from html import escape

from signaling.transcript.model import Placed


def webvtt(utterances: Sequence[Placed]) -> str:
    """Return subtitles with the points as voices; what was struck out is left out."""
    cues = (
        f"{_stamp(each.start)} --> {_stamp(each.end)}\n{_voice(each)}{escape(each.utterance.text, quote=False)}\n"
        for each in utterances
        if each.utterance.text
    )
    return "\n".join(["WEBVTT\n", *cues])


def plain_text(utterances: Sequence[Placed], unknown: str) -> str:
    """Return what was said, one paragraph for each point that speaks, with its time; `unknown` names the others."""
    paragraphs: list[str] = []
    speaking: str | None = None
    for each in utterances:
        if not each.utterance.text:
            continue
        if each.utterance.speaker != speaking:
            speaking = each.utterance.speaker
            paragraphs.append(f"[{_stamp(each.start)[:8]}] {each.utterance.point or unknown}: {each.utterance.text}")
        else:
            paragraphs[-1] += f" {each.utterance.text}"
    return "\n\n".join(paragraphs) + "\n"


def _voice(placed: Placed) -> str:
    point = escape(placed.utterance.point, quote=False).replace("\n", " ")
    return f"<v {point}>" if point else ""


def _stamp(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{rest // 1000:02}.{rest % 1000:03}"
