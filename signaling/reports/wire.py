"""Wire form of the report of a period: figures, shares, attendance, corrections (Điều 17.2.d)."""

from dataclasses import asdict
from zoneinfo import ZoneInfo

from scheduler.reports import figures, service
from scheduler.reports.figures import Grouping
from signaling.http.route import Interval, Model, Moment
from signaling.reports import report_tables


class Figures(Model):
    """The counted figures; see docs/protocol.md."""

    registered: int
    sessions: int
    minutes: int
    points: int
    recorded: int
    late: int
    answered_late: int
    waited: int
    revoked: int
    cancelled: int
    incidents: int
    expected: int
    present: int
    absent: int
    due_s: int
    there_s: int
    line_min: int
    lossy_min: int
    owed: int
    sent: int
    confirmed: int
    emergencies: int
    reviewed: int


class Shares(Model):
    """Thousandths: of the time points were to be connected, of minutes of lines, of recordings owed (R-102, R-112)."""

    points: int | None
    lines: int | None
    handed: int | None


class Row(Model):
    """The figures of one unit, level, class or month; `before` counts a unit's sessions in the period before."""

    key: str
    name: str
    figures: Figures
    shares: Shares
    before: int | None


class Usage(Model):
    """Highest load of the system, and the numbers of registrations that found no capacity (R-113)."""

    sessions: int
    points: int
    points_at: Moment | None
    waited: int
    revoked: int
    refused: int


class Carrier(Model):
    """A telecom enterprise in one month; `restore` is the mean time to settle an incident, in minutes (R-116)."""

    month: str
    provider: str
    name: str
    lines: int
    sessions: int
    minutes: int
    lossy: int
    incidents: int
    restored: int
    restore: int | None


class Uptime(Model):
    """The share of the time that the system ran, in thousandths (null: unknown), and its outages."""

    permille: int | None
    outages: list[Interval]


class Correction(Model):
    """A figure that a unit corrects; `counted` is that of the records (R-122)."""

    unit: str
    name: str
    figure: str
    counted: int
    said: int
    remark: str
    by: str
    at: Moment


class Report(Model):
    """The figures of a period; the rows of each grouping add up to the total."""

    title: str
    period: Interval
    total: Figures
    shares: Shares
    rows: dict[Grouping, list[Row]]
    usage: Usage
    carriers: list[Carrier]
    corrections: list[Correction]
    uptime: Uptime


def wire(report: service.Report, zone: ZoneInfo) -> Report:
    """Convert a report to its wire form."""
    return Report(
        title=report_tables.title(report, zone),
        period=Interval(start=report.period.start, end=report.period.end),
        total=_figures(report.total),
        shares=_shares(report.total),
        rows={by: [_row(row) for row in rows] for by, rows in report.rows.items()},
        usage=Usage(
            sessions=report.usage.sessions,
            points=report.usage.points,
            points_at=report.usage.points_at,
            waited=report.usage.waited,
            revoked=report.usage.revoked,
            refused=report.usage.refused,
        ),
        carriers=[Carrier(**asdict(row)) for row in report.providers],
        corrections=_corrections(report),
        uptime=Uptime(
            permille=report.uptime.permille,
            outages=[Interval(start=each.start, end=each.end) for each in report.uptime.outages],
        ),
    )


def _corrections(report: service.Report) -> list[Correction]:
    units = {row.key: row for row in report.rows["unit"]}
    return [
        Correction(**asdict(each), name=units[each.unit].name, counted=getattr(units[each.unit].figures, each.figure))
        if each.unit in units
        else Correction(**asdict(each), name=each.unit, counted=0)
        for each in report.corrections
    ]


def _shares(counted: figures.Figures) -> Shares:
    return Shares(**figures.shares(counted)._asdict())


def _row(row: figures.FigureRow) -> Row:
    figures = row.figures
    return Row(key=row.key, name=row.name, figures=_figures(figures), shares=_shares(figures), before=row.before)


def _figures(counted: figures.Figures) -> Figures:
    return Figures(**{name: getattr(counted, name) for name in figures.NAMES})
