"""The script of a session: written at registration, stepped through and changed in the console."""

import re

from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.e2e.people import HOST, People, unmute

SCRIPT = [
    ("Khai mạc", "", "single"),
    ("Xương Huân báo cáo", "nt.xuonghuan", "single"),
    ("Thảo luận", "", ""),
]


def expect_item(page: Page, words: str) -> None:
    """Wait until the console names the current item."""
    expect(page.get_by_test_id("script-on")).to_contain_text(words)


def test_ux_33_a_script_leads_through_the_meeting(people: People, red: Browser, blue: Browser) -> None:
    page = people.sign_in(red, HOST)
    code = people.register_by_form(page, ["nt.xuonghuan"], "Họp theo kịch bản", SCRIPT)
    host = people.enter(page, code, "host")
    point = people.enter(people.signed_in(blue, "nt.xuonghuan"), code)
    point.until(lambda point: {"red", "blue"} <= point.colours(), "both cameras")
    expect_item(page, "Chưa vào kịch bản")
    expect(page.get_by_test_id("script-back")).to_be_disabled()
    page.get_by_test_id("script-next").click()
    expect_item(page, "1/3 · Khai mạc")
    point.until(lambda point: point.share("red") > 0.9, "the host alone")
    expect(page.get_by_test_id("script-time")).to_have_text(re.compile(r"^00:\d\d / 10:00$"))

    # The next item shows its point, which is invited to speak.
    page.get_by_test_id("script-next").click()
    expect_item(page, "2/3 · Xương Huân báo cáo")
    point.until(lambda point: point.share("blue") > 0.9, "the point alone")
    point.page.get_by_test_id("floor-accept").click()
    host.hears(880)
    speaking = page.locator('[data-testid="on-floor"][data-point="nt.xuonghuan"]')
    expect(speaking.get_by_test_id("level")).to_have_attribute("data-level", re.compile(r"^-\d+$"))
    row = page.locator('[data-testid="seat"][data-point="nt.xuonghuan"]')
    row.get_by_test_id("seat-more").click()
    row.get_by_test_id("gain").select_option("6")
    expect(row.get_by_test_id("gain")).to_have_value("6")
    page.keyboard.press("Escape")

    # One step back takes both back.
    page.get_by_test_id("script-back").click()
    expect_item(page, "1/3")
    point.until(lambda point: point.share("red") > 0.9, "the host alone again")
    host.silent(880)
    expect(point.page.get_by_test_id("mic")).to_have_attribute("data-state", "blocked")

    # The host changes the script while it is running, and jumps.
    page.get_by_test_id("script-open").click()
    page.get_by_test_id("script-edit").click()
    page.get_by_test_id("script-add").click()
    page.get_by_test_id("script-title").nth(3).fill("Kết luận")
    page.get_by_test_id("script-minutes").nth(3).fill("7")
    page.get_by_test_id("script-up").nth(3).click()
    page.get_by_test_id("script-cross").nth(3).click()
    page.get_by_test_id("script-save").click()
    rows = page.get_by_test_id("script-row")
    expect(rows).to_have_count(3)
    expect(rows.nth(2)).to_contain_text("Kết luận")
    rows.nth(2).get_by_test_id("script-jump").click()
    expect_item(page, "3/3 · Kết luận")
    page.get_by_test_id("script-close").click()
    expect(page.get_by_test_id("script-next")).to_be_disabled()
    expect(page.get_by_test_id("script-time")).to_contain_text("/ 07:00")
    unmute(host)
    point.hears(440)


def test_a34_a_script_is_taken_from_a_table(people: People, red: Browser) -> None:
    page = people.sign_in(red, HOST)
    page.get_by_test_id("register").first.click()
    page.get_by_test_id("points-search").fill("nt.xuonghuan")
    page.locator('[data-testid="point-option"][data-point="nt.xuonghuan"]').click()
    page.get_by_test_id("script-fold").click()
    choose = page.get_by_test_id("script-file")

    choose.set_input_files(script_file("Báo cáo,,NT.VinhHai,,0\n"))
    expect(page.get_by_test_id("script-faults").locator("li")).to_have_text(
        ["dòng 2 điểm cầu: điểm cầu NT.VinhHai không dự phiên họp này", "dòng 2 số phút: phải từ 1 đến 600 phút"]
    )
    choose.set_input_files(script_file("Khai mạc,,,Một hình,5\nBáo cáo,Trình chiếu,NT.XuongHuan,1+7,15\n"))
    preview = page.get_by_test_id("script-preview").locator("li")
    expect(preview).to_have_count(2)
    expect(preview.nth(1)).to_contain_text("Trình chiếu · NT.XuongHuan · 1+7 · 15 phút")
    expect(page.get_by_test_id("script-faults")).to_have_count(0)
    page.get_by_test_id("script-take").click()
    expect(page.get_by_test_id("script-title")).to_have_count(2)
    expect(page.get_by_test_id("script-minutes").nth(1)).to_have_value("15")

    with page.expect_download() as download:
        page.get_by_test_id("script-export-csv").click()
    assert download.value.suggested_filename == "kich-ban.csv"
    assert download.value.path().read_text("utf-8-sig").splitlines()[1:] == [
        "Khai mạc,Phát biểu,,Một hình,5",
        "Báo cáo,Trình chiếu,NT.XuongHuan,1+7,15",
    ]


def script_file(rows: str) -> FilePayload:
    """Return a spreadsheet file of a script with these rows."""
    text = "nội dung,hình thức,điểm cầu,bố cục,số phút\n" + rows
    return {"name": "kich-ban.csv", "mimeType": "text/csv", "buffer": text.encode()}
