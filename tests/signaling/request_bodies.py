"""Valid bodies of API requests, for tests and as seeds of fuzzing."""

import base64
from typing import Any

from tests.signaling.world import CAM_RANH, HOST, NHA_TRANG, PASSWORD

EMERGENCY = {"class": "khan_cap", "ground": "chi_dao_ubnd_tinh", "reason": "CĐ 05/CĐ-UBND"}
"""The class of a registration that is too late for any other class."""


def registration(**fields: Any) -> dict[str, Any]:
    """Return the body of a valid registration with some fields changed."""
    return {
        "host_point": HOST,
        "points": [NHA_TRANG, CAM_RANH],
        "official": {"start": "2026-04-08T08:00:00+07:00", "end": "2026-04-08T10:00:00+07:00"},
        "title": "Họp",
        "contact_name": "Nguyễn Văn A",
        "contact_phone": "0905 123 456",
        "purpose": "tinh_den_xa",
        "kind": "giao_ban",
        "form": "truc_tuyen",
        "secret": False,
        **fields,
    }


ITEMS = ("moi_vi_tri_nghe_ro", "bo_tri_thiet_bi", "nguon_dien_on_dinh", "nguon_du_phong", "pccc")
SELF_TEST = {
    "camera": True,
    "mic_dbfs": -30,
    "luma": 120,
    "down_kbps": 6100,
    "up_kbps": 5800,
    "latency_ms": 9,
    "browser": "Firefox 140",
    "screen": "1280x800",
    "ticks": ["nguon_dien"],
    "device": "laptop",
}
PEOPLE = base64.b64encode(b"unit,point,role,name,phone,email,trained,valid_from,source").decode()
PROFILE = "id: KH-2030\nversion: 1\ntitle: Quy chế mới\nextends: KH-2023\neffective_from: 2030-01-01\n"
SCRIPT = [{"id": "1", "title": "Khai mạc", "point": None, "layout": "1+5", "minutes": 5, "kind": "speech"}]
SCRIPT_TABLE = base64.b64encode("nội dung,hình thức,điểm cầu,bố cục,số phút\nKhai mạc,,,,5\n".encode()).decode()
GOOD: dict[str, Any] = {
    "/login": {"account": "central", "password": PASSWORD},
    "/login/code": {"code": "123456"},
    "/second-factor/totp": {"password": PASSWORD},
    "/second-factor/totp/confirm": {"code": "123456"},
    "/second-factor/totp/remove": {"password": PASSWORD},
    "/second-factor/recovery-codes": {"password": PASSWORD},
    "/first-password": {"token": "hZ3vN8_qLw0Yc5Tf2Rk7-A", "password": PASSWORD},
    "/password": {"current": PASSWORD, "password": "mot mat khau dai hon"},
    "/calendar-links": {"of": "account"},
    "/calendar-links/revoke": {"of": "account"},
    "/registrations": registration(recording=True, script=SCRIPT),
    "/drafts": registration(),
    "/points/{id}/devices": {"devices": 2},
    "/sessions/{id}/script": {"items": SCRIPT},
    "/scripts/preview": {"file": SCRIPT_TABLE, "points": [NHA_TRANG]},
    "/scripts/export": {"items": SCRIPT, "format": "csv"},
    "/sessions/{id}/cancel": {"reason": "Lùi lịch"},
    "/sessions/{id}/amend": {"title": "Họp giao ban", "reason": "Đổi nội dung"},
    "/sessions/{id}/confirm": {"version": 1, "reason": "Điện thoại"},
    "/sessions/{id}/extend": {"steps": 1},
    "/sessions/{id}/release": {"reason": "Không ai mở"},
    "/capacity/impact": {"sessions": 20, "points": 250, "reason": "Bảo trì"},
    "/capacity/steps": {"sessions": 20, "points": 250, "reason": "Bảo trì"},
    "/capacity/shed": {"victims": ["nothing"], "reason": "Bảo trì"},
    "/capacity/workers/drain": {"worker": "media/1"},
    "/capacity/workers/undrain": {"worker": "media/1"},
    "/drafts/{id}/confirm": registration(),
    "/drafts/{id}/discard": {"reason": "Gửi hai lần"},
    "/profiles/preview": {"text": PROFILE},
    "/profiles": {"text": PROFILE, "digest": "0" * 64},
    "/calendar/days": {"day": "2027-02-05", "working": False, "number": "1/VPCP"},
    "/calendar/years": {"year": 2027},
    "/directory/units": {"id": "cv", "name": "Cảng vụ Nha Trang", "level": "khac"},
    "/directory/points": {"unit": "so.tttt"},
    "/directory/providers": {"name": "VNPT Khánh Hòa"},
    "/directory/points/{id}/name": {"name": "UBND.Nha Trang"},
    "/directory/points/{id}/room": {"address": "46 Trần Phú"},
    "/directory/points/{id}/move": {"move": "activate"},
    "/directory/points/{id}/assess": {"items": [{"id": item, "met": True} for item in ITEMS]},
    "/directory/points/{id}/devices": {"kind": "PC"},
    "/directory/points/{id}/lines": {"type": "WAN", "subscribed_kbps": 10_000},
    "/directory/devices/{id}": {"kind": "VCS"},
    "/directory/devices/{id}/change": {"field": "firmware", "new": "2", "reason": "Cập nhật"},
    "/directory/devices/{id}/display": {"code": "BCDF-GHJK", "accepted": True},
    "/displays/{id}/command": {"command": {"action": "leave"}},
    "/cascade/reservations": {
        "session": "c0ffee",
        "official": {"start": "2026-04-08T08:00:00+07:00", "end": "2026-04-08T10:00:00+07:00"},
        "title": "Họp Chính phủ với địa phương",
        "contact_name": "Nguyễn Văn A",
        "contact_phone": "0905 123 456",
        "purpose": "chinh_phu_den_xa",
        "kind": "giao_ban",
        "form": "truc_tuyen",
        **EMERGENCY,
    },
    "/cascade/meetings": {
        "session": "c0ffee",
        "meeting": {
            "title": "Họp Chính phủ với địa phương",
            "recording": True,
            "paused": False,
            "floor": False,
            "seats": [{"name": "Văn phòng", "here": True, "floor": True, "hand": False, "speaking": True}],
        },
        "messages": [{"id": 1, "at": "2026-04-05T01:00:00Z", "name": "", "text": "Nghỉ 10 phút"}],
    },
    "/cascade/neighbours": {"name": "xa", "direction": "below", "point": NHA_TRANG, "url": "https://xa.vn", "key": "k"},
    "/cascade/reservations/withdraw": {"session": "c0ffee"},
    "/display/code": {},
    "/display/sync": {"report": {}},
    "/directory/changes/{id}/decide": {"accept": True},
    "/directory/units/{id}/people": {"name": "Trần Thị Bình", "phone": "0905 123 456"},
    "/directory/points/{id}/account": {"account": None},
    "/directory/points/{id}/grants": {"session": "nothing", "granted": True},
    "/directory/tables/{id}/preview": {"file": PEOPLE},
    "/directory/tables/{id}/import": {"file": PEOPLE, "seal": "0" * 64},
    "/directory/people/{id}/end": {"valid_to": "2026-04-10"},
    "/directory/people/{id}/train": {"trained": "2026-04-01"},
    "/directory/units/{id}/documents": {"kind": "points", "extra": 1, "number": "3021/UBND", "dated": "2026-04-10"},
    "/incidents": {"session": "nothing", "kind": "device"},
    "/incidents/{id}/steps": {"step": "noted"},
    "/lines/contact": {"session": "nothing", "name": "Lê Văn B", "phone": "0905 123 456"},
    "/lines/incidents/{id}": {"text": "Đã thay thiết bị"},
    "/directory/providers/{id}/account": {"account": "vnpt"},
    "/sessions/{id}/lists": {"point": NHA_TRANG, "count": 5, "people": []},
    "/controls": {"checklist": "may_tinh", "point": NHA_TRANG, "item": "mang", "state": "met"},
    "/figure-requests": {"title": "Số liệu năm", "due": "2026-04-20T10:00:00Z", "units": ["568"]},
    "/figure-requests/{id}": {"figures": {"sessions": 1}, "remark": "Họp ngoài hệ thống"},
    "/sessions/{id}/review": {"remark": "Đúng căn cứ"},
    "/feedback": {"text": "Thiết bị cũ"},
    "/feedback/{id}": {"status": "handled"},
    "/points/{id}/self-tests": SELF_TEST,
    "/speed": {"filler": "x" * 1000},
    "/readiness/{id}/link": {"kind": "chinh_thuc", "good": True},
    "/readiness/{id}/steps": {"point": NHA_TRANG, "step": "bat_nguon", "done": True},
    "/readiness/{id}/checks": {"points": [NHA_TRANG], "kind": "chinh_thuc", "result": "ok"},
    "/readiness/{id}/duties": {"role": "main", "name": "Lê Văn B", "phone": "0905 123 456"},
    "/sessions/{id}/interruptions": {"point": NHA_TRANG, "start": "2026-04-06T01:00:00Z", "cause": "x"},
    "/sessions/{id}/closing": {"item": "ket_thuc"},
    "/sessions/{id}/kind": {"kind": "giao_ban"},
    "/sessions/{id}/material-requests": {"subject": "recording"},
    "/sessions/{id}/material-grants": {"subject": "recording"},
    "/material-requests/{id}/answer": {"granted": True},
    "/sessions/{id}/recording-received": {"sha256": "0" * 64},
    "/recordings/{id}/transcript/corrections": {"number": 3, "was": "xin chao", "text": "Xin chào"},
}
"""A valid body for every endpoint that takes one, by public path."""
