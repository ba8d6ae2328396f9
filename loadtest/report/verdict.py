"""Judges whether a case passed. Pure: takes the figures of a case, returns one verdict per criterion."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from loadtest.load.cases import COMPOSED_HEIGHT, Text


@dataclass(frozen=True, slots=True)
class Criterion:
    """A figure of a case's result that must be at least, or at most, `limit`; `word` names it in JSON."""

    word: str
    title: Text
    unit: str
    figure: Callable[[dict[str, Any]], float]
    limit: float
    at_least: bool = False

    def judge(self, case: dict[str, Any]) -> dict[str, Any]:
        """Return the verdict on one case as a JSON object."""
        value = self.figure(case)
        passed = value >= self.limit if self.at_least else value <= self.limit
        sign = "≥" if self.at_least else "≤"
        title = {"vi": self.title.vi, "en": self.title.en}
        return {
            "word": self.word,
            "title": title,
            "value": value,
            "limit": self.limit,
            "sign": sign,
            "unit": self.unit,
        } | {"passed": passed}


def _percent(part: int, whole: int) -> float:
    return round(100 * part / max(1, whole), 1)


def _joined(case: dict[str, Any]) -> float:
    return _percent(case["joined"], case["expected"])


ALWAYS = (
    Criterion("joined", Text("Điểm cầu vào được phiên", "points that joined"), "%", _joined, 100, at_least=True),
    Criterion("join", Text("Thời gian vào phiên (p95)", "time to join (p95)"), "s", lambda c: c["join_s"]["p95"], 5),
    Criterion(
        *("pictures", Text("Hình/giây, trung vị", "pictures/s, median"), ""),
        lambda c: c["pictures_per_s"]["median"],
        24,
        at_least=True,
    ),
    Criterion(
        *("pictures-p5", Text("Hình/giây, 5 % kém nhất", "pictures/s, poorest 5 %"), ""),
        lambda c: c["pictures_per_s"]["p5"],
        20,
        at_least=True,
    ),
    Criterion(
        "lines",
        Text(
            f"Điểm cầu luôn nhận đủ các ô hình, hoặc hình đủ {COMPOSED_HEIGHT} dòng",
            f"points with each camera of the layout, or a picture of {COMPOSED_HEIGHT} lines",
        ),
        "%",
        lambda c: _percent(c["lines"]["points"], c["lines"]["of"]),
        100,
        at_least=True,
    ),
    Criterion("loss", Text("Gói mất hẳn", "packets lost for good"), "%", lambda c: c["loss_pct"], 0.1),
    Criterion(
        "sound", Text("Ngắt tiếng dài nhất", "longest gap in sound"), "ms", lambda c: c["sound"]["longest_ms"], 300
    ),
)
AFTER_KILL = (
    Criterion(
        "hit",
        Text("Điểm cầu bị ảnh hưởng", "points that the loss hit"),
        "",
        lambda c: c["kill"]["hit"],
        1,
        at_least=True,
    ),
    Criterion(
        *("back", Text("Điểm cầu có lại hình và tiếng", "points with picture and sound again"), "%"),
        lambda c: _percent(c["kill"]["back"], c["kill"]["expected"]),
        100,
        at_least=True,
    ),
    Criterion(
        "back-time",
        Text("Trở lại sau (điểm cuối)", "back after (last point)"),
        "s",
        lambda c: c["kill"]["back_s"]["max"],
        15,
    ),
)


def judge(case: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all verdicts on a case, in the order of the page."""
    return [criterion.judge(case) for criterion in (*ALWAYS, *(AFTER_KILL if case["kill"] else ()))]


def passed(case: dict[str, Any]) -> bool:
    """Return whether a judged case met all criteria."""
    return all(verdict["passed"] for verdict in case["verdicts"])
