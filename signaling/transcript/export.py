"""Writes transcripts as WebVTT (W3C) and as plain text. Pure."""

from collections.abc import Sequence
from html import escape
from itertools import groupby

from scheduler.operations.minutes.minutes import SpokenTurn
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
    """Return what was said, one paragraph for each turn, with its time; `unknown` names the points that nobody
    knows."""
    said = (f"[{_stamp(turn.seconds)[:8]}] {turn.point or unknown}: {turn.text}" for turn in turns(utterances))
    return "\n\n".join(said) + "\n"


def turns(utterances: Sequence[Placed]) -> list[SpokenTurn]:
    """Return what was said as often as another speaker begins; what was struck out is left out."""
    said = [each for each in utterances if each.utterance.text]
    found = []
    for _, turn in groupby(said, key=lambda each: each.utterance.speaker):
        first, *others = turn
        text = " ".join(each.utterance.text for each in (first, *others))
        found.append(SpokenTurn(first.start, first.utterance.point, text))
    return found


def _voice(placed: Placed) -> str:
    point = escape(placed.utterance.point, quote=False).replace("\n", " ")
    return f"<v {point}>" if point else ""


def _stamp(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{rest // 1000:02}.{rest % 1000:03}"
