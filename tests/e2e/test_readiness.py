"""The readiness board as technicians and hosts use it: red first, checks, people on duty, attendee lists."""

from playwright.sync_api import Browser, expect

from tests.e2e.people import People
from tests.e2e.server import Server


def test_a_board_turns_from_red_to_what_is_left(server: Server, red: Browser, people: People) -> None:
    host = people.signed_in(red, "ubnd.nha-trang")
    people.register(host, ["nt.xuonghuan", "nt.vinhhai"], "Giao ban sẵn sàng")
    page = people.sign_in(red, "truc.ban")
    page.get_by_test_id("nav-readiness").click()
    row = page.get_by_test_id("ready-row").filter(has_text="Giao ban sẵn sàng")
    expect(row).to_have_attribute("data-colour", "red")  # it begins in two minutes and nobody has checked
    row.get_by_test_id("ready-open").click()
    points = page.get_by_test_id("ready-point")
    expect(points).to_have_count(3)
    expect(page.get_by_test_id("duty-mark").first).to_contain_text("Chưa phân công cán bộ trực trung tâm")

    page.get_by_test_id("ready-filter").select_option("green")
    page.get_by_test_id("ready-empty").get_by_role("button").click()
    expect(page.get_by_test_id("ready-filter")).to_have_value("")
    page.get_by_test_id("ready-search").fill("xuong huan")
    expect(points).to_have_count(1)
    page.get_by_test_id("ready-tick").check()
    expect(page.get_by_test_id("check-faulty")).to_be_disabled()
    page.get_by_test_id("ready-words").fill("Mất tiếng")
    page.get_by_test_id("check-faulty").click()
    expect(points.get_by_test_id("ready-check")).to_contain_text("Mất tiếng")
    page.get_by_test_id("ready-search").fill("")
    page.get_by_test_id("ready-all-points").check()
    page.get_by_test_id("check-ok").click()
    expect(page.locator('[data-testid="ready-check"][data-colour="green"]')).to_have_count(3)

    page.get_by_test_id("duty-fold").click()
    page.get_by_test_id("duty-name").fill("Lê Văn Bình")
    page.get_by_test_id("duty-phone").fill("12")
    page.get_by_test_id("duty-save").click()
    expect(page.locator("duty-list .fault")).to_contain_text("số điện thoại")
    expect(page.get_by_test_id("error")).to_have_count(0)
    page.get_by_test_id("duty-phone").fill("0905 123 456")
    page.get_by_test_id("duty-save").click()
    duty = page.get_by_test_id("duty-row")
    expect(duty).to_contain_text("Lê Văn Bình")
    duty.get_by_test_id("duty-arrive").click()
    expect(duty.get_by_test_id("duty-arrived")).to_be_visible()
    expect(page.locator('[data-testid="duty-mark"][data-item="main"]')).to_have_count(0)


def test_the_host_requests_attendee_lists_and_a_component_sends_one(
    server: Server, red: Browser, people: People
) -> None:
    host = people.signed_in(red, "ubnd.nha-trang")
    people.register(host, ["nt.xuonghuan", "nt.vinhhai"], "Giao ban danh sách")
    site = people.signed_in(red, "nt.xuonghuan")
    for page in (host, site):
        page.goto(f"{server.http}readiness.html")
        page.get_by_test_id("ready-row").filter(has_text="Giao ban danh sách").get_by_test_id("ready-open").click()
    expect(site.get_by_test_id("ready-point")).to_have_count(1)
    host.get_by_test_id("lists-ask").click()
    expect(host.get_by_test_id("lists-count")).to_have_text("0/2 điểm cầu đã gửi danh sách")
    site.reload()
    site.get_by_test_id("list-count").fill("5")
    site.get_by_test_id("list-people").fill("Nguyễn Thị Ánh; Chủ tịch\nLê Văn Bình")
    site.get_by_test_id("list-give").click()
    expect(site.get_by_test_id("list-saved")).to_be_visible()
    host.reload()
    expect(host.get_by_test_id("lists-count")).to_have_text("1/2 điểm cầu đã gửi danh sách")
    with host.expect_download() as started:
        host.get_by_test_id("lists-csv").click()
    text = started.value.path().read_text("utf-8-sig")
    assert "NT.XuongHuan,UBND phường Xương Huân,đã gửi,5,Nguyễn Thị Ánh,Chủ tịch," in text
    assert "NT.VinhHai,UBND phường Vĩnh Hải,chưa gửi,,,,," in text
