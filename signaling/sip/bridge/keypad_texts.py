"""Texts that a room system reads on its screen about its keys: Vietnamese, and English below. Pure."""

from collections.abc import Mapping
from typing import Final

from signaling.core.texts import fault_text
from signaling.meeting.state.roster import Seated
from signaling.sip.bridge.keypad import Key

HINT: Final = "Bấm *1 để xem các phím\nPress *1 for the keys"
HINT_SECONDS: Final = 8.0
SECONDS: Final[Mapping[Key, float]] = {"*1": 15.0, "*3": 4.0, "*6": 4.0, "*8": 4.0}
"""How long the outcome of a key is shown."""
_HELP = "\n".join(
    (
        "*3  Giơ tay, hạ tay · Raise or lower the hand",
        "*6  Tắt, mở micro, xin phát biểu · Mute, unmute, ask to speak",
        "*8  Đổi bố cục hình · Next layout",
    )
)
_LAYOUTS: Mapping[str, str] = {
    "composed": "Bố cục của chủ trì\nThe host's layout",
    "composed:grid": "Bố cục riêng: các điểm đều nhau\nOwn layout: all alike",
    "composed:speaker": "Bố cục riêng: người phát biểu lớn\nOwn layout: the speaker large",
    "composed:single": "Bố cục riêng: chỉ người phát biểu\nOwn layout: the speaker alone",
}


def outcome(key: Key, seat: Seated, place: int) -> str:
    """Tell what a key has brought about; `place` is that of the seat in the hand queue, 0 without a raised hand."""
    match key:
        case "*3":
            return _raised(place) if place else "Đã hạ tay\nHand lowered"
        case "*6":
            if not seat.floor:
                return _raised(place)
            if seat.muted:
                return "Đã tắt micro, bấm *6 để mở lại\nMicrophone off, *6 opens it"
            return "Micro đang mở, bấm *6 để tắt\nMicrophone on, *6 closes it"
        case "*8":
            return _LAYOUTS[seat.view]
        case "*1":
            return _HELP


def _raised(place: int) -> str:
    return f"Đã giơ tay xin phát biểu, thứ {place}\nHand raised, number {place}"


def refusal(word: str) -> str:
    """Tell why a key brought nothing about."""
    return f"{fault_text(word, 'vi')}\n{fault_text(word, 'en')}"
