"""Minutes word by word, read back from the DOCX; also tests `letterhead.py`."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scheduler.core.model import OFFICIAL, REHEARSAL, ScriptItem, Session, Slot, State
from scheduler.files import docx
from scheduler.operations.attendance.attendee_list import Attendee, PointAttendees
from scheduler.operations.attendance.chat_store import ChatEntry
from scheduler.operations.attendance.floor_store import FloorTime
from scheduler.operations.attendance.item_store import ItemTime
from scheduler.operations.attendance.presence_intervals import Interruption, PointAttendance, PresenceInterval
from scheduler.operations.attendance.service import SlotAttendance
from scheduler.operations.incidents.model import Incident
from scheduler.operations.minutes.minutes import MinutesFacts, RecordingMark, SpokenTurn, minutes
from scheduler.operations.votes.model import Question, Vote, Voter
from tests.docx_reader import paragraphs
from tests.scheduler.world import ZONE, at

HOST, CITY, WARD = "ubnd.khanh-hoa", "ubnd.nha-trang", "nt.vinhhai"
HEAD = [
    "ỦY BAN NHÂN DÂN", "TỈNH KHÁNH HÒA", "", "Số: ……/BB-UBND",
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "",
    "", "BIÊN BẢN", "Phiên họp trực tuyến: Giao ban tháng 4", "",
]  # fmt: skip
SIGNED = [
    "", "THƯ KÝ", "(Chữ ký)", "", "", "", "Họ và tên",
    "CHỦ TỌA", "(Chữ ký, dấu của cơ quan nếu có)", "", "", "", "Họ và tên",
    "Nơi nhận:", "- ……;", "- Lưu: VT, Hồ sơ.",
]  # fmt: skip


def clock(hour: str) -> datetime:
    return at(f"05/04/2023 {hour}")


def judged(late: int = 0, *gaps: Interruption) -> PointAttendance:
    return PointAttendance(True, late, 0, 6900, gaps)


def vote(number: int, opened: datetime, counts: tuple[int, int, int] | None, secret: bool = False) -> Vote:
    cast = sum(counts or (2,))
    voters = tuple(Voter(f"p{n}", "", "", voted=n < cast) for n in range(3))
    question = Question("Nhất trí phương án?", secret=secret)
    return Vote(f"{number}", "s", number, question, voters, opened, "host", closed=opened, counts=counts)


SESSION = Session(
    id="s", number="KH-0001", seq=1, slots=(
        Slot(REHEARSAL, clock("07:00"), clock("07:30"), 3), Slot(OFFICIAL, clock("08:00"), clock("10:00"), 3),
    ),
    legs=3, state=State.ISSUED, code=None, created=clock("06:00"), profile="", submitted_by="", received=clock("06:00"),
    effective=clock("06:00"), reply_due=clock("06:00"), check_due=clock("06:00"), provisional=False,
    host_point=HOST, points=(CITY, WARD), title="Giao ban tháng 4", contact_name="", contact_phone="", recording=True,
)  # fmt: skip
ABSENT = PointAttendance(False, 0, 0, 6900, ())
FACTS = MinutesFacts(
    session=SESSION,
    labels={HOST: "UBND tỉnh Khánh Hòa", CITY: "UBND thành phố Nha Trang", WARD: "UBND phường Vĩnh Hải"},
    unit="UBND tỉnh Khánh Hòa",
    superior=None,
    slot=SlotAttendance(
        SESSION.slots[1],
        {
            HOST: ((PresenceInterval(HOST, clock("07:40"), clock("09:55")),), judged()),
            CITY: (
                (
                    PresenceInterval(CITY, clock("08:05"), clock("08:50")),
                    PresenceInterval(CITY, clock("08:54"), None),
                ),
                judged(300, Interruption(clock("08:50"), clock("08:54"), 240, "mất điện")),
            ),
            WARD: ((), ABSENT),
        },
    ),
    attendees={
        CITY: PointAttendees(
            CITY, 3, (Attendee("Trần Thị B", "Phó Chủ tịch"), Attendee("Lê C", "")), "nhatrang", clock("07:00")
        )
    },
    script=(
        ScriptItem("open", "Khai mạc", None, None, 10, "speech"),
        ScriptItem("report", "Báo cáo", CITY, None, 15, "speech"),
        ScriptItem("talk", "Thảo luận", None, None, 30, "discussion"),
    ),
    items=(
        ItemTime("open", "Khai mạc", None, 10, clock("07:10"), clock("07:20")),  # rehearsed
        ItemTime("open", "Khai mạc", None, 10, clock("08:00"), clock("08:12")),
        ItemTime("report", "Báo cáo", CITY, 15, clock("08:12"), clock("08:30")),
        ItemTime("open", "Khai mạc", None, 10, clock("08:30"), clock("08:31") + timedelta(seconds=5)),
    ),
    floor=(
        FloorTime(CITY, "UBND.Nha Trang.01", 0, "", clock("07:12"), clock("07:15")),
        FloorTime(CITY, "UBND.Nha Trang.01", 1, "Đê biển", clock("08:12"), clock("08:29")),
    ),
    speaking={HOST: 700, CITY: 960},
    votes=(
        vote(1, clock("07:20"), (3, 0, 0)),  # rehearsed
        vote(1, clock("09:10"), (2, 0, 0)),
        vote(2, clock("09:12"), (1, 1, 0)),
        vote(3, clock("09:14"), (1, 0, 0)),
        vote(4, clock("09:16"), None, secret=True),
        replace(vote(5, clock("09:18"), None), closed=None),
        replace(vote(6, clock("09:19"), None), cancelled=True),
        replace(vote(7, clock("09:20"), (2, 0, 0)), question=Question("", ())),  # erased
    ),
    chat=(
        ChatEntry(clock("08:20"), HOST, "UBND.Khanh Hoa.01", True, None, "Giải lao lúc 09 giờ"),
        ChatEntry(clock("08:21"), HOST, "UBND.Khanh Hoa.01", True, CITY, "Riêng Nha Trang"),
        ChatEntry(clock("08:22"), CITY, "UBND.Nha Trang.01", False, None, "Đã rõ"),
        ChatEntry(clock("08:23"), HOST, "UBND.Khanh Hoa.01", True, None, ""),  # erased
    ),
    incidents=(
        Incident("2", "s", None, "other", 1, "", "host", clock("09:00"), None),
        Incident("1", "s", CITY, "disconnected", 1, "rơi mạng", "", clock("08:50"), None, resolved=clock("08:54")),
    ),
    marks=(RecordingMark(1, 0, "Khai mạc"), RecordingMark(1, 725.4, "Báo cáo")),
    spoken=(SpokenTurn(3.5, "UBND tỉnh Khánh Hòa", "Kính thưa các đồng chí."), SpokenTurn(3725.0, "", "Xin hết.")),
    zone=ZONE,
)


def written(facts: MinutesFacts) -> list[str]:
    return paragraphs(docx.write(minutes(facts)))


def test_minutes_have_the_form_of_the_decree_and_all_that_was_recorded() -> None:
    assert written(FACTS) == [
        *HEAD,
        "Thời gian bắt đầu: 08 giờ 00 phút, ngày 05 tháng 4 năm 2023 (đăng ký: 08 giờ 00).",
        "Địa điểm: điểm cầu chủ trì UBND tỉnh Khánh Hòa và 2 điểm cầu thành phần; phiên họp trực tuyến số KH-0001.",
        "Thành phần tham dự: 2/3 điểm cầu có mặt; 3 người theo danh sách của các điểm cầu.",
        "STT", "Điểm cầu", "Có mặt", "Ghi chú",
        "1", "UBND tỉnh Khánh Hòa", "08 giờ 00 – 09 giờ 55", "",
        "2", "UBND thành phố Nha Trang", "08 giờ 05 – 10 giờ 00",
        "vào muộn 5 phút; gián đoạn 08 giờ 50 – 08 giờ 54 (mất điện)",
        "3", "UBND phường Vĩnh Hải", "vắng mặt", "",
        "",
        "- UBND thành phố Nha Trang (3 người): Trần Thị B – Phó Chủ tịch; Lê C.",
        "Chủ trì (chủ tọa): ……………………",
        "Thư ký (người ghi biên bản): ……………………",
        "Nội dung (theo diễn biến phiên họp):",
        "1. Diễn biến theo kịch bản",
        "1) Khai mạc (UBND tỉnh Khánh Hòa): dự kiến 10 phút; thực tế 13 phút 5 giây"
        " (08 giờ 00 – 08 giờ 12, 08 giờ 30 – 08 giờ 31).",
        "Nội dung, ý kiến: ……………………",
        "2) Báo cáo (UBND thành phố Nha Trang): dự kiến 15 phút; thực tế 18 phút (08 giờ 12 – 08 giờ 30).",
        "- UBND thành phố Nha Trang được mời phát biểu 08 giờ 12 – 08 giờ 29: Đê biển.",
        "Nội dung, ý kiến: ……………………",
        "3) Thảo luận (UBND tỉnh Khánh Hòa): dự kiến 30 phút; không thực hiện.",
        "2. Biểu quyết",
        "- Lần 1, 09 giờ 10, công khai: Nhất trí phương án? Đã biểu quyết 2/3 điểm cầu; Tán thành 2, Không tán thành 0,"
        " Ý kiến khác 0. Kết quả: “Tán thành” đạt đa số.",
        "- Lần 2, 09 giờ 12, công khai: Nhất trí phương án? Đã biểu quyết 2/3 điểm cầu; Tán thành 1, Không tán thành 1,"
        " Ý kiến khác 0. Kết quả: không phương án nào đạt đa số.",
        "- Lần 3, 09 giờ 14, công khai: Nhất trí phương án? Đã biểu quyết 1/3 điểm cầu; Tán thành 1, Không tán thành 0,"
        " Ý kiến khác 0. Kết quả: không đủ số điểm cầu biểu quyết.",
        "- Lần 4, 09 giờ 16, bỏ phiếu kín: Nhất trí phương án? Đã biểu quyết 2/3 điểm cầu. Kết quả: không kiểm phiếu vì"
        " quá ít phiếu kín.",
        "- Lần 5, 09 giờ 18, công khai: Nhất trí phương án? Đã biểu quyết 2/3 điểm cầu. Kết quả: chưa kết thúc.",
        "- Lần 6, 09 giờ 19, công khai: Nhất trí phương án? Đã biểu quyết 2/3 điểm cầu. Kết quả: đã hủy, không kiểm"
        " phiếu.",
        "- Lần 7, 09 giờ 20, công khai: …………………… Đã biểu quyết 2/3 điểm cầu; Phương án 1 2, Phương án 2 0, Phương án 3"
        " 0. Kết quả: “Phương án 1” đạt đa số.",
        "3. Thời lượng phát biểu của các điểm cầu",
        "Điểm cầu", "Lượt được mời", "Thời gian được mời", "Thời gian nói",
        "UBND tỉnh Khánh Hòa", "", "", "11 phút 40 giây",
        "UBND thành phố Nha Trang", "1", "17 phút", "16 phút",
        "",
        "4. Thông báo của chủ tọa",
        "- 08 giờ 20: Giải lao lúc 09 giờ",
        "5. Sự cố kỹ thuật",
        "- 08 giờ 50: UBND thành phố Nha Trang, mất kết nối (rơi mạng); khắc phục lúc 08 giờ 54.",
        "- 09 giờ 00: cả phiên họp, sự cố khác; chưa khắc phục.",
        "6. Bản ghi hình",
        "- Phần 1, 0:00:00: Khai mạc.",
        "- Phần 1, 0:12:05: Báo cáo.",
        "7. Kết luận của chủ tọa",
        "……………………",
        "Phiên họp kết thúc vào 09 giờ 55 phút, ngày 05 tháng 4 năm 2023./.",
        *SIGNED,
        "PHỤ LỤC: BẢN GỠ BĂNG",
        "Máy gỡ băng tự động, có thể sai. Thư ký đối chiếu với bản ghi hình, rồi bỏ phụ lục này.",
        "[0:00:03] UBND tỉnh Khánh Hòa: Kính thưa các đồng chí.",
        "[1:02:05] Không rõ điểm cầu: Xin hết.",
    ]  # fmt: skip


def test_sections_for_which_nothing_is_recorded_are_left_out() -> None:
    bare = replace(FACTS, script=(), items=(), speaking={}, votes=(), chat=(), incidents=(), marks=(), spoken=())
    bare = replace(bare, attendees={})
    begun = written(bare).index("Nội dung (theo diễn biến phiên họp):")
    assert written(bare)[begun + 1 : -len(SIGNED) - 1] == [
        "1. Diễn biến",
        "- UBND thành phố Nha Trang được mời phát biểu 08 giờ 12 – 08 giờ 29: Đê biển.",
        "Nội dung, ý kiến: ……………………",
        "2. Thời lượng phát biểu của các điểm cầu",
        "Điểm cầu", "Lượt được mời", "Thời gian được mời", "Thời gian nói",
        "UBND thành phố Nha Trang", "1", "17 phút", "",
        "",
        "3. Kết luận của chủ tọa",
        "……………………",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("unit", "superior", "head"),
    [
        ("Sở Nội vụ", "UBND tỉnh Khánh Hòa", ["UBND TỈNH KHÁNH HÒA", "SỞ NỘI VỤ", "", "Số: ……/BB-……"]),
        ("Tỉnh ủy", None, ["TỈNH ỦY", "", "Số: ……/BB-……"]),
        ("UBND xã Diên An", "UBND huyện", ["ỦY BAN NHÂN DÂN", "XÃ DIÊN AN", "", "Số: ……/BB-UBND"]),
    ],
)
def test_the_head_names_the_body_above_but_none_above_a_committee(
    unit: str, superior: str | None, head: list[str]
) -> None:
    assert written(replace(FACTS, unit=unit, superior=superior))[: len(head)] == head
