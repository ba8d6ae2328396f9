"""WebSocket messages about captions. Pure."""

from typing import Literal

from mediaserver.api import CaptionWord
from signaling.messages.base import BaseClientMessage, BaseMessage


class SwitchCaptions(BaseClientMessage):
    """Be told what is said as text (`caption`), or no longer."""

    type: Literal["captions"]
    on: bool


class Caption(BaseMessage):
    """An utterance of a seat as far as it is heard now: the same `utterance` comes again until it is `final`.

    `start` and `end` are seconds since the room was opened.
    """

    type: Literal["caption"] = "caption"
    seat: str
    name: str
    utterance: str
    text: str
    start: float
    end: float
    final: bool


class CaptionsState(BaseMessage):
    """Captions are complete (``on``), leave out what is said (``behind``), or do not come at all (``away``)."""

    type: Literal["captions"] = "captions"
    state: CaptionWord
