"""The list of sessions: page after page, filtered by text and phase; repeated requests register once."""

import re
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.browsers import imported, intercept, wait_until
from tests.e2e.people import HANOI, People, press_clear_button
from tests.e2e.server import Server

PAGE = 50
OTHER_TITLE = "Rà soát số liệu thủy lợi"


def body(number: int, title: str) -> dict[str, Any]:
    """Return a registration of five minutes on a day far from those of other tests."""
    day = (datetime.now(HANOI) + timedelta(days=40)).date()
    start = datetime.combine(day, time(7), HANOI) + timedelta(minutes=6 * number)
    return {
        "host_point": "ubnd.cam-ranh",
        "points": ["cr.camphu"],
        "official": {"start": start.isoformat(), "end": (start + timedelta(minutes=5)).isoformat()},
        "title": title,
        "contact_name": "Nguyễn Thị Ánh",
        "contact_phone": "0905 123 456",
        "purpose": "noi_bo_don_vi",
        "kind": "giao_ban",
        "form": "truc_tuyen",
        "secret": False,
        "wait": True,
    }


def register(server: Server, page: Page, number: int, title: str) -> str:
    """Register a session and return its id."""
    response = page.request.post(f"{server.http}api/v1/registrations", data=body(number, title))
    assert response.status == 201, response.text()
    made: str = response.json()["id"]
    return made


def test_a_long_list_is_read_page_after_page_and_searched(server: Server, people: People, blue: Browser) -> None:
    page = people.signed_in(blue, "truc.ban")
    made = [register(server, page, number, f"Họp liệt kê {number:02}") for number in range(PAGE + 5)]
    last = register(server, page, PAGE + 6, OTHER_TITLE)
    first: list[Route] = []  # the lists as the page opens, held until the search has answered

    def hold(route: Route) -> None:
        first.append(route)

    page.route(re.compile(r"/sessions\?(?!.*\bq=)"), hold)
    page.goto(f"{server.http}sessions.html")
    rows = page.get_by_test_id("session-row")
    wait_until(page, lambda: bool(first), "the page to ask for its lists")
    page.get_by_test_id("sessions-q").fill("hop liet ke")
    page.get_by_test_id("sessions-find").click()
    expect(rows).to_have_count(PAGE)
    with page.expect_response(re.compile(r"/sessions\?(?!.*\bq=)")):
        for route in first:
            route.continue_()
    page.get_by_test_id("sessions-more-coming").click()
    expect(rows).to_have_count(len(made))
    assert [row.get_attribute("data-id") for row in rows.all()] == made
    expect(rows.first).to_contain_text("Chủ trì: UBND thành phố Cam Ranh")  # not what its devices are called
    expect(page.get_by_test_id("sessions-more-coming")).to_have_count(0)
    page.reload()  # what is looked for stands in the address
    expect(page.get_by_test_id("sessions-q")).to_have_value("hop liet ke")
    expect(rows).to_have_count(PAGE)
    page.get_by_test_id("sessions-q").fill("thuy loi")
    page.get_by_test_id("sessions-find").click()
    expect(rows).to_have_count(1)
    expect(rows).to_have_attribute("data-id", last)
    page.get_by_test_id("sessions-phase").select_option("cancelled")
    page.get_by_test_id("sessions-find").click()
    expect(rows).to_have_count(0)
    page.get_by_test_id("sessions-phase").select_option("")
    page.get_by_test_id("sessions-find").click()
    rows.get_by_test_id("more").click()
    rows.get_by_test_id("cancel").click()
    page.get_by_test_id("cancel-yes").click()
    expect(page.get_by_test_id("toast")).to_contain_text("Đã hủy phiên")
    expect(rows).to_have_attribute("data-phase", "cancelled")


_API = imported("core/api.js")
REGISTER = f"async body => (await ({_API}).register(body)).id"
FAILS = f"async body => ({_API}).register(body).then(() => 'registered', failure => failure.name)"
TWICE = """async body => {
  const {register} = API;
  return (await Promise.all([register(body), register(body)])).map(({id}) => id);
}""".replace("API", _API)


def test_a_double_tap_and_a_lost_response_register_once(server: Server, people: People, blue: Browser) -> None:
    page = people.sign_in(blue, "truc.ban")
    first, again = page.evaluate(TWICE, body(PAGE + 10, "Chạm hai lần"))
    assert first == again

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    lost = body(PAGE + 12, "Mất câu trả lời")
    intercept(page, "**/api/v1/registrations", lose, times=1)
    assert page.evaluate(FAILS, lost) == "TypeError"
    page.reload()
    made = page.evaluate(REGISTER, lost)
    for title, expected in (("Chạm hai lần", first), ("Mất câu trả lời", made)):
        response = page.request.get(f"{server.http}api/v1/sessions", params={"q": title})
        assert [each["id"] for each in response.json()] == [expected]
    assert page.evaluate(REGISTER, lost) != made


def test_a_search_counts_while_another_one_is_under_way(server: Server, people: People, blue: Browser) -> None:
    page = people.signed_in(blue, "truc.ban")
    register(server, page, PAGE + 20, "Họp còn tìm")
    page.goto(f"{server.http}sessions.html")
    expect(page.get_by_test_id("session-row").first).to_be_attached()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    intercept(page, re.compile("/api/v1/sessions[?]q=H"), hold)
    for text in ("Họp còn tìm", "khong co gi nhu vay"):
        page.get_by_test_id("sessions-q").fill(text)
        page.keyboard.press("Enter")
    expect(page.get_by_test_id("session-row")).to_have_count(0)
    with page.expect_response(re.compile("/api/v1/sessions[?]q=H")):
        for each in held:
            each.continue_()
    expect(page.get_by_test_id("session-row")).to_have_count(0)
    expect(page.get_by_test_id("sessions-clear")).to_be_visible()


def delete_text(page: Page, name: str) -> None:
    """Empty a search field by keys, in every browser."""
    page.get_by_test_id(name).press("ControlOrMeta+a")
    page.keyboard.press("Delete")


@pytest.mark.parametrize("browser", ["red", "fox"])
def test_a_search_is_emptied_by_its_button_and_by_keys(
    server: Server, people: People, browser: str, request: pytest.FixtureRequest
) -> None:
    page = people.signed_in(request.getfixturevalue(browser), "truc.ban")
    register(server, page, PAGE + 14 + len(browser), "Họp để tìm")
    for name, search, row in (("sessions", "sessions-q", "session-row"), ("directory", "search", "point")):
        page.goto(f"{server.http}{name}.html")
        for empty in (press_clear_button, delete_text) if browser == "red" else (delete_text,):
            expect(page.get_by_test_id(row).first).to_be_attached()
            page.get_by_test_id(search).fill("khong co gi nhu vay")
            page.keyboard.press("Enter")
            expect(page.get_by_test_id(row)).to_have_count(0)
            empty(page, search)
        expect(page.get_by_test_id(row).first).to_be_attached()
