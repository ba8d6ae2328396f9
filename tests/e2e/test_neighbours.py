"""The page of neighbouring systems: a key that is shown once, faults at their fields, and what is typed is kept."""

from playwright.sync_api import Browser, Page, expect

from tests.e2e.people import People
from tests.e2e.refusals import Form, assert_nothing_is_lost
from tests.e2e.server import Server

STANDS_FOR, OURS = "nt.vinhhai", "nt.xuonghuan"


def open_page(server: Server, people: People, browser: Browser, account: str) -> Page:
    server.create(account, "--role", "administrator")
    page = people.signed_in(browser, account)
    page.goto(f"{server.http}neighbours.html")
    return page


def fill_above(page: Page, name: str, ours: str) -> None:
    """Fill in the form of a system above, whose point stands for one system already or not."""
    page.get_by_test_id("f-name").fill(name)
    page.get_by_test_id("f-point").select_option(STANDS_FOR)
    page.get_by_test_id("f-our_point").select_option(ours)
    page.get_by_test_id("neighbour-send").click()


def test_a_system_above_is_added_with_a_key_that_is_shown_once_and_removed(
    server: Server, people: People, red: Browser
) -> None:
    page = open_page(server, people, red, "quan.tri.cap.tren")
    expect(page.get_by_test_id("neighbours-none")).to_be_visible()
    page.get_by_test_id("neighbour-add-above").click()
    fill_above(page, "chinh-phu", STANDS_FOR)
    expect(page.get_by_test_id("f-our_point")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_test_id("f-our_point")).to_be_focused()
    fill_above(page, "chinh-phu", OURS)
    expect(page.get_by_test_id("neighbour-key-text")).to_contain_text("chinh-phu.")
    row = page.get_by_test_id("neighbour")
    expect(row).to_have_attribute("data-name", "chinh-phu")
    expect(row.get_by_test_id("neighbour-state")).to_have_text("Chưa liên lạc từ khi máy chủ chạy")
    page.get_by_test_id("neighbour-add-above").click()
    fill_above(page, "bo-y-te", OURS)
    expect(page.get_by_test_id("f-name")).to_have_attribute("aria-invalid", "true")
    page.reload()
    expect(row).to_be_visible()
    expect(page.get_by_test_id("neighbour-key")).to_have_count(0)
    row.get_by_test_id("neighbour-remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Gỡ").click()
    expect(page.get_by_test_id("neighbours-none")).to_be_visible()


def test_the_form_of_a_system_below_loses_nothing(server: Server, people: People, red: Browser) -> None:
    page = open_page(server, people, red, "quan.tri.cap.duoi")

    def opens() -> None:
        page.get_by_test_id("neighbour-add-below").click()
        page.get_by_test_id("f-key").fill("xa.khoa")  # a secret, which is not kept

    typed = {"f-name": "xa-vinh-hai", "f-url": "https://xa.example"}
    assert_nothing_is_lost(people, page, Form("cascade/neighbours", "neighbour-send", typed, "name", opens=opens))
