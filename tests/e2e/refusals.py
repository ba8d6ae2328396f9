"""Lets the server refuse what a form sends: its words are seen, and nothing that was typed is lost."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, Route, WebSocketRoute, expect

from tests.e2e.browsers import intercept
from tests.e2e.people import People

WORDS = "Máy chủ không nhận mục này"
"""What the refusal says of the field that it names."""
BROKEN = "Máy chủ gặp lỗi"
PROBLEM = {"Content-Type": "application/problem+json"}


@dataclass(frozen=True)
class Form:
    """A form of a page.

    `path` is what it is sent to, behind `/api/v1/` (a regular expression); `send` is the `data-testid` of the button,
    and `typed` has the values of fields by theirs, with none for what is ticked. `named` is the request's name of the
    first of these fields; without it a refusal stands in the form. `area` selects the part of the page it is in.
    `opens` opens it on a page that has just loaded, and `opens_again` once something was typed.
    """

    path: str
    send: str
    typed: Mapping[str, str]
    named: str = ""
    area: str = "main"
    opens: Callable[[], object] = lambda: None
    opens_again: Callable[[], object] | None = None


def assert_nothing_is_lost(people: People, page: Page, *forms: Form) -> None:
    """Fill in forms of one page and let the server fail, then refuse each; reload the page; lose the session as the
    last form is sent, and sign in again: each form has all that was typed."""
    for form in forms:
        close_dialog(page)
        form.opens()
        fill(page.locator(form.area), form)
        assert_refused(page, form)
    page.reload()
    assert_kept(page, forms)
    here, account = page.url, page.evaluate("localStorage.getItem('account')")
    with refused(page, forms[-1].path, 401, {"type": "urn:diemcau:signed-out"}):
        page.locator(forms[-1].area).get_by_test_id(forms[-1].send).first.click()
    people.enter_password(page, account)
    page.wait_for_url(here)
    assert_kept(page, forms)


def assert_refused(page: Page, form: Form) -> None:
    """Assert that a form which is filled in shows why it could not be sent, and holds what was typed."""
    area = page.locator(form.area)
    seen = page.locator("dialog[open]" if page.locator("dialog[open]").count() else "main")
    with refused(page, form.path, 503, {}):
        area.get_by_test_id(form.send).first.click()
    expect(seen.get_by_role("alert").filter(has_text=BROKEN).first).to_be_in_viewport()
    assert_typed(area, form)
    faults = {"errors": [{"field": form.named, "detail": WORDS}]} if form.named else {}
    with refused(page, form.path, 422, {"type": "urn:diemcau:invalid", "title": "", "detail": WORDS, **faults}):
        area.get_by_test_id(form.send).first.click()
    said = area.locator(".fault") if form.named else seen.get_by_role("alert")
    expect(said.filter(has_text=WORDS).first).to_be_in_viewport()
    if form.named:
        first = area.get_by_test_id(next(iter(form.typed))).first
        expect(first).to_have_attribute("aria-invalid", "true")
        expect(first).to_be_focused()
    assert_typed(area, form)


def assert_kept(page: Page, forms: Sequence[Form]) -> None:
    """Assert that each form of a page that has just loaded shows what was typed; leave the last one open."""
    for form in forms:
        close_dialog(page)
        (form.opens_again or form.opens)()
        assert_typed(page.locator(form.area), form)


def close_dialog(page: Page) -> None:
    """Close the dialog that is open, if there is one."""
    if page.locator("dialog[open]").count():
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)


@contextmanager
def refused(page: Page, path: str, status: int, problem: Mapping[str, object]) -> Iterator[None]:
    """Refuse what a page posts meanwhile to a path (a regular expression), which it must; let the rest through."""
    where = re.compile(rf"/api/v1/{path}(\?|$)")

    def refuse(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=status, json={"status": status, **problem}, headers=PROBLEM)
        else:
            route.fallback()

    intercept(page, where, refuse)
    with page.expect_response(lambda response: bool(where.search(response.url)) and response.status == status):
        yield
    page.unroute(where, refuse)


class RefusedCommands:
    """Refuses commands of a meeting, by their type, which its pages send from their next connection on."""

    def __init__(self, page: Page) -> None:
        self._types: set[str] = set()
        page.route_web_socket("**/ws", self._connect)

    @contextmanager
    def refused(self, command: str) -> Iterator[None]:
        """Refuse one type of command meanwhile."""
        self._types.add(command)
        yield
        self._types.remove(command)

    def _connect(self, route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        def receive(message: str | bytes) -> None:
            sent = json.loads(message)
            if sent["type"] in self._types:
                route.send(json.dumps({"type": "error", "error": "unavailable", "ref": sent["ref"]}))
            else:
                server.send(message)

        route.on_message(receive)


def fill(area: Locator, form: Form) -> None:
    """Fill in the fields of a form."""
    for name, text in form.typed.items():
        field = area.get_by_test_id(name).first
        if not text:
            field.check()
        elif field.evaluate("field => field.localName") == "select":
            field.select_option(text)
        else:
            field.fill(text)


def assert_typed(area: Locator, form: Form) -> None:
    """Assert that a form shows what was typed."""
    for name, text in form.typed.items():
        field = area.get_by_test_id(name).first
        expect(field).to_be_visible()
        if text:
            expect(field).to_have_value(text)
        else:
            expect(field).to_be_checked()
