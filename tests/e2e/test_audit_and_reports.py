"""The audit log, the reports and the corrections of figures, as technicians and units use them."""

from playwright.sync_api import Browser, expect

from tests.e2e.browsers import wait_until
from tests.e2e.layout_boxes import clear_at_all_sizes
from tests.e2e.people import People
from tests.e2e.refusals import Form, assert_nothing_is_lost
from tests.e2e.server import Server

_WHOLE_YEAR = """chart => {
  const name = month => `${String(month + 1).padStart(2, '0')}/2026`;
  chart.months = Array.from({length: 12}, (_, month) => ({name: name(month), figures: {sessions: 97 * month}}));
}"""
"""Shows sessions of every month, up to a thousand of them: the server has those of a day."""


def test_the_audit_log_is_searched_verified_and_exported_and_reports_too(
    server: Server, red: Browser, people: People
) -> None:
    host = people.signed_in(red, "ubnd.nha-trang")
    people.register(host, ["nt.xuonghuan"], "Giao ban thống kê")
    page = people.signed_in(red, "truc.ban")
    page.goto(f"{server.http}audit.html")
    page.get_by_test_id("audit-verify").click()
    state = page.get_by_test_id("audit-state")
    expect(state).to_contain_text("Nhật ký nguyên vẹn")
    expect(state).to_have_attribute("data-broken", "")
    page.get_by_test_id("audit-action").select_option("register")
    page.get_by_test_id("audit-actor").fill("ubnd.nha-trang")
    page.get_by_test_id("audit-find").click()
    rows = page.get_by_test_id("audit-row")
    others = rows.filter(has_not=page.locator('[data-action="register"]'))
    expect(rows.first).to_contain_text("Đăng ký phiên")
    expect(others).to_have_count(0)
    page.reload()  # what is looked for stands in the address
    expect(page.get_by_test_id("audit-action")).to_have_value("register")
    expect(page.get_by_test_id("audit-actor")).to_have_value("ubnd.nha-trang")
    expect(others).to_have_count(0)
    with page.expect_download() as started:
        page.get_by_test_id("audit-csv").click()
    assert "ubnd.nha-trang" in started.value.path().read_text(encoding="utf-8-sig")
    page.get_by_test_id("audit-q").fill("khong co gi nhu vay")
    page.get_by_test_id("audit-find").click()
    expect(page.get_by_test_id("audit-none")).to_be_visible()
    page.get_by_test_id("empty-next").click()
    expect(others.first).to_be_visible()
    expect(page.get_by_test_id("audit-actor")).to_have_value("")

    for _ in range(51):  # one more than a page has
        assert page.request.get(f"{server.http}api/v1/audit/export?format=csv&actor=nobody").ok
    page.get_by_test_id("audit-action").select_option("export-log")
    page.get_by_test_id("audit-find").click()
    expect(rows).to_have_count(50)
    expect(page.get_by_test_id("audit-sort-at")).to_have_count(0)  # the order is the log's own
    page.get_by_test_id("audit-on").click()
    wait_until(page, lambda: 0 < rows.count() < 50, "the older entries")
    older = page.get_by_test_id("audit").inner_text()
    page.reload()
    expect(page.get_by_test_id("audit")).to_have_text(older, use_inner_text=True)
    page.get_by_test_id("audit-back").click()
    expect(rows).to_have_count(50)

    page.goto(f"{server.http}reports.html")
    nha_trang = page.get_by_test_id("report-unit").locator('tr[data-id="568"]')
    nha_trang.locator('[data-testid="report-number"][data-figure="registered"]').click()
    expect(page.get_by_test_id("report-entry").filter(has_text="Giao ban thống kê")).to_have_count(1)
    page.get_by_test_id("close").click()
    expect(page.get_by_test_id("report-outcomes").locator("tr.sum")).to_be_visible()
    expect(page.get_by_test_id("report-uptime")).to_contain_text("%")
    page.get_by_test_id("report-show-points").click()
    expect(page.locator('[data-testid="report-points"], [data-testid="report-points-none"]')).to_be_visible()
    page.get_by_test_id("report-unit-sort-registered").click()
    page.get_by_test_id("report-unit-sort-registered").click()
    counts = page.get_by_test_id("report-unit-row").locator('[data-figure="registered"]')

    def falls() -> bool:
        found = counts.all_text_contents()
        return bool(found) and found == sorted(found, key=int, reverse=True)

    wait_until(page, falls, "the order of the figures")
    expect(page.get_by_test_id("report-unit").locator("tbody tr").first).to_have_class("sum")
    with page.expect_download() as started:
        page.get_by_test_id("report-pdf").click()
    assert started.value.path().read_bytes().startswith(b"%PDF")
    page.locator("month-chart").evaluate(_WHOLE_YEAR)
    expect(page.locator("month-chart rect")).to_have_count(12)
    clear_at_all_sizes(page)
    page.get_by_test_id("report-year").fill("2001")
    page.get_by_test_id("report-show").click()
    expect(page.get_by_test_id("report-none")).to_be_visible()
    page.reload()
    expect(page.get_by_test_id("report-none")).to_be_visible()
    expect(page.get_by_test_id("report-year")).to_have_value("2001")

    site = people.signed_in(red, "nt.xuonghuan")
    site.goto(f"{server.http}audit.html")
    expect(site.get_by_test_id("denied")).to_be_visible()


def test_r122_a_unit_corrects_what_it_is_asked(server: Server, red: Browser, people: People) -> None:
    host = people.signed_in(red, "ubnd.nha-trang")
    people.register(host, ["nt.xuonghuan"], "Giao ban số liệu")
    page = people.signed_in(red, "truc.ban")
    page.goto(f"{server.http}figures.html")
    page.get_by_test_id("figures-what").fill("Rà soát số liệu năm")
    page.get_by_test_id("figures-period").select_option("year")
    page.get_by_test_id("figures-ask").click()
    expect(page.locator('[data-testid="figures-unit"][data-unit="568"]')).to_have_attribute("data-standing", "waiting")
    host.goto(f"{server.http}figures.html")
    figure = host.get_by_test_id("figure").first.get_attribute("data-figure")
    corrected = {"figure": "7777", "figures-remark": "Sự cố ngoài hệ thống"}
    answer = Form("figure-requests/[^/]+", "figures-say", corrected, f"figures.{figure}")
    assert_nothing_is_lost(people, host, answer)
    host.get_by_test_id("figures-say").click()
    expect(host.get_by_test_id("figures-sent")).to_be_visible()
    page.goto(f"{server.http}reports.html")
    expect(page.get_by_test_id("report-correction-row")).to_contain_text("Sự cố ngoài hệ thống")
