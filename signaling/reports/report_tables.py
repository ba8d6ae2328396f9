"""Tables of a report, in words: page, spreadsheet and PDF show the same numbers. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from scheduler.core.model import Interval
from scheduler.reports.figures import FigureRow, Figures, Grouping, RegistrationFact, Review, Turnout, permille, shares
from scheduler.reports.service import PointRow, Report

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
OUTCOMES: dict[str, str] = {
    "expected": "Điểm cầu được mời",
    "present": "Có mặt",
    "absent": "Vắng",
    "points": "Khả dụng điểm cầu",
    "lines": "Khả dụng đường truyền",
    "owed": "Bản ghi phải bàn giao",
    "sent": "Bàn giao đúng hạn",
    "confirmed": "Xác nhận nhận đúng hạn",
    "handed": "Tỷ lệ bàn giao đúng hạn",
    "emergencies": "Phiên khẩn cấp",
    "reviewed": "Đã xem xét sau phiên",
}
"""Outcomes of past sessions; those that are no figure are shares."""
POINTS: tuple[str, ...] = (
    "Phiên được mời",
    "Có mặt",
    "Vắng",
    "Khả dụng điểm cầu",
    "Số phút đo đường truyền",
    "Số phút mất gói trên 2%",
    "Khả dụng đường truyền",
)
CORRECTIONS: tuple[str, ...] = ("Số liệu", "Hệ thống thống kê", "Đơn vị báo cáo", "Giải trình")
EMERGENCIES: tuple[str, ...] = ("Thời gian", "Đơn vị chủ trì", "Căn cứ, lý do", "Xem xét sau phiên")
IN_ALL = "Tổng số"
BEFORE = "Kỳ trước"
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: its title, its head, its rows of a name and numbers."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]


def title(report: Report, zone: ZoneInfo) -> str:
    """Return the title with the days of a report."""
    first, last = report.period.start.astimezone(zone), report.period.end.astimezone(zone) - timedelta(days=1)
    return f"Thống kê họp trực tuyến từ {first:%d/%m/%Y} đến {last:%d/%m/%Y}"


def sheets(report: Report, points: Sequence[PointRow], zone: ZoneInfo) -> tuple[Sheet, ...]:
    """Return the tables of a report."""
    return (
        _usage(report, zone),
        _uptime(report, zone),
        *(_grouping(report, by) for by in GROUPINGS),
        _outcomes(report),
        _corrections(report, zone),
        _points(points),
        _emergencies(report, zone),
        _carriers(report),
    )


def _grouping(report: Report, by: Grouping) -> Sheet:
    compared = any(row.before is not None for row in report.rows[by])
    head = (GROUPINGS[by], *FIGURES.values(), *([BEFORE] if compared else []))
    rows: list[tuple[str | int, ...]] = [
        (row.name, *_numbers(row.figures), *([row.before or 0] if compared else [])) for row in report.rows[by]
    ]
    whole: tuple[str | int, ...] = (IN_ALL, *_numbers(report.total), *([_before(report.rows[by])] if compared else []))
    return Sheet(GROUPINGS[by], head, (whole, *rows))


def _outcomes(report: Report) -> Sheet:
    """Return the table of outcomes: attendance, connection quality, handovers and reviews (R-075, R-102, R-112)."""
    named = [(IN_ALL, report.total), *((row.name, row.figures) for row in report.rows["unit"])]
    rows = tuple((name, *_outcome(figures)) for name, figures in named)
    return Sheet("Tham dự, khả dụng, bàn giao", (GROUPINGS["unit"], *OUTCOMES.values()), rows)


def _outcome(figures: Figures) -> tuple[str | int, ...]:
    values = {**figures._asdict(), **{name: share(each) for name, each in shares(figures)._asdict().items()}}
    return tuple(values[name] for name in OUTCOMES)


def _corrections(report: Report, zone: ZoneInfo) -> Sheet:
    """Return the table of the units' corrections beside the counted figures (R-122)."""
    units = {row.key: row for row in report.rows["unit"]}
    rows = []
    for each in report.corrections:
        row = units.get(each.unit)
        counted = getattr(row.figures, each.figure) if row else 0
        correction = f"{each.at.astimezone(zone):%d/%m/%Y} {each.by}: {each.remark}"
        rows.append((row.name if row else each.unit, FIGURES[each.figure], counted, each.said, correction))
    return Sheet("Số liệu đơn vị điều chỉnh", ("Số liệu đơn vị điều chỉnh", *CORRECTIONS), tuple(rows))


def _points(points: Sequence[PointRow]) -> Sheet:
    rows = tuple((f"{row.name} – {row.label}", *_turnout(row.turnout)) for row in points)
    return Sheet("Theo điểm cầu", ("Điểm cầu", *POINTS), rows)


def _turnout(of: Turnout) -> tuple[str | int, ...]:
    connected, line = permille(of.there, of.due), permille(of.minutes - of.lossy, of.minutes)
    absent = of.expected - of.present
    return (of.expected, of.present, absent, share(connected), of.minutes, of.lossy, share(line))


def _emergencies(report: Report, zone: ZoneInfo) -> Sheet:
    """Return the table of emergencies and their reviews (R-075)."""
    rows = tuple(_emergency(fact, report.grounds.get(fact.ground, fact.ground), zone) for fact in report.emergencies)
    return Sheet("Phiên khẩn cấp", ("Phiên khẩn cấp", *EMERGENCIES), rows)


def _emergency(fact: RegistrationFact, ground: str, zone: ZoneInfo) -> tuple[str, ...]:
    start = f"{fact.start.astimezone(zone):%H:%M %d/%m/%Y}"
    return (
        f"{fact.number} {fact.title}",
        start,
        fact.unit_name,
        f"{ground}: {fact.reason}",
        _review(fact.review, zone),
    )


def _review(seen: Review | None, zone: ZoneInfo) -> str:
    return "–" if seen is None else f"{seen.at.astimezone(zone):%H:%M %d/%m/%Y} {seen.by}: {seen.remark}"


def _uptime(report: Report, zone: ZoneInfo) -> Sheet:
    """Return the table of uptime and outages (R-112)."""
    ran = report.uptime
    down = tuple((_span(each, zone), f"{(each.end - each.start) // MINUTE} phút") for each in ran.outages)
    whole = ("Tỷ lệ thời gian hệ thống hoạt động", share(ran.permille))
    return Sheet("Khả dụng hệ thống", ("Khả dụng hệ thống", "Tỷ lệ, thời gian gián đoạn"), (whole, *down))


def _span(each: Interval, zone: ZoneInfo) -> str:
    start, end = each.start.astimezone(zone), each.end.astimezone(zone)
    return f"Gián đoạn {start:%H:%M %d/%m/%Y} – {end:%H:%M %d/%m/%Y}"


def share(value: int | None) -> str:
    """Write thousandths as a percentage."""
    return "–" if value is None else f"{value // 10},{value % 10}%"


def _carriers(report: Report) -> Sheet:
    """Return the table of the telecom enterprises' lines, month by month (R-116)."""
    rows = tuple(
        (f"{row.month[5:]}/{row.month[:4]} {row.name}", *(_known(getattr(row, name)) for name in CARRIERS))
        for row in report.providers
    )
    return Sheet("Theo doanh nghiệp viễn thông", ("Theo doanh nghiệp viễn thông", *CARRIERS.values()), rows)


def _known(value: int | None) -> str | int:
    return "–" if value is None else value


def _numbers(figures: Figures) -> tuple[int, ...]:
    return tuple(getattr(figures, name) for name in FIGURES)


def _before(rows: Sequence[FigureRow]) -> int:
    return sum(row.before or 0 for row in rows)


def _usage(report: Report, zone: ZoneInfo) -> Sheet:
    """Return the table of the capacity used (R-113)."""
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
