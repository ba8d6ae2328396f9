"""The records of calls as rows of a CSV file, in Vietnamese words. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from signaling.calls.model import CallRecord, Direction, Outcome, Purpose
from signaling.messages.calls import ProtectionWord

COLUMNS: Final = (
    "Bắt đầu",
    "Nối máy",
    "Kết thúc",
    "Thiết bị",
    "Chiều",
    "Mục đích",
    "Phiên",
    "Địa chỉ",
    "Giao vận",
    "Kết quả",
    "Mã SIP",
    "Âm thanh",
    "Hình ảnh",
    "Mã hóa",
    "Mất gói lên (%)",
    "Mất gói xuống (%)",
    "Trễ khứ hồi (ms)",
)
DIRECTIONS: Mapping[Direction, str] = {"in": "Gọi vào", "out": "Gọi ra"}
PURPOSES: Mapping[Purpose, str] = {"session": "Phiên họp", "front-door": "Sảnh chờ nhập mã", "test": "Gọi thử"}
PROTECTION: Mapping[ProtectionWord, str] = {
    "": "",
    "encrypted": "Mã hóa",
    "exposed": "Mã hóa, khóa truyền rõ",
    "clear": "Không mã hóa",
    "demanded": "Bắt buộc mã hóa",
    "certificate": "Chứng thư không được chấp nhận",
}
OUTCOMES: Mapping[Outcome, str] = {
    "": "Đang gọi",
    "bye": "Thiết bị kết thúc",
    "hung-up": "Trung tâm kết thúc",
    "unreachable": "Mất liên lạc",
    "session-timer": "Hết giờ phiên SIP, không gia hạn",
    "no-ack": "Thiết bị không xác nhận (ACK)",
    "too-many-requests": "Quá nhiều yêu cầu SIP",
    "gatekeeper": "Gatekeeper kết thúc",
    "gatekeeper-absent": "Gatekeeper không trả lời hoặc không nhận đăng ký",
    "gatekeeper-unknown": "Gatekeeper không biết số này",
    "gatekeeper-denied": "Gatekeeper không cho phép cuộc gọi",
    "gatekeeper-full": "Gatekeeper hết băng thông",
    "refused": "Bị từ chối",
    "unanswered": "Không trả lời",
    "gone": "Thiết bị gác máy trước khi nối",
    "certificate": "Chứng thư TLS không được chấp nhận",
    "not-encrypted": "Không mã hóa được như yêu cầu",
    "no-codec": "Không chung bộ mã hóa âm thanh, hình ảnh",
    "no-media": "Không lập được đường âm thanh, hình ảnh",
    "full": "Hết chân điểm cầu",
    "left": "Rời phiên",
    "replaced": "Máy khác vào thay",
    "removed": "Bị mời ra",
    "ended": "Phiên kết thúc",
    "cancelled": "Phiên bị hủy",
    "revoked": "Mã phiên bị thu hồi",
    "turned-away": "Không được vào",
    "shutdown": "Máy chủ dừng",
    "signed-out": "Hết quyền",
    "silent": "Không còn âm thanh, hình ảnh tới",
    "redialled": "Gọi lại theo yêu cầu",
    "server-stopped": "Máy chủ dừng đột ngột",
}


def row(record: CallRecord, zone: ZoneInfo) -> Sequence[object]:
    """Return the cells of a record, its times in a zone."""

    def local(moment: datetime | None) -> str:
        return "" if moment is None else f"{moment.astimezone(zone):%d/%m/%Y %H:%M:%S}"

    def number(value: float | None, scale: int, digits: int) -> object:
        return "" if value is None else round(value * scale, digits)

    return (
        local(record.began),
        local(record.answered),
        local(record.ended),
        record.name,
        DIRECTIONS[record.direction],
        PURPOSES[record.purpose],
        record.number,
        record.address,
        record.transport.upper(),
        OUTCOMES[record.outcome],
        record.status or "",
        record.sound,
        record.picture,
        PROTECTION[record.protection],
        number(record.lost_up, 100, 1),
        number(record.lost_down, 100, 1),
        number(record.round_trip, 1000, 0),
    )
