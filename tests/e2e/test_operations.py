"""Incidents reported in the room, audiences, providers, documents and feedback, as people use their pages."""

import re
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import APIResponse, Browser, Locator, Page, Route, expect

from tests.e2e.browsers import intercept, wait_until
from tests.e2e.people import HANOI, HOST, People
from tests.e2e.refusals import Form, assert_nothing_is_lost
from tests.e2e.server import Server

PDF = b"%PDF-1.7\nbao cao\n"
SEEN_MS = 2000
"""Technicians see an incident within two seconds (R-088)."""
LISTED = re.compile(r"/incidents\?")


def assert_seen_in_time(report: Locator, row: Locator, name: str, value: str) -> None:
    """Report an incident, and assert that the page of incidents, whose clock stands meanwhile, asks for it within two
    seconds and shows a row whose attribute has a value."""
    technician = row.page
    technician.clock.pause_at(technician.evaluate("Date.now() / 1000 + 1"))
    with technician.expect_response(LISTED):  # and no answer to what it asked before is late
        technician.clock.run_for(SEEN_MS)
    report.click()
    expect(report).to_be_hidden()  # the dialog closes once the report is stored
    expect(row).to_have_count(0)
    technician.clock.run_for(SEEN_MS)
    expect(row).to_have_attribute(name, value)
    technician.clock.resume()


def test_a_report_from_the_room_reaches_technicians_and_the_host(
    server: Server, people: People, red: Browser, blue: Browser
) -> None:
    page = people.signed_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan"], "Họp có sự cố")
    technician = people.sign_in(blue, "truc.ban")
    technician.clock.install()
    technician.get_by_test_id("nav-incidents").click()
    technician.get_by_test_id("search").fill("hop co su co")
    expect(technician.get_by_test_id("none")).to_be_visible()
    people.enter(page, code, "host")
    point = people.enter(people.signed_in(blue, "nt.xuonghuan"), code).page

    point.get_by_test_id("fault").click()
    expect(point.get_by_test_id("fault-help")).to_have_count(0)
    point.get_by_test_id("fault-text").fill("loa không kêu")
    row = technician.get_by_test_id("incident-row")
    assert_seen_in_time(point.get_by_test_id("fault-no-sound"), row, "data-state", "open")
    expect(row.get_by_test_id("measured")).to_be_visible()
    page.get_by_test_id("tab-incidents").click()
    seen = page.get_by_test_id("aid-incident")
    expect(seen).to_contain_text("Không có tiếng")
    answers: list[tuple[Route, APIResponse]] = []
    steps = re.compile("/incidents/[^/]+/steps$")
    intercept(technician, steps, lambda route: answers.append((route, route.fetch())), times=1)
    row.get_by_test_id("act-taken").click()
    expect(seen).to_have_attribute("data-state", "taken")
    expect(point.get_by_test_id("notice")).to_contain_text("đã tiếp nhận")
    row.get_by_test_id("act-resolved").click()
    expect(technician.get_by_test_id("step-text")).to_be_visible()
    wait_until(technician, lambda: bool(answers), "the answer to the first step")  # its effects may be seen before
    ((taken, answer),) = answers
    with technician.expect_response(steps):  # the answer to the first step leaves the question of the next one open
        taken.fulfill(response=answer)
    technician.evaluate("() => new Promise(drawn => requestAnimationFrame(() => setTimeout(drawn)))")
    technician.get_by_test_id("step-text").fill("cắm lại loa")
    technician.get_by_test_id("step-confirm").click()
    expect(row).to_have_count(0)
    expect(seen).to_have_count(0)

    page.get_by_test_id("fault").click()
    assert_seen_in_time(page.get_by_test_id("fault-help"), row, "data-level", "2")
    assistant = people.signed_in(blue, "truc.ban")
    assistant.goto(f"{server.http}host.html?code={code}")
    assistant.get_by_test_id("assist").click()
    expect(page.get_by_test_id("assist-state")).to_contain_text("truc.ban")
    assistant.get_by_test_id("assist").click()
    expect(page.get_by_test_id("assist-state")).to_have_count(0)
    technician.get_by_test_id("timeline").click()
    expect(technician.get_by_test_id("step")).to_have_count(3)

    # A point that is not invited is in the waiting room until the host admits it.
    guest = people.signed_in(blue, "nt.vinhhai")
    guest.goto(f"{server.http}room.html?code={code}")
    guest.get_by_test_id("accept").click()
    expect(guest.get_by_test_id("waiting")).to_contain_text("Đã báo điểm cầu chủ trì UBND thành phố Nha Trang")
    expect(page.get_by_test_id("knock")).to_contain_text("không có trong danh sách")
    page.get_by_test_id("admit").click()
    expect(guest.get_by_test_id("camera")).to_be_enabled()
    expect(page.get_by_test_id("count")).to_contain_text("3/3")


def test_ux_07_the_first_tap_on_a_tablet_at_rest_counts_where_it_is_seen(
    people: People, red: Browser, blue: Browser
) -> None:
    page = people.signed_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan"], "Họp có máy tính bảng")
    people.enter(page, code, "host")
    tablet = people.enter(people.signed_in(blue, "nt.xuonghuan", touch=True), code).page
    at_rest, mic = tablet.locator("main.room.idle"), tablet.get_by_test_id("mic")
    expect(at_rest).to_be_visible()
    page.get_by_test_id("seat").filter(has_text="NT.XuongHuan").get_by_test_id("give-floor").click()
    expect(at_rest).to_be_visible()
    tablet.get_by_test_id("floor-accept").tap()
    expect(mic).to_have_attribute("data-state", re.compile("on|live"))
    expect(at_rest).to_be_visible()
    mic.tap(force=True)
    expect(at_rest).to_have_count(0)
    expect(mic).to_have_attribute("data-state", re.compile("on|live"))
    mic.tap()
    expect(mic).to_have_attribute("data-state", "off")


def test_the_console_shows_for_each_audience_whom_it_chose_to_be_large(
    people: People, red: Browser, blue: Browser
) -> None:
    page = people.signed_in(red, HOST)
    code = people.register(page, ["nt.xuonghuan"], "Họp có người được chọn")
    people.enter(page, code, "host")
    people.enter(people.signed_in(blue, "nt.xuonghuan"), code)
    focus = page.get_by_test_id("focus")
    chosen = focus.locator("option", has_text="UBND phường Xương Huân").get_attribute("value")
    focus.select_option(chosen)
    page.get_by_test_id("audience").select_option("recording")
    focus.select_option("")
    expect(page.get_by_test_id("layout-same")).to_be_visible()
    page.get_by_test_id("audience").select_option("everyone")
    expect(focus).to_have_value(str(chosen))
    page.get_by_test_id("audience").select_option("recording")
    expect(focus).to_have_value("")


def test_a_provider_names_its_contact_and_answers_for_its_line(
    server: Server, people: People, red: Browser, blue: Browser
) -> None:
    technician = people.signed_in(blue, "truc.ban")
    technician.goto(f"{server.http}lines.html")
    technician.get_by_test_id("provider-add").click()
    form = technician.get_by_test_id("form-add")
    form.get_by_test_id("f-name").fill("VNPT Khánh Hòa")
    form.get_by_test_id("provider-save").click()
    shown = technician.get_by_test_id("provider").filter(has_text="VNPT Khánh Hòa")  # there may be others
    expect(shown).to_have_attribute("aria-pressed", "true")
    technician.get_by_test_id("provider-edit").click()
    technician.get_by_test_id("f-account").fill("noc.vnpt")
    technician.get_by_test_id("account-issue").click()
    link = technician.get_by_test_id("account-issued").get_by_test_id("link").get_attribute("data-copy") or ""
    technician.goto(f"{server.http}directory.html?point=nt.vinhhai")
    technician.get_by_test_id("fold-equipment").click()
    technician.get_by_test_id("add-line").click()
    technician.get_by_test_id("f-provider").select_option(label="VNPT Khánh Hòa")
    technician.get_by_test_id("f-subscribed").fill("4")
    technician.get_by_test_id("save-line").click()
    expect(technician.get_by_test_id("line")).to_contain_text("VNPT Khánh Hòa")

    code = people.register(page := people.signed_in(red, HOST), ["nt.vinhhai"], "Họp cần đường truyền")
    page.goto(link)
    page.get_by_test_id("password-fresh").fill(password := "mat khau cua nha mang")
    page.get_by_test_id("password-again").fill(password)
    page.get_by_test_id("change-password").click()
    server.accounts["noc.vnpt"] = password
    expect(page.get_by_test_id("owed-contacts")).to_be_visible()
    page.get_by_test_id("lines").click()
    row = page.get_by_test_id("line-session").last
    expect(row.get_by_test_id("line-point")).to_contain_text("UBND phường Vĩnh Hải")
    assert code not in page.content() and "Họp cần" not in page.content()
    typed, opens = {"f-phone": "0258 3800 126", "f-name": "Trực NOC"}, row.get_by_test_id("name-contact").click
    assert_nothing_is_lost(people, page, Form("lines/contact", "contact-save", typed, "phone", opens=opens))
    row.get_by_test_id("contact-save").click()
    expect(row.get_by_test_id("contact")).to_contain_text("Trực NOC")
    expect(page.locator("nav a")).to_have_count(2)


def open_details(server: Server, page: Page, title: str) -> None:
    """Open the details of a session on the page of sessions."""
    page.goto(f"{server.http}sessions.html")
    page.get_by_test_id("session-row").filter(has_text=title).get_by_test_id("session-details").click()


def test_a_document_is_asked_for_granted_and_fetched(
    server: Server, people: People, red: Browser, blue: Browser, tmp_path: Path
) -> None:
    page = people.signed_in(red, HOST)
    title = "Họp có tài liệu"
    people.register(page, ["nt.xuonghuan"], title)
    open_details(server, page, title)
    file = tmp_path / "bao-cao.pdf"
    file.write_bytes(PDF)
    page.get_by_test_id("document-add").set_input_files(file)
    expect(page.get_by_test_id("document")).to_contain_text("bao-cao.pdf")
    point = people.sign_in(blue, "nt.xuonghuan")
    point.clock.set_system_time(datetime.now(HANOI) + timedelta(minutes=3))  # the session has begun
    open_details(server, point, title)
    expect(point.get_by_test_id("closing-place").locator("legend")).to_have_text("UBND phường Xương Huân")
    point.get_by_test_id("document-ask").click()
    expect(point.get_by_test_id("document-asked")).to_be_visible()
    page.goto(f"{server.http}materials.html")
    request_row = page.get_by_test_id("wish").filter(has_text=title)
    until = {"until": f"{datetime.now(HANOI) + timedelta(days=3):%d/%m/%Y %H:%M}"}
    opens = request_row.get_by_test_id("grant").click
    granted = Form("material-requests/[^/]+/answer", "grant-confirm", until, "until", "dialog[open]", opens)
    assert_nothing_is_lost(people, page, granted)
    page.get_by_test_id("grant-confirm").click()
    expect(request_row).to_have_attribute("data-answer", "granted")
    open_details(server, point, title)
    with point.expect_download() as started:
        point.get_by_test_id("document-fetch").click()
    assert started.value.path().read_bytes() == PDF


def test_a_unit_says_what_is_difficult_and_is_answered(
    server: Server, people: People, red: Browser, blue: Browser
) -> None:
    page = people.signed_in(red, HOST)
    held_routes: list[Route] = []

    def hold(route: Route) -> None:
        held_routes.append(route)

    page.route(re.compile(r"/api/v1/breaches"), hold)
    page.goto(f"{server.http}feedback.html")
    wait_until(page, lambda: bool(held_routes), "the page to load the second list")
    expect(page.get_by_test_id("feedback-text")).to_have_count(0)  # feedback sent now would be missing from the list
    held_routes.pop().continue_()
    page.unroute_all()
    words = page.get_by_test_id("feedback-text")
    words.fill("Đường truyền buổi sáng yếu")
    page.reload()
    expect(words).to_have_value("Đường truyền buổi sáng yếu")
    page.get_by_test_id("kept-undo").click()
    expect(words).to_have_value("")
    words.fill("Đường truyền buổi sáng yếu")
    page.context.clear_cookies()  # the session is lost while the form is filled in
    page.get_by_test_id("feedback-send").click()
    page.get_by_test_id("account").fill(HOST)
    page.get_by_test_id("password").fill(server.accounts[HOST])
    page.get_by_test_id("sign-in").click()
    expect(words).to_have_value("Đường truyền buổi sáng yếu")
    page.get_by_test_id("feedback-send").click()
    expect(page.get_by_test_id("feedback")).to_have_attribute("data-status", "new")
    page.reload()
    expect(page.get_by_test_id("feedback")).to_be_visible()
    expect(words).to_have_value("")
    technician = people.signed_in(blue, "truc.ban")
    technician.goto(f"{server.http}feedback.html")
    typed, opens = {"answer-text": "Đã nâng băng thông"}, technician.get_by_test_id("feedback-answer").click
    answer = Form("feedback/[^/]+", "answer-handled", typed, "answer", "dialog[open]", opens)
    assert_nothing_is_lost(people, technician, answer)
    technician.get_by_test_id("answer-handled").click()
    expect(technician.get_by_test_id("feedback")).to_have_attribute("data-status", "handled")
    page.reload()
    expect(page.get_by_test_id("feedback")).to_contain_text("Đã nâng băng thông")
