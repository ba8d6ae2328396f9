"""A commune's registration waits for its district, which confirms it from its drafts (R-060)."""

import re
from datetime import datetime, timedelta

from playwright.sync_api import Browser, Page, expect

from tests.e2e.people import HANOI, HOST, People, Taps
from tests.e2e.server import Server


def fill_facts(page: Page) -> None:
    """Fill in what every registration says beside title, points and times."""
    for name, code in (("purpose", "noi_bo_don_vi"), ("kind", "giao_ban"), ("form", "truc_tuyen")):
        page.get_by_test_id(name).select_option(code)
    page.get_by_test_id("secret-no").check()
    page.get_by_test_id("contact-name").fill("Trần Văn Bình")
    page.get_by_test_id("contact-phone").fill("0905 123 456")


def test_ux_38_a_communes_registration_is_confirmed_by_its_district(
    server: Server, people: People, red: Browser
) -> None:
    server.create("nt.ngochiep", "--role", "registrant", "--role", "site", "--point", "nt.ngochiep")
    commune = people.sign_in(red, "nt.ngochiep")
    start = datetime.now(HANOI).replace(hour=8, minute=0) + timedelta(days=30)
    commune.get_by_test_id("register").first.click()
    commune.get_by_test_id("title").fill("Giao ban phường")
    commune.locator('[data-testid="point-option"][data-point="nt.vinhhai"]').click()
    class_fields = commune.locator("class-field fieldset")
    before = class_fields.bounding_box()
    commune.get_by_test_id("official-start").fill(f"{start:%Y-%m-%dT%H:%M}")
    commune.get_by_test_id("official-end").fill(f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    deadlines = commune.get_by_test_id("deadlines")
    expect(deadlines).to_contain_text("Hạn đăng ký 17:00")
    after = class_fields.bounding_box()
    assert before and after and after["height"] == before["height"]  # what is below does not move
    for width in (390, 768, 1280):
        commune.set_viewport_size({"width": width, "height": 720})
        assert deadlines.evaluate("each => each.offsetHeight === parseFloat(getComputedStyle(each).minHeight)")
    commune.reload()
    commune.get_by_test_id("reopen").click()
    expect(commune.get_by_test_id("title")).to_have_value("Giao ban phường")
    expect(commune.get_by_test_id("official-start")).to_have_value(f"{start:%d/%m/%Y %H:%M}")
    fill_facts(commune)
    commune.get_by_test_id("submit").click()
    expect(commune.get_by_test_id("waits")).to_contain_text("Thành phố Nha Trang")

    district = people.signed_in(red, "ubnd.nha-trang")
    district.goto(f"{server.http}drafts.html")
    row = district.get_by_test_id("draft-row").filter(has_text="Giao ban phường")
    expect(row).to_contain_text("Phường Ngọc Hiệp")
    row.get_by_test_id("draft-confirm").click()
    expect(district.get_by_test_id("title")).to_have_value("Giao ban phường")
    district.get_by_test_id("recording").check()
    expect(district.get_by_test_id("storage")).to_contain_text("Bản ghi tối đa khoảng 2,6 GB")
    district.get_by_test_id("contact-phone").fill("12")
    district.get_by_test_id("second-phone").fill("không có")
    district.get_by_test_id("submit").click()  # what the server finds wrong stands at its field, and nothing is lost
    expect(district.get_by_test_id("fault-summary").get_by_role("listitem")).to_have_count(2)
    expect(district.get_by_test_id("fault-summary")).to_be_focused()
    expect(district.get_by_test_id("contact-phone")).to_have_attribute("aria-invalid", "true")
    expect(district.get_by_test_id("title")).to_have_value("Giao ban phường")
    district.get_by_test_id("second-phone").fill("")
    expect(district.get_by_test_id("second-phone")).not_to_have_attribute("aria-invalid", "true")
    district.get_by_test_id("contact-phone").fill("0905 123 456")
    district.get_by_test_id("submit").click()
    expect(district.get_by_test_id("issued-code")).to_be_visible()
    expect(district.get_by_test_id("receipt")).to_contain_text("HTT-")
    district.goto(f"{server.http}register.html")
    district.get_by_test_id("official-start").fill(f"{start + timedelta(minutes=30):%Y-%m-%dT%H:%M}")
    district.get_by_test_id("official-end").fill(f"{start + timedelta(hours=2):%Y-%m-%dT%H:%M}")
    taken = district.locator('[data-testid="point-option"][data-point="nt.vinhhai"]')
    expect(taken.get_by_test_id("busy")).to_have_text("08:00–09:00 · Giao ban phường")
    taken.click()
    expect(district.get_by_test_id("taken")).to_contain_text("1 điểm cầu đã chọn")
    district.goto(f"{server.http}drafts.html")
    expect(row.get_by_test_id("draft-state")).to_have_text("Đã xác nhận")


def test_ux_38_twenty_points_with_a_rehearsal_and_a_repeat_are_six_taps(people: People, red: Browser) -> None:
    page = people.sign_in(red, HOST)
    page.get_by_test_id("register").first.click()
    evening = datetime.now(HANOI).replace(hour=19, minute=0) + timedelta(days=50)
    taps = Taps(page)
    page.get_by_test_id("title").fill("Giao ban hằng tuần")
    page.get_by_test_id("points-group").select_option(index=1)
    expect(page.locator(".picker .badge")).to_have_text(re.compile("Đã chọn [2-9][0-9]"))  # other tests add some
    for name, start, hours in (("official", evening, 2), ("rehearsal", evening - timedelta(hours=5), 1)):
        page.get_by_test_id(f"{name}-start").fill(f"{start:%Y-%m-%dT%H:%M}")
        page.get_by_test_id(f"{name}-end").fill(f"{start + timedelta(hours=hours):%Y-%m-%dT%H:%M}")
    page.get_by_test_id("until").fill(f"{evening + timedelta(days=7):%Y-%m-%d}")
    fill_facts(page)
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("outcome")).to_have_count(2)
    expect(page.get_by_test_id("outcome").filter(has_text="HTT-")).to_have_count(2)
    assert taps.count == 6
    page.get_by_test_id("nav-sessions").click()  # one row, with the later one in it
    row = page.get_by_test_id("session-row").filter(has_text="Giao ban hằng tuần")
    expect(row).to_have_count(1)
    row.get_by_test_id("session-repeats").click()
    expect(row.get_by_test_id("session-repeat")).to_have_count(1)
    expect(row.get_by_test_id("session-repeat")).to_contain_text(f"{evening + timedelta(days=7):%d/%m}")


def test_a_repeat_says_at_each_date_what_is_wrong_and_keeps_the_good_ones(
    server: Server, people: People, red: Browser
) -> None:
    page = people.signed_in(red, HOST)
    page.goto(f"{server.http}register.html")
    last = datetime.now(HANOI).replace(hour=20, minute=0) + timedelta(days=729)  # a week later is too far ahead
    page.get_by_test_id("title").fill("Giao ban xa")
    page.locator('[data-testid="point-option"][data-point="nt.xuonghuan"]').click()
    fill_facts(page)
    page.get_by_test_id("official-start").fill(f"{last:%Y-%m-%dT%H:%M}")
    page.get_by_test_id("official-end").fill(f"{last + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    page.get_by_test_id("until").fill(f"{last + timedelta(days=8):%Y-%m-%d}")
    page.get_by_test_id("submit").click()
    good, bad = page.get_by_test_id("outcome").nth(0), page.get_by_test_id("outcome").nth(1)
    expect(good).to_contain_text("HTT-")
    expect(bad).to_have_attribute("data-state", "refused")
    expect(page.get_by_test_id("series-state")).to_contain_text("1/2")
    bad.get_by_test_id("mend-date").click()
    expect(page.get_by_test_id("title")).to_have_value("Giao ban xa")
    expect(page.get_by_test_id("official-start")).to_have_value(f"{last + timedelta(days=7):%d/%m/%Y %H:%M}")
    expect(page.locator("form .fault")).to_contain_text("quá xa so với hôm nay")
    page.get_by_test_id("official-start").fill(f"{last - timedelta(days=7):%Y-%m-%dT%H:%M}")
    page.get_by_test_id("official-end").fill(f"{last - timedelta(days=7, hours=-1):%Y-%m-%dT%H:%M}")
    page.get_by_test_id("submit").click()
    expect(page.get_by_test_id("outcome").filter(has_text="HTT-")).to_have_count(2)
    expect(page.get_by_test_id("submit")).to_have_count(0)
