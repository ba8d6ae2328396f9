"""Forms whose request fails, is refused, or meets a reload: words are seen at the field, and nothing typed is lost."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from tests.e2e.people import HANOI, HOST, People
from tests.e2e.points import plain_camera, simulated
from tests.e2e.refusals import (
    BROKEN,
    WORDS,
    Form,
    RefusedCommands,
    assert_kept,
    assert_nothing_is_lost,
    assert_refused,
    assert_typed,
    close_dialog,
    fill,
    refused,
)
from tests.e2e.server import Server

POINT, OTHER_POINT = "nt.xuonghuan", "nt.vinhhai"
PHONE = "0905 123 456"
DIALOG = "dialog[open]"
PROFILE = """
id: KH-2099
extends: KH-2023
version: 1
title: "Quy chế năm 2099"
effective_from: 2099-01-01
legal_basis: [{number: "1/QĐ-UBND", dated: 2098-12-01}]
"""


def pressing(area: Page | Locator, *names: str) -> Callable[[], None]:
    """Return what presses controls of an area, the first one of each name."""

    def press() -> None:
        for name in names:
            area.get_by_test_id(name).first.click()

    return press


def unfolding(page: Page, fold: str, *names: str) -> Callable[[], None]:
    """Return what opens a fold of a point's card, if it is not open, and presses controls in it."""

    def unfold() -> None:
        summary = page.get_by_test_id(f"fold-{fold}")
        if not summary.evaluate("summary => summary.parentElement.open"):
            summary.click()
        pressing(page, *names)()

    return unfold


def seen_by_itself() -> None:
    """Do nothing: once something was typed, the form is seen without a press."""


def post(server: Server, page: Page, path: str, body: Mapping[str, object]) -> Any:
    """Post to the REST interface as the person of a page; return the answer."""
    response = page.request.post(f"{server.http}api/v1/{path}", data=dict(body))
    assert response.ok, response.text()
    return response.json()


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
    return str(post(server, page, "registrations", body)["id"])


def folded(fold: str) -> str:
    """Return the selector of a fold of a point's card."""
    return f"details:has(> [data-testid=fold-{fold}])"


def test_forms_of_the_directory_lose_nothing(server: Server, people: People, red: Browser) -> None:
    page = people.signed_in(red, "truc.ban")
    page.goto(f"{server.http}directory.html?point={POINT}")
    point, unit, device = f"directory/points/{POINT}", "directory/units/[^/]+", "directory/devices/[^/]+"
    equipment, individuals = folded("equipment"), folded("people")

    def pair() -> None:
        page.get_by_test_id("fold-displays").click()
        page.get_by_test_id("f-code").fill("BCDF-GHJK")  # a secret, which is not kept

    def assess() -> None:
        page.get_by_test_id("fold-assessment").click()
        for met in page.get_by_test_id("met-yes").all():
            met.check()

    room, documents = {"f-address": "12 Lê Lợi", "f-seats": "30"}, {"f-dated": "05/04/2026", "f-number": "7/QĐ"}
    names, pairing = {"f-name": "NT.XuongHuan.B", "f-label": "Phường"}, {"f-sends": "", "f-accepted": ""}
    reference, reason = {"f-reference": "12/BB"}, {"f-reason": "Sửa phòng họp"}
    model, person = {"f-model": "Room Kit", "f-port": "5062"}, {"f-phone": PHONE, "f-name": "Trần Thị Bình"}
    line = {"f-subscribed": "4,5", "f-ranges": "10.79.0.0/16"}
    again = seen_by_itself
    assert_nothing_is_lost(
        people,
        page,
        Form(f"{point}/room", "save-room", room, "address", folded("room"), unfolding(page, "room"), again),
        Form(f"{unit}/documents", "allow", documents, "dated", folded("unit"), unfolding(page, "unit"), again),
        Form(f"{point}/name", "rename", names, "name", folded("name"), unfolding(page, "name"), again),
        Form(f"{device}/display", "pair-display", pairing, "", folded("displays"), pair, again),
        Form(f"{point}/assess", "assess", reference, "reference", folded("assessment"), assess, again),
        Form(f"{point}/move", "confirm", reason, "reason", opens=pressing(page, "move-suspend")),
        Form(device, "save-device", model, "model", equipment, unfolding(page, "equipment", "edit-device")),
        Form(f"{unit}/people", "save-person", person, "phone", individuals, unfolding(page, "people", "add-person")),
        Form(
            f"{point}/lines", "save-line", line, "subscribed_kbps", equipment, unfolding(page, "equipment", "add-line")
        ),
    )
    page.goto(f"{server.http}controls.html?point={POINT}")
    said = {"control-remark": "Đã thay mật khẩu"}
    control = Form("controls", "control-save", said, "remark", DIALOG, pressing(page, "control-say"))
    assert_nothing_is_lost(people, page, control)
    page.goto(f"{server.http}controls.html")
    found = {"f-text": "Mã độc trên máy chủ", "found": "05/04/2026 08:00"}
    incident = Form("security-incidents", "security-save", found, "text", DIALOG, pressing(page, "security-add"))
    assert_nothing_is_lost(people, page, incident)


def test_forms_of_the_centre_lose_nothing(server: Server, people: People, red: Browser) -> None:
    page = people.signed_in(red, "truc.ban")
    page.goto(f"{server.http}capacity.html")
    plan = {"plan-since": "05/04/2099 08:00", "plan-reason": "Bảo trì"}
    assert_nothing_is_lost(people, page, Form("capacity/impact", "capacity-send", plan, "since"))
    page.goto(f"{server.http}figures.html")
    asked = {"figures-what": "Số liệu quý III", "figures-year": "2026", "figures-due": "05/04/2099"}
    assert_nothing_is_lost(people, page, Form("figure-requests", "figures-ask", asked, "title"))
    page.goto(f"{server.http}lines.html")
    provider, add = {"f-name": "VNPT", "f-phone": PHONE}, "[data-testid=form-add]"
    opens = pressing(page, "provider-add")
    assert_nothing_is_lost(
        people, page, Form("directory/providers", "provider-save", provider, "name", add, opens, seen_by_itself)
    )

    host = people.signed_in(red, HOST)
    session = register(server, host, HOST, "Họp thử biểu mẫu", 33)
    post(server, host, "incidents", {"session": session, "kind": "quiet", "point": POINT, "text": "nghe nhỏ"})
    page.goto(f"{server.http}incidents.html")
    row = page.get_by_test_id("incident-row").filter(has_text="Họp thử biểu mẫu")
    step, opens = {"step-text": "Đã gọi điểm cầu"}, pressing(row, "act-resolved")
    assert_nothing_is_lost(people, page, Form("incidents/[^/]+/steps", "step-confirm", step, "text", DIALOG, opens))

    server.create("quan.tri.lich", "--role", "administrator")
    administrator = people.signed_in(red, "quan.tri.lich")
    administrator.goto(f"{server.http}profile.html")
    day = {"correct-day": "05/04/2027", "correct-number": "12/QĐ"}
    assert_nothing_is_lost(people, administrator, Form("calendar/days", "correct", day, "day"))
    administrator.goto(f"{server.http}directory.html")
    review = Form("account-reviews", "review-confirm", {"f-remark": "Khóa hai tài khoản"}, "remark")
    roles = Form(
        "directory/accounts/[^/]+/roles",
        "roles-send",
        {"f-reason": "QĐ 12"},
        "reason",
        "account-roles",
        pressing(administrator, "roles-open"),
    )
    assert_nothing_is_lost(people, administrator, review, roles)


def test_r108_a_profile_that_is_refused_is_kept_until_it_holds(server: Server, people: People, red: Browser) -> None:
    server.create("quan.tri.quy.che", "--role", "administrator")
    page = people.signed_in(red, "quan.tri.quy.che")
    page.goto(f"{server.http}profile.html")
    upload, file = page.get_by_test_id("filing"), page.get_by_test_id("profile-file")
    chosen: FilePayload = {"name": "quy-che-2099.yaml", "mimeType": "text/yaml", "buffer": PROFILE.encode()}
    failed, shown = upload.get_by_role("alert").filter(has_text=BROKEN), page.get_by_test_id("profile-preview")
    with refused(page, "profiles/preview", 503, {}):
        file.set_input_files(chosen)
    expect(failed).to_be_in_viewport()
    expect(page.get_by_test_id("profile-chosen")).to_have_text(chosen["name"])
    faulty = {"type": "urn:diemcau:invalid", "title": "", "errors": [{"field": "text", "detail": WORDS}]}
    with refused(page, "profiles/preview", 422, faulty):
        page.get_by_test_id("profile-check").click()
    expect(page.get_by_test_id("profile-faults")).to_have_text(WORDS)
    expect(page.get_by_test_id("profile-faults")).to_be_in_viewport()
    expect(file).to_have_attribute("aria-invalid", "true")
    expect(file).to_be_focused()

    page.reload()
    expect(shown).to_have_text("KH-2099/1 · Quy chế năm 2099")
    with refused(page, "profiles", 503, {}):
        page.get_by_test_id("profile-hold").click()
    expect(failed).to_be_in_viewport()
    with refused(page, "profiles", 401, {"type": "urn:diemcau:signed-out"}):
        page.get_by_test_id("profile-hold").click()
    people.enter_password(page, "quan.tri.quy.che")
    expect(shown).to_be_visible()
    page.get_by_test_id("profile-hold").click()
    expect(page.get_by_test_id("profile-filed")).to_contain_text("KH-2099/1")
    expect(page.locator('[data-stamp="KH-2099/1"]')).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('kept-forms')") == "{}"
    post(server, page, "profiles/KH-2099/withdraw", {})


def test_forms_about_a_session_lose_nothing(server: Server, people: People, red: Browser) -> None:
    host, days = people.signed_in(red, HOST), 34
    session = register(server, host, HOST, "Họp sửa nhiều lần", days)
    host.goto(f"{server.http}calendar.html?view=day&day={datetime.now(HANOI) + timedelta(days=days):%Y-%m-%d}")
    block = host.locator(f'[data-testid="block"][data-id="{session}"]')
    tick = host.locator(f'{DIALOG} [data-testid="point-option"][data-point="{OTHER_POINT}"] input')

    def amend() -> None:
        block.click()
        host.get_by_test_id("amend").click()
        tick.uncheck()

    def amend_again() -> None:
        block.click()
        host.get_by_test_id("amend").click()
        expect(tick).not_to_be_checked()

    def cancel() -> None:
        block.click()
        host.get_by_test_id("cancel-session").click()

    changes, why = {"details-end": "05/04/2099 08:00", "details-reason": "Đổi giờ"}, {"details-reason": "Hoãn họp"}
    amended = Form("sessions/[^/]+/amend", "details-send", changes, "official.end", DIALOG, amend, amend_again)
    cancelled = Form("sessions/[^/]+/cancel", "details-send", why, "reason", DIALOG, cancel)
    assert_nothing_is_lost(people, host, amended, cancelled)
    host.goto(f"{server.http}feedback.html")
    assert_nothing_is_lost(
        people, host, Form("feedback", "feedback-send", {"feedback-text": "Đường truyền yếu"}, "text")
    )

    page, board = people.signed_in(red, "truc.ban"), f"{server.http}readiness.html?session={session}"
    page.goto(board)
    all_points = page.get_by_test_id("ready-all-points")
    duty, words = {"duty-phone": PHONE, "duty-name": "Lê Văn Bình"}, {"ready-words": "Mất tiếng"}

    def kept() -> None:
        expect(all_points).to_be_checked()

    assert_nothing_is_lost(
        people,
        page,
        Form(
            "readiness/[^/]+/duties",
            "duty-save",
            duty,
            "phone",
            "duty-list",
            pressing(page, "duty-fold"),
            seen_by_itself,
        ),
        Form("readiness/[^/]+/checks", "check-faulty", words, "words", "readiness-board", all_points.check, kept),
    )
    post(server, host, f"sessions/{session}/lists/ask", {})
    site = people.signed_in(red, POINT)
    site.goto(board)
    present = {"list-people": "Nguyễn Thị Ánh; Chủ tịch\nLê Văn Bình", "list-count": "5"}
    assert_nothing_is_lost(people, site, Form("sessions/[^/]+/lists", "list-give", present, "people.1.name"))


def test_forms_of_a_draft_lose_nothing(server: Server, people: People, red: Browser) -> None:
    server.create("nt.vinhtho", "--role", "registrant", "--role", "site", "--point", "nt.vinhtho")
    commune, page = people.signed_in(red, "nt.vinhtho"), people.signed_in(red, HOST)
    draft = register(server, commune, "nt.vinhtho", "Giao ban chờ xác nhận", 35)
    page.goto(f"{server.http}register.html?draft={draft}")
    changes = {"contact-phone": "0258 3800 126", "title": "Giao ban đã sửa", "contact-name": "Lê Văn Bình"}
    opens_again = pressing(page, "reopen", "secret-no")  # whether it is secret is said each time
    confirmed = Form("drafts/[^/]+/confirm", "submit", changes, "contact_phone", opens_again=opens_again)
    assert_nothing_is_lost(people, page, confirmed)
    page.goto(f"{server.http}drafts.html")
    row = page.get_by_test_id("draft-row").filter(has_text="Giao ban chờ xác nhận")
    why, opens = {"discard-reason": "Trùng lịch"}, pressing(row, "draft-discard")
    assert_nothing_is_lost(people, page, Form("drafts/[^/]+/discard", "discard-yes", why, "reason", DIALOG, opens))


def test_forms_of_the_console_lose_nothing(server: Server, people: People, red: Browser) -> None:
    page = people.signed_in(red, HOST)
    code = people.register(page, [POINT, OTHER_POINT], "Họp có điều khiển")
    commands = RefusedCommands(page)
    people.enter(page, code, "host")
    row = page.locator(f'[data-testid="seat"][data-point="{OTHER_POINT}"]')
    label, reason = {"rename-text": "Hội trường phường"}, {"remove-text": "Gây nhiễu tiếng"}
    fault, question = {"fault-text": "loa không kêu"}, {"vote-text": "Thông qua Nghị quyết?"}
    message, item = (
        {"chat-to": OTHER_POINT, "chat-text": "Chuẩn bị"},
        {"script-title": "Khai mạc", "script-minutes": "7"},
    )
    forms = [
        Form("rename", "rename-send", label, "", DIALOG, pressing(row, "seat-more", "rename")),
        Form("remove", "remove-send", reason, "", DIALOG, pressing(row, "seat-more", "remove")),
        Form("report", "fault-no-sound", fault, "", DIALOG, pressing(page, "fault")),
        Form("chat", "chat-send", message, "", "chat-panel", pressing(page, "tab-chat")),
        Form("vote-open", "vote-ask", question, "", "vote-panel", pressing(page, "tab-vote")),
    ]
    opens, opens_again = pressing(page, "script-open", "script-add"), pressing(page, "script-open")
    script = Form("sessions/[^/]+/script", "script-save", item, "items.0.title", DIALOG, opens, opens_again)
    with simulated(server) as points:
        points.join(code, {OTHER_POINT: plain_camera((0, 0, 255), 1)})
        expect(row).to_have_attribute("data-here", "true")  # a menu that was opened before would go with its row
        for form in forms:
            form.opens()
            area = page.locator(form.area)
            fill(area, form)
            with commands.refused(form.path):
                area.get_by_test_id(form.send).click()
                said = area.locator(".fault, [role=alert]").filter(has_text="Máy chủ đang bận")
                expect(said.first).to_be_in_viewport()
            assert_typed(area, form)
            close_dialog(page)
        script.opens()
        fill(page.locator(script.area), script)
        assert_refused(page, script)
        page.reload()
        assert_kept(page, [*forms, script])
        page.context.clear_cookies()
        page.reload()
        people.enter_password(page, HOST)
        assert_kept(page, [*forms, script])
    kept = page.evaluate("Object.keys(JSON.parse(sessionStorage.getItem('kept-forms')))")
    assert [key.split("#")[0] for key in kept] == [f"host.html:{code}"] * 4  # of this meeting, and no other one
