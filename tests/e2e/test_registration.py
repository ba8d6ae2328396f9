"""A commune's registration waits for its district, which confirms it from its drafts (R-060)."""

from datetime import datetime, timedelta

from playwright.sync_api import Browser, expect

from tests.e2e.people import HANOI, People
from tests.e2e.server import Server


def test_ux_38_a_communes_registration_is_confirmed_by_its_district(
    server: Server, people: People, red: Browser
) -> None:
    server.create("nt.ngochiep", "--role", "registrant", "--role", "site", "--point", "nt.ngochiep")
    commune = people.sign_in(red, "nt.ngochiep")
    start = datetime.now(HANOI).replace(hour=8, minute=0) + timedelta(days=30)
    commune.get_by_test_id("register").first.click()
    commune.get_by_test_id("title").fill("Giao ban phường")
    commune.locator('[data-testid="point-option"][data-point="nt.vinhhai"]').click()
    commune.get_by_test_id("official-start").fill(f"{start:%Y-%m-%dT%H:%M}")
    commune.get_by_test_id("official-end").fill(f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    expect(commune.get_by_test_id("deadlines")).to_contain_text("Hạn đăng ký 17:00")
    commune.reload()
    commune.get_by_test_id("reopen").click()
    expect(commune.get_by_test_id("title")).to_have_value("Giao ban phường")
    expect(commune.get_by_test_id("official-start")).to_have_value(f"{start:%d/%m/%Y %H:%M}")
    for name, code in (("purpose", "noi_bo_don_vi"), ("kind", "giao_ban"), ("form", "truc_tuyen")):
        commune.get_by_test_id(name).select_option(code)
    commune.get_by_test_id("secret-no").check()
    commune.get_by_test_id("contact-name").fill("Trần Văn Bình")
    commune.get_by_test_id("contact-phone").fill("0905 123 456")
    commune.get_by_test_id("submit").click()
    expect(commune.get_by_test_id("waits")).to_contain_text("Thành phố Nha Trang")

    district = people.sign_in(red, "ubnd.nha-trang")
    district.goto(f"{server.http}drafts.html")
    row = district.get_by_test_id("draft-row").filter(has_text="Giao ban phường")
    expect(row).to_contain_text("Phường Ngọc Hiệp")
    row.get_by_test_id("draft-confirm").click()
    expect(district.get_by_test_id("title")).to_have_value("Giao ban phường")
    district.get_by_test_id("recording").check()
    expect(district.get_by_test_id("storage")).to_contain_text("Bản ghi tối đa khoảng 2,6 GB")
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
