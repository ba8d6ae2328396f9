"""The tables of a report, in words: page, spreadsheet and document show the same numbers. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from scheduler.reports.figures import NAMES, Figures, Grouping, Row
from scheduler.reports.service import Report

FIGURES: dict[str, str] = {
    "registered": "Đăng ký",
    "sessions": "Phiên họp",
    "minutes": "Số phút họp",
    "points": "Lượt điểm cầu",
    "recorded": "Có ghi hình",
    "late": "Đăng ký muộn",
    "answered_late": "Trả lời muộn",
    "waited": "Phải chờ",
    "revoked": "Bị thu hồi mã",
    "cancelled": "Hủy",
    "incidents": "Sự cố",
}
GROUPINGS: dict[Grouping, str] = {
    "level": "Theo cấp",
    "class": "Theo loại đăng ký",
    "purpose": "Theo phạm vi",
    "kind": "Theo nội dung",
    "month": "Theo tháng",
    "unit": "Theo đơn vị chủ trì",
}
CARRIERS: dict[str, str] = {
    "lines": "Đường truyền đã dùng",
    "sessions": "Phiên họp",
    "minutes": "Số phút kết nối",
    "lossy": "Số phút mất gói trên 2%",
    "incidents": "Sự cố",
    "restored": "Đã khắc phục",
    "restore": "Khắc phục trung bình (phút)",
}
IN_ALL = "Tổng số"
BEFORE = "Kỳ trước"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: its title, its head, its rows of a name and numbers."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]


def title(report: Report, zone: ZoneInfo) -> str:
    """Say which days a report is about."""
    first, last = report.period.start.astimezone(zone), report.period.end.astimezone(zone) - timedelta(days=1)
    return f"Thống kê họp trực tuyến từ {first:%d/%m/%Y} đến {last:%d/%m/%Y}"


def sheets(report: Report, zone: ZoneInfo) -> tuple[Sheet, ...]:
    """Return the tables of a report."""
    return (_usage(report, zone), *(_grouping(report, by) for by in GROUPINGS), _carriers(report))


def _grouping(report: Report, by: Grouping) -> Sheet:
    compared = any(row.before is not None for row in report.rows[by])
    head = (GROUPINGS[by], *FIGURES.values(), *([BEFORE] if compared else []))
    rows: list[tuple[str | int, ...]] = [
        (row.name, *_numbers(row.figures), *([row.before or 0] if compared else [])) for row in report.rows[by]
    ]
    whole: tuple[str | int, ...] = (IN_ALL, *_numbers(report.total), *([_before(report.rows[by])] if compared else []))
    return Sheet(GROUPINGS[by], head, (whole, *rows))


def _carriers(report: Report) -> Sheet:
    """How lines of telecom enterprises were, month by month (R-116)."""
    rows = tuple(
        (f"{row.month[5:]}/{row.month[:4]} {row.name}", *(_known(getattr(row, name)) for name in CARRIERS))
        for row in report.carriers
    )
    return Sheet("Theo doanh nghiệp viễn thông", ("Theo doanh nghiệp viễn thông", *CARRIERS.values()), rows)


def _known(value: int | None) -> str | int:
    return "–" if value is None else value


def _numbers(figures: Figures) -> tuple[int, ...]:
    return tuple(getattr(figures, name) for name in NAMES)


def _before(rows: Sequence[Row]) -> int:
    return sum(row.before or 0 for row in rows)


def _usage(report: Report, zone: ZoneInfo) -> Sheet:
    """How full the system was (R-113)."""
    usage = report.usage
    day = "" if usage.points_at is None else f" ({usage.points_at.astimezone(zone):%d/%m/%Y %H:%M})"
    rows = (
        ("Số phiên cùng lúc, cao nhất", usage.sessions),
        (f"Số điểm cầu cùng lúc, cao nhất{day}", usage.points),
        ("Đăng ký phải chờ năng lực", usage.waited),
        ("Phiên bị thu hồi mã", usage.revoked),
        ("Đăng ký bị từ chối vì hết năng lực", usage.refused),
    )
    return Sheet("Sử dụng năng lực", ("Sử dụng năng lực", "Số lượng"), rows)
