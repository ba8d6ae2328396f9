"""The directory as technicians use it: a point is found, added, assessed, given an account, and activated."""

import asyncio
import re
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, expect

from loadtest.rooms.baresip import Baresip, room
from signaling.app.services import open_services, utc_now
from signaling.app.settings import read
from tests.e2e.accessibility import choose, press, tab_to, write
from tests.e2e.browsers import intercept, wait_until
from tests.e2e.people import People, Taps
from tests.e2e.points import simulated
from tests.e2e.server import SIP, Server, environment

OPERATOR = "truc.ban"
PHONES = [*(f"090512345{number}" for number in range(5)), "12"]
"""Of six people; the last one's, in line 7, is none."""
PASSWORD = "mat khau cua toi 2026"
IS_FOCUSED = "field => field === document.activeElement"
ROOM, ROOM_HOST = "nt.vinhtrung", "127.0.0.2"
"""A point with a room system, and the address that this has."""


CODE = "3141592653"
"""Of no session."""


def open_directory(server: Server, page: Page, point: str = "") -> None:
    page.goto(f"{server.http}directory.html{f'?point={point}' if point else ''}")
    expect(page.get_by_test_id("search")).to_be_visible()


def unfold(page: Page, name: str) -> None:
    press(page, f"fold-{name}")


def choose_in_tree(page: Page, point: str) -> None:
    """Reach the tree, which is one stop of the tab key, and choose a point of it by arrow keys."""
    tree = page.get_by_test_id("branch").locator("summary, button")
    assert tree.evaluate_all("items => items.filter(each => each.checkVisibility() && each.tabIndex === 0).length") == 1
    tab_to(page, "branch")
    page.keyboard.press("ArrowLeft")
    expect(tree.locator("visible=true").filter(has=page.locator("small"))).to_have_count(0)
    for key in ("ArrowRight", "ArrowRight"):  # it opens, and then leads to the first point
        page.keyboard.press(key)
    wanted = page.get_by_test_id("point").and_(page.locator(f'[data-point="{point}"]'))
    for _ in range(tree.count()):
        if wanted.evaluate(IS_FOCUSED):
            break
        page.keyboard.press("ArrowDown")
    expect(wanted).to_be_focused()
    page.keyboard.press("Enter")


def assess(page: Page) -> None:
    """Fill in the form of an assessment, with backup power still missing."""
    for item in page.get_by_test_id("item").all():
        missing = item.get_attribute("data-item") == "nguon_du_phong"
        press(page, "met-yes", "ArrowRight" if missing else "Space")
        expect(item.get_by_test_id("met-no" if missing else "met-yes")).to_be_checked()
    write(page, "f-remedy-nguon_du_phong", "01012099")
    write(page, "f-reference", "Biên bản số 12")
    page.reload()
    expect(page.get_by_test_id("f-remedy-nguon_du_phong")).to_have_value("01/01/2099")
    expect(page.get_by_test_id("f-reference")).to_have_value("Biên bản số 12")
    press(page, "assess")
    expect(page.get_by_test_id("assessment")).to_have_attribute("data-result", "conditional")


def add_line_and_device(page: Page) -> None:
    """Register an access line, and a room system whose address must lie within its networks."""
    press(page, "add-line")
    for name, value in (("subscribed", "4"), ("ranges", "10.79.0.0/16"), ("up", "4"), ("down", "4,2")):
        write(page, f"f-{name}", value)
    held_routes: list[Route] = []

    def hold(route: Route) -> None:
        held_routes.append(route)

    intercept(page, re.compile(r"/api/v1/directory$"), hold)
    press(page, "save-line")
    expect(page.get_by_test_id("line")).to_contain_text("↑ 4 ↓ 4,2")
    press(page, "edit-device")
    device = page.get_by_test_id("device")
    press(page, "save-device")
    refusal = page.get_by_text("VCS trên TSLCD, WAN phải có IP (Điều 11.7)")
    expect(refusal).to_be_visible()
    wait_until(page, lambda: bool(held_routes), "the page to ask for the line")
    with page.expect_response(re.compile(r"/stock$")):  # the page still loads the line
        held_routes.pop().continue_()
    page.unroute_all()
    expect(refusal).to_be_visible()
    write(page, "f-address", "10.79.4.20")
    write(page, "f-codecs", "H.264/90000")
    press(page, "save-device")
    expect(page.get_by_text("H.264/90000 không phải tên codec, ví dụ G722, H264, PCMA, PCMU")).to_be_visible()
    write(page, "f-codecs", "H.264 G.722")
    write(page, "f-port", "70000")
    choose(page, "f-transport", "TLS")
    press(page, "save-device")
    expect(page.get_by_text("cổng phải từ 1 đến 65535, không phải 70000")).to_be_visible()
    write(page, "f-port", "5062")
    write(page, "f-sip_user", "2001**{PIN}")
    write(page, "f-pin", "1234")
    press(page, "save-device")
    expect(device).to_contain_text("10.79.4.20 · cổng 5062 · TLS · gọi số 2001**{PIN}")


def import_people(page: Page, names: str) -> None:
    """Import six people by keys: a fault in line 7 is mended in the page, a preview comes, the confirmation imports."""
    rows = ["unit,point,role,name,phone,email,trained,valid_from,source"]
    rows += [
        f"571,UBND.Van Ninh,technician,Ngô Văn {name},{phone},,,," for name, phone in zip(names, PHONES, strict=True)
    ]
    file = {"name": "people.csv", "mimeType": "text/csv", "buffer": "\n".join(rows).encode()}
    taps = Taps(page)
    tab_to(page, "import-file")
    page.get_by_test_id("import-file").set_input_files(file)  # type: ignore[arg-type]
    expect(page.get_by_test_id("faults")).to_contain_text("dòng 7 số điện thoại")
    expect(page.get_by_test_id("mend-row")).to_have_attribute("data-line", "7")
    tab_to(page, "mend-cell")
    while not page.get_by_test_id("mend-row").get_by_label("phone", exact=True).evaluate(IS_FOCUSED):
        page.keyboard.press("Tab")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("0905123456")
    press(page, "mend")
    expect(page.get_by_test_id("steps").get_by_role("listitem")).to_have_count(6)
    press(page, "import-yes")
    expect(page.get_by_test_id("imported")).to_be_visible()
    assert taps.count == 2  # checked again, imported


def test_ux_21_42_a_point_is_drawn_up_until_it_is_active_by_the_keyboard_alone(
    server: Server, people: People, red: Browser, fox: Browser
) -> None:
    other = people.signed_in(red, OPERATOR)
    open_directory(server, other)
    import_people(other, "HIKLMN")
    expect(other.locator("import-export")).to_be_focused()  # it had the button that is gone
    page = people.signed_in(fox, OPERATOR)
    open_directory(server, page)
    expect(page.get_by_test_id("overview")).to_contain_text("Hoạt động: 169")
    write(page, "points-search", "xuong huan")
    expect(page.get_by_test_id("points-row")).to_have_count(1)
    page.reload()  # what is looked for stands in the address
    press(page, "table-point")
    expect(page.get_by_test_id("point-card")).to_have_attribute("data-id", "nt.xuonghuan")
    press(page, "all-points")
    import_people(page, "ABCDEG")
    write(page, "search", "khong co")
    expect(page.get_by_test_id("none")).to_be_visible()
    write(page, "search", "thanh pho cam ranh")
    choose_in_tree(page, "ubnd.cam-ranh")
    unfold(page, "unit")
    expect(page.get_by_test_id("quota")).to_contain_text("1/2 điểm cầu")
    expect(page.get_by_test_id("unit-card").locator('[data-fact="below"]')).to_have_text("15/15")
    taps = Taps(page)
    press(page, "add-point")
    card = page.get_by_test_id("point-card")
    expect(card).to_have_attribute("data-id", "ubnd.cam-ranh.02")
    expect(page.get_by_test_id("point-name")).to_have_text("UBND.Cam Ranh.02")
    expect(page.get_by_test_id("lacks").get_by_role("listitem")).to_have_count(4)
    press(page, "move-submit")
    expect(card).to_have_attribute("data-state", "awaiting")
    unfold(page, "equipment")
    add_line_and_device(page)
    unfold(page, "room")
    choose(page, "f-managing_unit", "Thành phố Cam Ranh")
    press(page, "save-room")
    unfold(page, "assessment")
    assess(page)
    expect(card).to_have_attribute("data-state", "passed")
    photo = {"name": "phong-hop.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff\xe0"}
    tab_to(page, "evidence-add")
    page.get_by_test_id("evidence-add").first.set_input_files(photo)  # type: ignore[arg-type]
    expect(page.get_by_test_id("evidence")).to_contain_text("phong-hop.jpg")
    expect(page.get_by_test_id("evidence-add").first).to_be_focused()  # it was disabled while the file went
    press(page, "move-activate")
    expect(page.get_by_test_id("error").first).to_contain_text("chưa cấp tài khoản (Điều 9.3)")
    unfold(page, "account")
    press(page, "issue")
    link = page.get_by_test_id("link").text_content() or ""
    press(page, "move-activate")
    expect(card).to_have_attribute("data-state", "active")
    assert taps.count == 25
    unfold(page, "people")
    before = int(page.get_by_test_id("personal").get_attribute("data-entries") or 0)
    press(page, "add-person")
    tab_to(page, "f-phone")
    page.keyboard.type("12")
    page.keyboard.press("Shift+Tab")  # to the name, which another form has, too
    page.keyboard.type("Trần Thị Bình")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("f-phone")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".fault")).to_have_count(1)
    write(page, "f-phone", "0905 123 456")
    press(page, "save-person")
    expect(page.get_by_test_id("person")).to_contain_text("Chưa đào tạo")
    expect(page.get_by_test_id("personal")).to_have_attribute("data-entries", str(before + 1))
    with page.expect_download() as download:
        page.get_by_test_id("personal-export").click()
    assert "Trần Thị Bình" in download.value.path().read_text()

    page.evaluate("localStorage.clear()")
    page.goto(link)
    for name in ("fresh", "again"):
        page.get_by_test_id(f"password-{name}").fill(PASSWORD)
    page.get_by_test_id("change-password").click()
    expect(page.get_by_test_id("me")).to_have_text("UBND thành phố Cam Ranh – Phòng họp số 2")
    open_directory(server, page, "ubnd.nha-trang")
    expect(page.get_by_test_id("closed")).to_be_visible()


async def describe_device(server: Server, **fields: object) -> None:
    """Change the first device of the room."""
    async with open_services(read(environment(server.data))) as services:
        device = replace((await services.equipment.devices(ROOM))[0], **fields)  # type: ignore[arg-type]
        await services.equipment.describe(device, utc_now(), {"password": "rat-bi-mat" if device.auth_user else ""})


async def until_registered(peer: Baresip) -> None:
    async with asyncio.timeout(20):
        while "[1 binding]" not in peer.log:
            await asyncio.sleep(0.05)


def test_a_technician_tries_a_room_system_and_reads_its_messages_and_calls(
    server: Server, people: People, red: Browser, tmp_path: Path
) -> None:
    page, calls = people.signed_in(red, OPERATOR), AsyncExitStack()
    with simulated(server) as points:
        points.run(describe_device(server, kind="VCS", protocol="SIP", auth_user="p.hop"))
        account = ";auth_user=p.hop;auth_pass=rat-bi-mat"
        peer = points.run(
            calls.enter_async_context(room(tmp_path, host=ROOM_HOST, registrar="{}:{}".format(*SIP), more=account))
        )
        try:
            points.run(until_registered(peer))
            open_directory(server, page, ROOM)
            unfold(page, "equipment")
            device = page.get_by_test_id("device")
            expect(device.get_by_test_id("registered")).to_be_visible()
            device.get_by_test_id("test-device").click()
            expect(device.get_by_test_id("tested")).to_contain_text("có trả lời")
            device.get_by_test_id("call-device").click()
            state = device.get_by_test_id("call-test-state")
            expect(state).to_have_attribute("data-state", "measuring")
            expect(state).to_have_attribute("data-state", "done", timeout=30_000)
            expect(state).to_have_attribute("data-outcome", "hung-up")
            expect(device.get_by_test_id("call-test-report")).to_contain_text(re.compile("G722.*H264", re.DOTALL))
            sizes = device.get_by_test_id("call-test-sizes")
            expect(sizes).to_contain_text(re.compile(r"Hình tới thiết bị 1280 × 720, \d+(,\d)? hình/s"))
            points.run(peer.command("dial", f"sip:{CODE}@{SIP[0]}:{SIP[1]}"))
            points.run(peer.event("CALL_CLOSED", "404"))
            device.get_by_test_id("trace-device").click()
            messages = device.get_by_test_id("sip-message")
            expect(messages.first).to_contain_text(f"INVITE sip:{'•' * len(CODE)}@")
            assert "rat-bi-mat" not in device.inner_text()
            with page.expect_download() as saved:
                device.get_by_test_id("save-trace").click()
            text = saved.value.path().read_text()
            assert all(each in text for each in messages.all_text_contents())
            assert "\nauthorization: •\n" in text.lower()
            assert [word for word in ("rat-bi-mat", CODE, "response=") if word in text] == []
        finally:
            points.run(calls.aclose())
            points.run(describe_device(server, kind="PC", protocol="", auth_user=""))
    page.get_by_test_id("calls-of-device").click()
    row = page.get_by_test_id("calls-row").filter(has_text="Gọi thử")
    expect(row.locator("[data-outcome]")).to_have_attribute("data-outcome", "hung-up")
    row.get_by_test_id("call-test-kept").click()
    expect(page.get_by_test_id("call-test-report")).to_be_in_viewport(ratio=1)
    page.get_by_test_id("close").click()
    page.get_by_test_id("calls-q").fill("khong co")
    page.get_by_test_id("calls-find").click()
    expect(page.get_by_test_id("calls-none")).to_be_visible()
    page.get_by_test_id("empty-next").click()
    with page.expect_download() as download:
        page.get_by_test_id("calls-csv").click()
    assert "Gọi thử" in download.value.path().read_text("utf-8-sig")
