"""The page on which each role begins: what is on, what is owed, one main action; refreshed while it is open."""

import re

from playwright.sync_api import Browser, expect

from tests.e2e.people import People
from tests.e2e.server import Server

TITLE = "Họp mở đầu ngày"
POLL_MS = 30_000


def test_each_role_begins_at_its_day(server: Server, people: People, red: Browser) -> None:
    host = people.sign_in_by_form(red, "ubnd.nha-trang")
    expect(host).to_have_url(re.compile(r"today\.html$"))
    code = people.register(host, ["nt.xuonghuan"], TITLE)
    accounts = ("ubnd.nha-trang", "nt.xuonghuan", "giam.sat", "truc.ban")
    begun = {account: people.sign_in_by_form(red, account) for account in accounts}
    shown = {}
    for account, page in begun.items():
        slot = page.get_by_test_id("today-slot").filter(has_text=TITLE)
        expect(slot).to_be_visible()
        known = slot.get_by_test_id("today-code")
        ways = slot.locator("a").evaluate_all("all => all.map(each => each.dataset.testid)")
        shown[account] = (known.count() and (known.text_content() or "").replace(" ", "") == code, ways)
        expect(page.locator("main .main")).to_have_count(1)
    assert shown == {
        "ubnd.nha-trang": (True, ["today-control"]),
        "nt.xuonghuan": (True, ["today-join"]),
        "giam.sat": (0, ["today-watch"]),
        "truc.ban": (True, ["today-control"]),
    }
    expect(begun["giam.sat"].get_by_test_id("register")).to_have_count(0)
    expect(begun["nt.xuonghuan"].get_by_test_id("owed-checks")).to_be_visible()
    page = begun["truc.ban"]
    page.clock.install()
    page.reload()
    waiting = page.get_by_test_id("owed-emergencies").locator(".count")
    before = int(waiting.text_content() or "0")
    session = page.get_by_test_id("today-slot").filter(has_text=TITLE).get_attribute("data-id")
    page.request.post(f"{server.http}api/v1/emergencies/{session}/acknowledge", data={})
    page.clock.fast_forward(POLL_MS + 1)
    left = page.get_by_test_id("owed-emergencies").locator(".count")
    if before == 1:
        expect(left).to_have_count(0)
    else:
        expect(left).to_have_text(str(before - 1))


def test_a_day_without_sessions_leads_to_the_calendar(server: Server, people: People, red: Browser) -> None:
    server.create("kv.cauba", "--role", "site", "--point", "kv.cauba")
    page = people.sign_in(red, "kv.cauba")
    expect(page.get_by_test_id("nothing-owed")).to_be_visible()
    page.get_by_test_id("today-none").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"calendar\.html$"))


def test_an_administrator_sees_what_is_still_to_be_set_up(server: Server, people: People, red: Browser) -> None:
    server.create("quan.tri.moi", "--role", "administrator")
    page = people.sign_in(red, "quan.tri.moi")
    step = page.get_by_test_id("setup-mail")
    expect(step).to_have_attribute("data-done", "false")
    page.get_by_test_id("setup-hide").click()
    expect(step).to_have_count(0)
    page.reload()
    expect(page.get_by_test_id("setup-progress")).to_contain_text("/10")
    expect(step).to_have_count(0)
    page.get_by_test_id("setup-hide").click()
    step.get_by_role("link").click()
    expect(page.locator("#setup")).to_be_in_viewport()
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(f"{server.http}today.html")
    expect(step).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
