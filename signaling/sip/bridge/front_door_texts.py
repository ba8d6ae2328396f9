"""Texts that a room system reads at the front door: Vietnamese, and English below. Pure."""

from datetime import datetime

DOT = "•"
"""Stands for a digit that was entered: nobody in the room reads the code."""


def enter(digits: int, left: int) -> str:
    """Ask for a code; `left` is how often one may be wrong yet, 0 before the first one was."""
    wrong = [f"Mã không dùng được, còn {left} lần · Wrong code, {left} left", ""] if left else []
    entered = " ".join(DOT * digits) or "_"
    lines = ("Nhập mã phiên họp, rồi bấm #", "Enter the session code, then press #", "", entered, "")
    return "\n".join((*wrong, *lines, "Bấm * để xóa · * clears"))


def opens(local: datetime) -> str:
    """Tell when the session of a code opens; `local` is the time there."""
    return (
        f"Mã đúng. Phiên họp mở lúc {local:%H:%M} ngày {local:%d/%m/%Y}\n"
        f"The session opens at {local:%H:%M} on {local:%d/%m/%Y}\n\n"
        "Xin chờ, hệ thống sẽ tự vào họp\nPlease wait, the room joins by itself"
    )
