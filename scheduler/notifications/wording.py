"""Words notices: a mail to the host unit's mailbox, and a line for the support groups. Pure.

A decision adds a :class:`Notice` with :func:`scheduler.notifications.outbox.tell` inside its own transaction; a new
kind of decision is one more entry of :data:`WORDINGS`. Texts are made when they are sent, from the facts of the
decision and the code at that time: a code is stored only with its session, and a dead one is sent to nobody (R-051,
R-083, R-115).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, tzinfo
from typing import Literal, Self

from scheduler.core.model import OFFICIAL, REHEARSAL, Draft, Interval, Point, Request, Session, Slot

Kind = Literal[
    "granted",
    "waiting",
    "changed",
    "reinstated",
    "revoked",
    "cancelled",
    "refused",
    "receipt",
    "not-official",
    "draft",
    "absent",
    "interrupted",
    "list-asked",
    "called",
    "unchecked",
    "check-missing",
    "not-arrived",
    "room",
    "account",
    "second-factor-reset",
    "people",
    "exception-over",
    "ending",
    "taken-over",
    "closing",
    "power",
    "recording",
    "recording-due",
    "recording-goes",
    "material",
    "line",
    "check-call",
    "reminder",
    "overdue",
    "urgent",
    "provider",
    "provider-changed",
    "provider-cancelled",
    "patch",
    "duty",
    "summary",
    "figures-asked",
    "figures-due",
    "below",
    "webhook-paused",
    "security-incident",
    "approval-asked",
    "approval-emergency",
]
Method = Literal["REQUEST", "CANCEL"]
"""The iTIP method of the attached calendar event (RFC 5546 §3.2.2, §3.2.5)."""

NO_CODE = "(không còn hiệu lực / no longer valid)"


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels of notices: mail, if there is a mail server, and groups by name. Without any, no notice is added."""

    mail: bool = False
    groups: tuple[str, ...] = ()


NOWHERE = Channels()


@dataclass(frozen=True, slots=True)
class Contacts:
    """Mail addresses at the operating unit: people `on_duty`, and their `head`, for late replies (R-083, R-124)."""

    on_duty: tuple[str, ...] = ()
    head: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """The facts of a decision. `slots` are kind, start and end in seconds since 1970; `reason` is a text for people.

    `link` is a one-time link without its secret, which is inserted when the mail is written. `said` are lines that
    describe the session (:func:`scheduler.booking.sessions.particulars.description_lines`).
    """

    number: str = ""
    title: str = ""
    host: str = ""
    slots: tuple[tuple[str, int, int], ...] = ()
    points: int = 0
    reason: str = ""
    link: str = ""
    said: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the facts as JSON text, which the outbox stores."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the facts from JSON text of :meth:`text`."""
        fields = json.loads(text)
        slots = tuple((kind, start, end) for kind, start, end in fields["slots"])
        return cls(**{**fields, "slots": slots, "said": tuple(fields.get("said", ()))})


@dataclass(frozen=True, slots=True)
class Notice:
    """One decision to notify of, once for each `key`. `recipient` is an address used in place of the unit's mailbox.

    `thread` is the Message-ID of the letter that this notice replies to.
    """

    kind: Kind
    key: str
    facts: NoticeFacts
    unit: str | None = None
    session: str | None = None
    recipient: str = ""
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a kind of notice: subject and opening in Vietnamese, an English line, and what goes with them."""

    subject: str
    opening: str
    english: str
    group: str = ""
    """Status in a group; empty: groups are not told."""
    code: bool = False
    method: Method | None = None


WORDINGS: Mapping[Kind, Wording] = {
    "closing": Wording(
        "Nhắc kết thúc kỹ thuật phiên họp",
        "Phiên họp đã kết thúc; đề nghị tắt thiết bị đầu cuối rồi ngắt nguồn, và đánh dấu đã làm (khoản 1 Điều 15).",
        "The session is over; please switch off in order and tick the closing list (Article 15.1).",
    ),
    "power": Wording(
        "Nhắc ngắt nguồn thiết bị phòng họp",
        "Phiên họp đã kết thúc 30 phút mà thiết bị vẫn bật; đề nghị tắt thiết bị và ngắt nguồn (khoản 3 Điều 11).",
        "The session ended 30 minutes ago and the room system is still on; please switch it off (Article 11.3).",
    ),
    "recording": Wording(
        "Bàn giao bản ghi hình",
        "Bản ghi hình đã hoàn tất. Đề nghị tải về ở trang Bản ghi và xác nhận trước hạn bàn giao (khoản 3 Điều 15).",
        "The recording is complete; please fetch it from the recordings page and confirm receipt (Article 15.3).",
    ),
    "recording-due": Wording(
        "Nhắc nhận bản ghi hình",
        "Bản ghi hình chưa được xác nhận đã nhận; sắp đến hạn bàn giao (khoản 3 Điều 15).",
        "Receipt of the recording has not been confirmed and will be due (Article 15.3).",
    ),
    "recording-goes": Wording(
        "Bản ghi hình sắp được xóa khỏi trung tâm",
        "Thời hạn lưu bản ghi tại trung tâm sắp hết; đơn vị chủ trì là nơi lưu trữ (khoản 3 Điều 5).",
        "The recording will be deleted at the centre; the host unit keeps it (Article 5.3).",
    ),
    "line": Wording(
        "Đường truyền suy giảm",
        "Đường truyền của điểm cầu dưới đây đang suy giảm; đề nghị trực đường truyền kiểm tra (khoản 3 Điều 14).",
        "The line of this point is losing packets; please look at it (Article 14.3.d).",
    ),
    "material": Wording(
        "Đề nghị cung cấp tư liệu phiên họp",
        "Có đơn vị đề nghị được cung cấp tư liệu; đề nghị trả lời ở trang Tư liệu (khoản 4 Điều 15).",
        "A unit asks for material of your session; please answer on the materials page (Article 15.4).",
    ),
    "granted": Wording(
        "Đã cấp mã phiên họp",
        "Đơn vị vận hành đã tiếp nhận đăng ký và cấp mã phiên họp. Mã chỉ dành cho đơn vị chủ trì, đề nghị giữ bí mật.",
        "The session is registered; its code is for the host unit alone.",
        group="đã cấp mã",
        code=True,
        method="REQUEST",
    ),
    "waiting": Wording(
        "Đăng ký đang chờ cấp mã",
        "Đăng ký đã được ghi nhận theo thứ tự và chờ cấp mã khi có đủ năng lực (điểm a khoản 4 Điều 12).",
        "The registration waits for capacity, in the order of registration (Article 12.4.a).",
        group="đang chờ cấp mã",
    ),
    "changed": Wording(
        "Thay đổi phiên họp",
        "Phiên họp đã được thay đổi như sau.",
        "The session has been changed as follows.",
        group="có thay đổi",
        code=True,
        method="REQUEST",
    ),
    "reinstated": Wording(
        "Cấp lại mã phiên họp",
        "Phiên họp được tổ chức trở lại với mã mới; mã cũ không còn dùng được.",
        "The session takes place again under a new code; the old one is dead.",
        group="được tổ chức trở lại",
        code=True,
        method="REQUEST",
    ),
    "revoked": Wording(
        "Thu hồi mã phiên họp",
        "Mã phiên họp đã bị thu hồi (khoản 4 Điều 12), lý do ở phần ghi chú. Đăng ký giữ nguyên thứ tự và được cấp mã "
        "mới khi có đủ năng lực.",
        "The code was revoked (Article 12.4) for the reason noted; the session keeps its place and gets a new code "
        "once there is capacity.",
        group="bị thu hồi mã",
        method="CANCEL",
    ),
    "cancelled": Wording(
        "Hủy phiên họp",
        "Phiên họp đã được hủy; mã phiên họp không còn dùng được.",
        "The session is cancelled and its code is dead.",
        group="đã hủy",
        method="CANCEL",
    ),
    "refused": Wording(
        "Chưa cấp được mã phiên họp",
        "Đăng ký chưa được chấp nhận vì vượt giới hạn của hệ thống (điểm a khoản 4 Điều 12).",
        "The registration does not fit into the system's limits (Article 12.4.a).",
        group="chưa cấp được mã",
    ),
    "below": Wording(
        "Hệ thống cấp dưới chưa giữ hoặc không giữ phiên họp",
        "Hệ thống cấp dưới ở phần ghi chú chưa giữ hoặc không giữ phiên họp này, điểm cầu của hệ thống đó chưa dự được;"
        " đề nghị liên hệ hoặc đổi giờ họp (khoản 4 Điều 5).",
        "The system below that is named below does not hold this session, or not yet, so its point cannot take part"
        " (Article 5.4).",
    ),
    "webhook-paused": Wording(
        "Webhook tạm dừng vì không gửi được",
        "Phần mềm ở phần ghi chú nhiều giờ liền không nhận thông báo của hệ thống, nên webhook tạm dừng. Khi phần mềm"
        " hoạt động lại, hãy bấm Tiếp tục ở trang Mã truy cập API; những thông báo đã lỡ sẽ được gửi.",
        "The system named below took no webhook for hours, so it is paused; resume it on the page of API tokens.",
    ),
    "security-incident": Wording(
        "Nhắc báo cáo sự cố an toàn thông tin",
        "Sự cố an toàn thông tin dưới đây phải được báo cáo cơ quan có thẩm quyền trước thời hạn (Điều 31 Nghị định"
        " 331/2026/NĐ-CP). Báo cáo xong, hãy ghi lại ở trang Kiểm soát an toàn.",
        "The security incident below is to be reported in time (Article 31 of Decree 331/2026); then note that on the"
        " page of security controls.",
    ),
    "approval-asked": Wording(
        "Chờ người thứ hai duyệt",
        "Có đề nghị thu hồi mã phiên họp hoặc đổi vai trò của tài khoản, cần quản trị viên thứ hai duyệt trước hạn ở"
        " phần ghi chú: mở trang Hàng chờ hoặc Danh bạ, mục Chờ người thứ hai.",
        "Somebody asked to revoke codes of sessions, or to change the roles of an account, and another administrator"
        " must approve it in time, on the page Hàng chờ or Danh bạ.",
    ),
    "approval-emergency": Wording(
        "Đã làm ngay trong trường hợp khẩn cấp, cần xác nhận",
        "Việc ở phần ghi chú đã làm ngay trong trường hợp khẩn cấp, chưa có người thứ hai duyệt: mở trang Hàng chờ hoặc"
        " Danh bạ để xem và xác nhận.",
        "What the note says was done at once in an emergency; another administrator confirms it on the page Hàng chờ or"
        " Danh bạ.",
    ),
    "account": Wording(
        "Cấp tài khoản điểm cầu",
        "Đơn vị vận hành cấp tài khoản cho điểm cầu (khoản 3 Điều 9). Mở đường dẫn dưới đây để đặt mật khẩu; "
        "không chuyển tiếp thư này.",
        "An account was issued; open the link once to set its password, and do not pass this letter on.",
    ),
    "second-factor-reset": Wording(
        "Xác thực bước hai của tài khoản đã được đặt lại",
        "Người quản trị hệ thống đã gỡ xác thực bước hai của tài khoản dưới đây; lần đăng nhập tới có thể cài lại."
        " Nếu không đề nghị việc này, hãy báo ngay Đơn vị vận hành.",
        "An administrator removed the second factors of this account. If nobody asked for it, tell the operating unit.",
    ),
    "people": Wording(
        "Thay đổi cán bộ phụ trách điểm cầu",
        "Đơn vị đã thay đổi danh sách cán bộ quản lý, vận hành phòng họp (khoản 3 Điều 19).",
        "A unit has changed the list of people who run its rooms (Article 19.3).",
    ),
    "provider": Wording(
        "Lịch họp trực tuyến cần bảo đảm đường truyền",
        "Đề nghị doanh nghiệp bảo đảm đường truyền của các điểm cầu dưới đây khi họp (điểm b khoản 2 Điều 13).",
        "Please keep the lines of these points up while the meeting takes place (Article 13.2.b).",
    ),
    "provider-changed": Wording(
        "Thay đổi lịch họp cần bảo đảm đường truyền",
        "Lịch họp hoặc điểm cầu đã thay đổi; đề nghị bảo đảm đường truyền như sau (điểm b khoản 2 Điều 13).",
        "Times or points have changed; please keep these lines up as follows (Article 13.2.b).",
    ),
    "provider-cancelled": Wording(
        "Hủy lịch họp cần bảo đảm đường truyền",
        "Phiên họp dưới đây không còn diễn ra hoặc không còn dùng đường truyền của doanh nghiệp.",
        "The session below does not take place, or needs your lines no more.",
    ),
    "patch": Wording(
        "Thiết bị quá hạn cập nhật",
        "Thiết bị dưới đây quá hạn cập nhật bản vá; đề nghị đơn vị chịu trách nhiệm cập nhật (khoản 3 Điều 7).",
        "This device was not updated for too long; whoever answers for its security is asked to do so (Article 7).",
    ),
    "summary": Wording(
        "Tổng hợp việc chưa đúng quy định",
        "Kính gửi thủ trưởng đơn vị: hồ sơ các phiên họp trong tháng ghi nhận những việc dưới đây của đơn vị; chi tiết"
        " trên trang Phản ánh (khoản 1 Điều 21).",
        "To the head of the unit: what last month's records say was not done; details on the page Feedback (21.1).",
    ),
    "figures-asked": Wording(
        "Đề nghị rà soát số liệu báo cáo",
        "Đề nghị đơn vị kiểm tra, điều chỉnh (nếu có) và xác nhận số liệu họp trực tuyến của đơn vị trên trang"
        " Số liệu báo cáo (khoản 5 Điều 19).",
        "Please go through your unit's figures on the page Figures, correct or confirm them (Article 19.5).",
    ),
    "figures-due": Wording(
        "Nhắc rà soát số liệu báo cáo",
        "Sắp hết hạn mà đơn vị chưa xác nhận số liệu họp trực tuyến trên trang Số liệu báo cáo (khoản 5 Điều 19).",
        "Your unit's figures on the page Figures are not confirmed yet and soon due (Article 19.5).",
    ),
    "duty": Wording(
        "Phân công trực kỹ thuật",
        "Đơn vị vận hành phân công cán bộ ghi ở phần ghi chú trực kỹ thuật phiên họp (khoản 1 Điều 14).",
        "The person named below is put on duty for the session (Article 14.1).",
    ),
    "exception-over": Wording(
        "Văn bản cho phép tăng điểm cầu đã hết hiệu lực",
        "Văn bản cho phép tăng số lượng điểm cầu đã hết hiệu lực; điểm cầu tăng thêm sẽ tạm dừng (Điều 8).",
        "The document that allowed more points has ended; the extra point will be suspended (Article 8).",
    ),
    "ending": Wording(
        "Đơn vị, điểm cầu, phiên họp sắp hết hiệu lực",
        "Từ ngày ghi ở phần ghi chú, những mục dưới đây không còn hiệu lực theo quy chế hoặc danh mục đơn vị; đề nghị"
        " chuyển phiên họp, vai trò, tài khoản trước ngày đó (trang Quy chế).",
        "From the day named below on these hold no longer; please move sessions, roles and accounts before it.",
    ),
    "taken-over": Wording(
        "Điểm cầu tiếp nhận chưa được đánh giá",
        "Điểm cầu dưới đây được tiếp nhận khi đang hoạt động; đề nghị hoàn thành đánh giá, đo đường truyền và ghi đơn"
        " vị quản lý trước hạn, sau hạn điểm cầu tạm dừng (Điều 9).",
        "These points were taken over in operation; please have them assessed by the day named, or they are suspended.",
    ),
    "receipt": Wording(
        "Đã nhận đăng ký",
        "Đăng ký đã được ghi nhận; đơn vị vận hành sẽ trả lời trong thời hạn quy định tại Điều 13.",
        "Your registration has been received and will be answered within the time of Article 13.",
    ),
    "draft": Wording(
        "Đăng ký chờ đơn vị xác nhận",
        "Có đăng ký phiên họp gửi đến đơn vị. Đề nghị đăng nhập, kiểm tra và xác nhận; thứ tự tính từ khi xác nhận.",
        "A registration waits for your unit to confirm it; its order counts from then.",
    ),
    "check-call": Wording(
        "Mời kiểm tra kỹ thuật",
        "Đề nghị đơn vị chủ trì và các điểm cầu thành phần phối hợp kiểm tra kỹ thuật trước phiên họp"
        " (điểm b khoản 2 Điều 13).",
        "Host and component points are asked to take part in the technical check (Article 13.2.b).",
        group="mời kiểm tra kỹ thuật",
    ),
    "reminder": Wording(
        "Nhắc trả lời đăng ký",
        "Đăng ký sau đây chưa được trả lời (điểm b khoản 2 Điều 13).",
        "This registration is not answered yet (Article 13.2.b).",
    ),
    "overdue": Wording(
        "QUÁ HẠN trả lời đăng ký",
        "Đã hết thời hạn trả lời mà đăng ký sau đây chưa được trả lời (điểm b khoản 2 Điều 13).",
        "The time for an answer is over, and this registration is not answered (Article 13.2.b).",
    ),
    "urgent": Wording(
        "KHẨN CẤP: đăng ký mới chờ trả lời",
        "Vừa nhận một đăng ký họp khẩn cấp; đề nghị trực ca xử lý ngay (khoản 3 Điều 12).",
        "An emergency session was just registered; please see to it at once (Article 12.3).",
    ),
    "not-official": Wording(
        "Đề nghị dùng thư điện tử công vụ",
        "Thư chưa được ghi nhận là đăng ký: đề nghị gửi từ hộp thư công vụ mà đơn vị đã đăng ký (khoản 2 Điều 13).",
        "Your letter is no registration: please write from your unit's registered official mailbox (Article 13.2).",
    ),
    "absent": Wording(
        "Vắng mặt tại buổi tổng duyệt",
        "Các điểm cầu ghi ở phần ghi chú đã không tham gia tổng duyệt (điểm c khoản 2 Điều 13).",
        "The points named below did not take part in the rehearsal (Article 13.2.c).",
    ),
    "list-asked": Wording(
        "Đề nghị gửi danh sách tham dự",
        "Chủ trì đề nghị các điểm cầu ở phần ghi chú gửi danh sách thành phần tham dự trên trang Chuẩn bị "
        "(điểm b khoản 4 Điều 14).",
        "The host asks the points named below who takes part; please answer on the page Preparation (Article 14.4.b).",
    ),
    "called": Wording(
        "Chủ tọa đang gọi điểm cầu vào phiên họp",
        "Phiên họp đang diễn ra và chủ tọa đang gọi các điểm cầu ở phần ghi chú; đề nghị vào họp ngay từ trang "
        "Hôm nay.",
        "The meeting is held, and its chair calls the points named below; please join at once from the page Today.",
        group="chủ tọa đang gọi",
    ),
    "unchecked": Wording(
        "Đến hạn kiểm tra kỹ thuật",
        "Đã đến hạn kiểm tra kỹ thuật (điểm b khoản 2 Điều 13); phần ghi chú nêu những gì còn thiếu.",
        "The technical check is due (Article 13.2.b); what is missing is named below.",
        group="chưa kiểm tra kỹ thuật xong",
    ),
    "check-missing": Wording(
        "Điểm cầu chưa kiểm tra kỹ thuật",
        "Đã đến hạn kiểm tra kỹ thuật; đề nghị các điểm cầu ở phần ghi chú phối hợp ngay (điểm b, c khoản 2 Điều 13).",
        "The technical check is due; the points named below are asked to take part now (Article 13.2.b, c).",
    ),
    "not-arrived": Wording(
        "Cán bộ trực chưa có mặt",
        "Cán bộ được phân công ở phần ghi chú chưa báo có mặt trước phiên họp (khoản 1 Điều 14, khoản 3 Điều 17).",
        "The persons on duty named below have not checked in (Articles 14.1, 17.3).",
    ),
    "room": Wording(
        "Phòng họp dành cho phiên của cấp cao hơn",
        "Các điểm cầu ở phần ghi chú cùng giờ được mời họp ở phiên của cấp cao hơn (số phiên trong ngoặc); phòng họp "
        "dành cho phiên đó (điểm b khoản 4 Điều 12).",
        "The rooms named below are wanted at the same time by a session of a higher body, which has them "
        "(Article 12.4.b).",
    ),
    "interrupted": Wording(
        "Đề nghị báo nguyên nhân gián đoạn",
        "Các điểm cầu ghi ở phần ghi chú bị gián đoạn (số lần trong ngoặc); đề nghị báo nguyên nhân trên trang "
        "Chuẩn bị (điểm c khoản 4 Điều 14).",
        "The points named below were interrupted (how often stands in brackets); please give the cause on the page "
        "Preparation (Article 14.4.c).",
    ),
}

SLOT_NAMES = {REHEARSAL: "Tổng duyệt", OFFICIAL: "Chính thức"}

# Text in a foreign name that could be a code (also with signs between its digits) or a network address.
_SECRETS = re.compile(r"[0-9](?:[\W_]*[0-9]){8,}|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|(?:[0-9A-Fa-f]{0,4}:){2,}[0-9A-Fa-f.]*")


def of_session(kind: Kind, session: Session, host: Point, version: str = "", reason: str = "") -> Notice:
    """Return a notice of a decision on a session; `version` distinguishes repeated decisions of one kind."""
    facts = NoticeFacts(
        session.number, session.title, host.label, _slots(session.slots), 1 + len(session.points), reason
    )
    return Notice(kind, f"{kind}:{session.id}:{version}", facts, host.unit, session.id)


def of_unit(kind: Kind, session: Session, host: Point, unit: str, reason: str, version: str = "") -> Notice:
    """Return a notice to one unit about a session that it hosts or takes part in."""
    facts = NoticeFacts(
        session.number, session.title, host.label, _slots(session.slots), 1 + len(session.points), reason
    )
    return Notice(kind, f"{kind}:{session.id}:{unit}:{version}", facts, unit, session.id)


def saying(notice: Notice, text_lines: tuple[str, ...]) -> Notice:
    """Return a notice with additional lines that describe the session."""
    return replace(notice, facts=replace(notice.facts, said=text_lines))


def receipt(received: datetime, effective: datetime, zone: tzinfo) -> str:
    """Return the words for when a registration came and, outside office hours, from when it counts (R-071, A14)."""
    came, counts = (f"{at.astimezone(zone):%H:%M %d/%m/%Y}" for at in (received, effective))
    return f"nhận lúc {came}" + ("" if counts == came else f", tính từ {counts} (giờ hành chính)")


def of_passed_on(draft: Draft, zone: tzinfo) -> Notice:
    """Return the receipt for a draft, to the unit that wrote it, when another unit registers it (R-060, R-071)."""
    reason = f"nhận lúc {draft.arrived.astimezone(zone):%H:%M %d/%m/%Y}, tính từ khi đơn vị đăng ký xác nhận"
    return Notice("receipt", f"receipt:{draft.id}", NoticeFacts(draft.number, reason=reason), draft.origin)


def loss(outranked: bool, free: Sequence[Interval], zone: tzinfo) -> str:
    """Return the words for why a code was revoked, with the free times (R-066)."""
    why = "nhường phiên họp của cấp cao hơn" if outranked else "năng lực của hệ thống giảm"
    times = [_span(round(each.start.timestamp()), round(each.end.timestamp()), zone) for each in free]
    return "; còn trống: ".join(filter(None, (why, ", ".join(times))))


def of_line(session: Session, point: Point, recipient: str, reason: str, version: str) -> Notice:
    """Return a notice to a provider that a point's line is weak, without the session's title, which is not for them."""
    facts = NoticeFacts(session.number, "", point.label, (), 0, reason)
    return Notice("line", f"line:{version}", facts, None, None, recipient)


def of_refusal(request: Request, slots: tuple[Slot, ...], host: Point, reason: str) -> Notice:
    """Return a notice of a refusal; a repeated request for the same times has the same key and is not sent again."""
    times = ",".join(f"{start}-{end}" for _, start, end in _slots(slots))
    facts = NoticeFacts("", request.title, host.label, _slots(slots), 1 + len(request.points), reason)
    return Notice("refused", f"refused:{host.id}:{times}", facts, host.unit)


def of_draft(draft: Draft) -> Notice:
    """Return a notice to a unit that a draft is in its inbox, without the contents of the draft."""
    return Notice("draft", f"draft:{draft.id}", NoticeFacts(draft.number), draft.unit)


def subject(kind: Kind, facts: NoticeFacts) -> str:
    """Return the subject of a mail: one line, at most 200 characters."""
    return " ".join(" – ".join(part for part in (WORDINGS[kind].subject, facts.number, facts.title) if part).split())[
        :200
    ]


def letter(kind: Kind, facts: NoticeFacts, code: str | None, zone: tzinfo) -> str:
    """Return the text of a mail, Vietnamese first; `code` is the session's live code, or the whole one-time link."""
    words = WORDINGS[kind]
    text_lines = [words.opening, ""]
    text_lines += [f"Số: {facts.number}"] if facts.number else []
    text_lines += [f"Nội dung: {facts.title}"] if facts.title else []
    text_lines += [f"Chủ trì: {facts.host}"] if facts.host else []
    text_lines += [f"{SLOT_NAMES.get(name, name)}: {_span(start, end, zone)}" for name, start, end in facts.slots]
    text_lines += [f"Số điểm cầu: {facts.points}"] if facts.points else []
    text_lines += facts.said
    text_lines += [f"Mã phiên họp: {code or NO_CODE}"] if words.code else []
    text_lines += [f"Đường dẫn dùng một lần: {code or NO_CODE}"] if facts.link else []
    text_lines += [f"Ghi chú: {facts.reason}"] if facts.reason else []
    return "\n".join([*text_lines, "", "--", words.english, ""])


BLANKS = {"chu_tri": "host", "so": "number", "trang_thai": "status", "thoi_gian": "times"}
"""The placeholders that a group's template may have (R-115), and what fills each; none is secret (reading A19)."""
_BLANK = re.compile(r"\{([^{}]*)\}")


def template_fault(template: str) -> str | None:
    """Return what is wrong with a group's template: an unknown placeholder, a brace, a secret; None if it is right."""
    for blank in _BLANK.findall(template):
        if blank not in BLANKS:
            return f"{{{blank}}} is not among {', '.join(f'{{{each}}}' for each in BLANKS)}"
    if "{" in _BLANK.sub("", template) or "}" in _BLANK.sub("", template):
        return "a brace without its other"
    return "a code or an address is written out" if _SECRETS.search(template) else None


def group_text(kind: Kind, facts: NoticeFacts, zone: tzinfo, template: str = "") -> str:
    """Return the text for a group: host, time, status, never a code or an address. It is empty for kinds without one.

    A `template` has the group's own words, with the placeholders of BLANKS.
    """
    status = WORDINGS[kind].group
    if not status:
        return ""
    times = "; ".join(f"{SLOT_NAMES.get(name, name)}: {_span(start, end, zone)}" for name, start, end in facts.slots)
    number = f" ({facts.number})" if facts.number else ""
    host = _SECRETS.sub("…", facts.host)
    if template:
        values = {"host": host, "number": facts.number, "status": status, "times": times}
        return _BLANK.sub(lambda blank: values.get(BLANKS.get(blank[1], ""), ""), template)
    return f"Phiên họp của {host}{number}: {status}. {times}"


def _slots(slots: tuple[Slot, ...]) -> tuple[tuple[str, int, int], ...]:
    return tuple((slot.kind, round(slot.start.timestamp()), round(slot.end.timestamp())) for slot in slots)


def _span(start: int, end: int, zone: tzinfo) -> str:
    first, last = (datetime.fromtimestamp(at, zone) for at in (start, end))
    if first.date() == last.date():
        return f"{first:%H:%M}–{last:%H:%M} {first:%d/%m/%Y}"
    return f"{first:%H:%M %d/%m/%Y} – {last:%H:%M %d/%m/%Y}"
