"""Writes the protocol of a vote as PDF (biên bản kiểm phiếu): question, roll, quorum, counts, times, signatures.

Of an open vote it says who voted what; of a secret one who has voted.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from scheduler.operations.votes import rules
from scheduler.operations.votes.model import MIN_SECRET, Base, Majority, Quorum, Vote, Voter
from signaling.reports.pdf import FONT, HEAD, LINE, register_font

QUORUMS: dict[Quorum, str] = {
    "none": "không đặt điều kiện",
    "half": "quá nửa số điểm cầu được biểu quyết tham gia",
    "two-thirds": "ít nhất hai phần ba số điểm cầu được biểu quyết tham gia",
}
MAJORITIES: dict[Majority, str] = {"half": "quá nửa", "two-thirds": "ít nhất hai phần ba"}
BASES: dict[Base, str] = {"entitled": "tổng số điểm cầu được biểu quyết", "cast": "số phiếu đã biểu quyết"}
WHITE = "……………………"

_TEXT = ParagraphStyle("text", fontName=FONT, fontSize=11, leading=16)
_SMALL = ParagraphStyle("small", fontName=FONT, fontSize=9.5, leading=13)
_CENTRED = ParagraphStyle("centred", parent=_TEXT, alignment=TA_CENTER)
_TITLE = ParagraphStyle("title", parent=_CENTRED, fontSize=15, leading=22)


@dataclass(frozen=True, slots=True)
class SessionHead:
    """The session as the protocol names it: the unit that chairs, the title, the number, the host point."""

    unit: str
    title: str
    number: str
    host: str


def protocol(session: SessionHead, vote: Vote, zone: ZoneInfo) -> bytes:
    """Return the PDF of a closed vote; times are those of `zone`."""
    register_font()
    written = io.BytesIO()
    margins = {"leftMargin": 28 * mm, "rightMargin": 18 * mm, "topMargin": 18 * mm, "bottomMargin": 18 * mm}
    title = f"Biên bản kiểm phiếu số {vote.number} - {session.number}"
    paper = SimpleDocTemplate(written, pagesize=A4, title=title, author=session.unit, **margins)
    story: list[Flowable] = [
        _letterhead(session, paper.width),
        Spacer(1, 6 * mm),
        _text("BIÊN BẢN KIỂM PHIẾU", _TITLE),
        _text(f"Biểu quyết số {vote.number} của phiên họp {session.number}", _CENTRED),
        Spacer(1, 4 * mm),
        *(_text(line) for line in _facts(session, vote, zone)),
        Spacer(1, 3 * mm),
        _counts(vote, paper.width),
        Spacer(1, 3 * mm),
        _text(f"Kết quả: {decision(vote)}"),
        Spacer(1, 4 * mm),
        _text("Danh sách điểm cầu được biểu quyết:"),
        Spacer(1, 2 * mm),
        _roll(vote, paper.width),
        Spacer(1, 8 * mm),
        KeepTogether([_signatures(paper.width)]),
    ]
    paper.build(story)
    return written.getvalue()


def decision(vote: Vote) -> str:
    """Return what a vote decided, in a sentence."""
    if vote.cancelled:
        return "đã hủy, không kiểm phiếu."
    decided = rules.outcome(vote)
    if decided is None:
        if vote.cast < MIN_SECRET:
            return f"không kiểm phiếu, vì có ít hơn {MIN_SECRET} phiếu kín."
        return "không kiểm được phiếu; phải biểu quyết lại."
    if not decided.quorum:
        return "không đủ số điểm cầu tham gia biểu quyết."
    if decided.adopted is None:
        return "không phương án nào đạt đủ số phiếu."
    return f"phương án “{vote.question.choice(decided.adopted)}” đạt đủ số phiếu."


def _facts(session: SessionHead, vote: Vote, zone: ZoneInfo) -> list[str]:
    question, entitled = vote.question, len(vote.voters)
    kind = "bỏ phiếu kín (hệ thống không lưu phiếu của từng điểm cầu)" if question.secret else "công khai"
    return [
        f"Phiên họp: {session.title}",
        f"Điểm cầu chủ trì: {session.host}",
        f"Nội dung biểu quyết: {question.text or WHITE}",
        f"Hình thức: {kind}",
        f"Bắt đầu: {_clock(vote.opened, zone)}; kết thúc: {_clock(vote.closed, zone)}; "
        f"công bố: {_clock(vote.announced, zone)}",
        f"Điều kiện: {QUORUMS[question.quorum]}. "
        f"Thông qua khi đạt {MAJORITIES[question.majority]} {BASES[question.base]}.",
        f"Số điểm cầu được biểu quyết: {entitled}; đã biểu quyết: {vote.cast}; "
        f"không biểu quyết: {entitled - vote.cast}.",
    ]


def _clock(at: datetime | None, zone: ZoneInfo) -> str:
    return "chưa" if at is None else f"{at.astimezone(zone):%H:%M:%S ngày %d/%m/%Y}"


def _counts(vote: Vote, width: float) -> Flowable:
    if vote.counts is None:
        return Spacer(1, 0)
    entitled, cast = len(vote.voters), sum(vote.counts)
    rows = [
        (vote.question.choice(choice), str(count), _percent(count, entitled), _percent(count, cast))
        for choice, count in enumerate(vote.counts)
    ]
    head = ("Phương án", "Số phiếu", "Trên số được biểu quyết", "Trên số phiếu")
    return _table([head, *rows], [width * part for part in (0.4, 0.16, 0.24, 0.2)])


def _percent(count: int, whole: int) -> str:
    return f"{100 * count / whole:.1f} %".replace(".", ",") if whole else "–"


def _roll(vote: Vote, width: float) -> Flowable:
    rows = [(str(place), voter.label or voter.name, _said(vote, voter)) for place, voter in enumerate(vote.voters, 1)]
    return _table([("STT", "Điểm cầu", "Biểu quyết"), *rows], [width * part for part in (0.1, 0.5, 0.4)])


def _said(vote: Vote, voter: Voter) -> str:
    if not voter.voted:
        return "không biểu quyết"
    if voter.choice is None:
        return "đã bỏ phiếu"
    return vote.question.choice(voter.choice) + (" (ghi theo lời nói)" if voter.aloud else "")


def _letterhead(session: SessionHead, width: float) -> Flowable:
    motto = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM<br/>Độc lập - Tự do - Hạnh phúc"
    cells = [[_text(session.unit.upper(), _CENTRED), Paragraph(motto, _CENTRED)]]
    return Table(cells, [width * 0.4, width * 0.6], style=TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP")]))


def _signatures(width: float) -> Flowable:
    blank = "<br/>" * 5
    names = [Paragraph(f"{role}<br/>(ký, ghi rõ họ tên){blank}", _CENTRED) for role in ("NGƯỜI KIỂM PHIẾU", "CHỦ TRÌ")]
    return Table([names], [width / 2, width / 2])


def _table(rows: Sequence[Sequence[str]], widths: Sequence[float]) -> Table:
    cells = [[_text(cell, _SMALL) for cell in row] for row in rows]
    style = TableStyle([("GRID", (0, 0), (-1, -1), 0.4, LINE), ("BACKGROUND", (0, 0), (-1, 0), HEAD)])
    return Table(cells, widths, repeatRows=1, hAlign="LEFT", style=style)


def _text(text: str, style: ParagraphStyle = _TEXT) -> Paragraph:
    return Paragraph(escape(text), style)
