"""Forms whose request fails, is refused, or meets a reload: words are seen at the field, and nothing typed is lost."""

from collections.abc import Callable
from datetime import datetime, timedelta

from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.people import HANOI, HOST, People
from tests.e2e.refusals import Form, RefusedCommands, assert_nothing_is_lost, assert_typed, fill
from tests.e2e.server import Server

POINT, OTHER_POINT = "nt.xuonghuan", "nt.vinhhai"
PHONE = "0905 123 456"
DIALOG = "dialog[open]"


def pressing(area: Page | Locator, *names: str) -> Callable[[], None]:
    """Return what presses controls of an area, the first one of each name."""

    def press() -> None:
        for name in names:
            area.get_by_test_id(name).first.click()

    return press


def register(server: Server, page: Page, host: str, title: str, days: int) -> str:
    """Register a session of an hour, or a draft, that begins in so many days; return its id."""
    start = datetime.now(HANOI).replace(second=0, microsecond=0) + timedelta(days=days)
    body = {
        "host_point": host,
        "points": [POINT, OTHER_POINT],
        "official": {"start": start.isoformat(), "end": (start + timedelta(hours=1)).isoformat()},
        "title": title,
        "contact_name": "Nguyễn Thị Ánh",
        "contact_phone": PHONE,
        "purpose": "noi_bo_don_vi",
        "kind": "giao_ban",
        "form": "truc_tuyen",
        "secret": False,
        "wait": True,
    }
    response = page.request.post(f"{server.http}api/v1/registrations", data=body)
    assert response.ok, response.text()
    return str(response.json()["id"])


def test_forms_of_the_directory_lose_nothing(server: Server, people: People, red: Browser) -> None:
    page = people.sign_in(red, "truc.ban")
    page.goto(f"{server.http}directory.html?point={POINT}")
    point, unit, device = f"directory/points/{POINT}", "directory/units/[^/]+", "directory/devices/[^/]+"
    folded = {  # what a fold has is seen again by itself
        "room": Form(f"{point}/room", "save-room", {"f-address": "12 Lê Lợi", "f-seats": "30"}, "address"),
        "unit": Form(f"{unit}/documents", "allow", {"f-dated": "05/04/2026", "f-number": "7/QĐ"}, "dated"),
    }
    for fold, form in folded.items():
        assert_nothing_is_lost(page, form, pressing(page, f"fold-{fold}"), lambda: None)

    def pairs() -> None:
        page.get_by_test_id("fold-displays").click()
        page.get_by_test_id("f-code").fill("BCDF-GHJK")  # a secret, which is not kept

    pairing = Form(f"{device}/display", "pair-display", {"f-sends": "", "f-accepted": ""})
    assert_nothing_is_lost(page, pairing, pairs, lambda: None)
    opened = {
        ("move-suspend",): Form(f"{point}/move", "confirm", {"f-reason": "Sửa phòng họp"}, "reason"),
        ("fold-equipment", "edit-device"): Form(
            device, "save-device", {"f-model": "Room Kit", "f-port": "5062"}, "model"
        ),
        ("fold-people", "add-person"): Form(
            f"{unit}/people", "save-person", {"f-phone": PHONE, "f-name": "Trần Thị Bình"}, "phone", "point-people"
        ),
        ("fold-equipment", "add-line"): Form(
            f"{point}/lines", "save-line", {"f-subscribed": "4,5", "f-ranges": "10.79.0.0/16"}, "subscribed_kbps"
        ),
    }
    for presses, form in opened.items():
        assert_nothing_is_lost(page, form, pressing(page, *presses))
    page.goto(f"{server.http}controls.html?point={POINT}")
    said = Form("controls", "control-save", {"control-remark": "Đã thay mật khẩu"}, "remark", DIALOG)
    assert_nothing_is_lost(page, said, pressing(page, "control-say"))


def test_forms_of_the_centre_lose_nothing(server: Server, people: People, red: Browser) -> None:
    page = people.sign_in(red, "truc.ban")
    page.goto(f"{server.http}capacity.html")
    plan = Form(
        "capacity/impact", "capacity-send", {"plan-since": "05/04/2099 08:00", "plan-reason": "Bảo trì"}, "since"
    )
    assert_nothing_is_lost(page, plan, lambda: None)
    page.goto(f"{server.http}figures.html")
    asked = {"figures-what": "Số liệu quý III", "figures-year": "2026", "figures-due": "05/04/2099"}
    assert_nothing_is_lost(page, Form("figure-requests", "figures-ask", asked, "title"), lambda: None)
    page.goto(f"{server.http}lines.html")
    provider = Form(
        "directory/providers", "provider-save", {"f-name": "VNPT", "f-phone": PHONE}, "name", "[data-testid=form-add]"
    )
    assert_nothing_is_lost(page, provider, pressing(page, "provider-add"), lambda: None)


def test_forms_of_a_draft_lose_nothing(server: Server, people: People, red: Browser) -> None:
    server.create("nt.vinhtho", "--role", "registrant", "--role", "site", "--point", "nt.vinhtho")
    commune, page = people.sign_in(red, "nt.vinhtho"), people.sign_in(red, HOST)
    draft = register(server, commune, "nt.vinhtho", "Giao ban chờ xác nhận", 35)
    page.goto(f"{server.http}register.html?draft={draft}")
    changes = {"contact-phone": "0258 3800 126", "title": "Giao ban đã sửa", "contact-name": "Lê Văn Bình"}
    confirmed = Form("drafts/[^/]+/confirm", "submit", changes, "contact_phone")
    assert_nothing_is_lost(page, confirmed, lambda: None, pressing(page, "reopen"))
    page.goto(f"{server.http}drafts.html")
    row = page.get_by_test_id("draft-row").filter(has_text="Giao ban chờ xác nhận")
    discarded = Form("drafts/[^/]+/discard", "discard-yes", {"discard-reason": "Trùng lịch"}, "reason", DIALOG)
    assert_nothing_is_lost(page, discarded, pressing(row, "draft-discard"))


def test_forms_of_the_console_lose_nothing(people: People, red: Browser) -> None:
    page = people.sign_in(red, HOST)
    code = people.register(page, [POINT, OTHER_POINT], "Họp có điều khiển")
    commands = RefusedCommands(page)
    people.enter(page, code, "host")
    item = {"script-title": "Khai mạc", "script-minutes": "7"}
    script = Form("sessions/[^/]+/script", "script-save", item, "items.0.title", DIALOG)
    assert_nothing_is_lost(page, script, pressing(page, "script-open", "script-add"), pressing(page, "script-open"))
    page.get_by_test_id("script-cancel").click()
    row = page.locator(f'[data-testid="seat"][data-point="{OTHER_POINT}"]')
    dialogs = {
        ("seat-more", "rename"): Form("rename", "rename-send", {"rename-text": "Hội trường phường"}, area=DIALOG),
        ("fault",): Form("report", "fault-no-sound", {"fault-text": "loa không kêu"}, area=DIALOG),
        ("tab-chat",): Form("chat", "chat-send", {"chat-to": OTHER_POINT, "chat-text": "Chuẩn bị"}, area="chat-panel"),
    }
    for presses, form in dialogs.items():
        opens = pressing(page if len(presses) == 1 else row, *presses)
        opens()
        area = page.locator(form.area)
        fill(area, form)
        with commands.refused(form.path):
            area.get_by_test_id(form.send).click()
            expect(area.get_by_role("alert").filter(has_text="Máy chủ đang bận")).to_be_in_viewport()
        assert_typed(area, form)
        page.reload()
        opens()
        assert_typed(area, form)
        page.keyboard.press("Escape")
