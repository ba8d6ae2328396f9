"""Does with the pages what people do: sign in, register, enter, unmute."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypedDict, Unpack
from zoneinfo import ZoneInfo

from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsers import Seat, wait_until
from tests.e2e.server import IPV6, Server

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
HOST = "ubnd.nha-trang"
HOUR = timedelta(hours=1)
OWN_SOUND_PROCESSOR = "localStorage.devices ??= JSON.stringify({processed: true})"
"""Declares a sound processor of the room: the browser's noise suppression would take a steady tone for noise."""
NO_SERVICE_WORKER = "delete Navigator.prototype.serviceWorker"
"""Leaves requests to the page alone, where tests may change them; `test_offline.py` does with the worker."""
NO_REMINDERS = "localStorage.remind ??= 'off'"
"""Leaves the toasts to what a test does: its sessions begin at once, and everybody would be reminded of all of them."""
ONE_CORE = "Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', {get: () => 1})"
"""Makes a machine that can decode one picture only, which gets the composed one."""
SMALL_CAMERA = """if (navigator.mediaDevices) {
  const {mediaDevices} = navigator, open = mediaDevices.getUserMedia.bind(mediaDevices);
  const small = {width: 640, height: 360};
  mediaDevices.getUserMedia = wanted => open(wanted.video ? {...wanted, video: {...wanted.video, ...small}} : wanted);
}"""
"""Makes Firefox's fake camera as small as the others (`plain_picture`): with the 720 lines that the page asks for, and
30 pictures a second, it keeps a core busy."""


_COUNT_TAPS = """() => {
  if (window.tapsCounted) return;
  window.tapsCounted = true;
  const pressed = 'button, a, summary, g, [type=checkbox], [type=radio]';
  let [byArrow, chosen] = [false, null];
  const counts = {
    pointerdown: target => !target.closest?.('select'),
    change: target => target.matches?.('select') ? target !== chosen : byArrow && target.matches?.('[type=radio]'),
    keydown: (target, key) => ['Enter', ' '].includes(key) && target.closest?.(pressed),
  };
  const add = ({type, target, key}) => {
    if (type !== 'change') byArrow = Boolean(key?.startsWith('Arrow'));
    const counted = counts[type](target, key);
    if (type === 'change') chosen = target;
    else if (!byArrow) chosen = null;
    if (!counted) return;
    sessionStorage.setItem('taps', Number(sessionStorage.getItem('taps') ?? 0) + 1);
  };
  for (const kind of Object.keys(counts)) addEventListener(kind, add, true);
}"""


class Opened(TypedDict, total=False):
    """The machine of a page: a `touch` screen, as a tablet's, or one that gets the `composed` picture; the browser's
    `language`."""

    touch: bool
    composed: bool
    language: str


class Taps:
    """Counts what a person taps on a page from now on, also over its reloads; a choice in a list is one tap, as is a
    control that is pressed by a key, and what is typed is none."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.add_init_script(f"({_COUNT_TAPS})()")
        page.evaluate(_COUNT_TAPS)
        self.begin()

    def begin(self) -> None:
        """Begin to count anew."""
        self._page.evaluate("sessionStorage.removeItem('taps')")

    @property
    def count(self) -> int:
        """The number of taps so far."""
        return int(self._page.evaluate("Number(sessionStorage.getItem('taps') ?? 0)"))


def between(start: datetime, end: datetime) -> dict[str, str]:
    """Return a slot as requests have it."""
    return {"start": start.isoformat(), "end": end.isoformat()}


def registration(title: str, start: datetime, **facts: object) -> dict[str, object]:
    """Return a registration of UBND thành phố Nha Trang with two of its communes."""
    return {
        "title": title,
        "host_point": HOST,
        "points": ["nt.xuonghuan", "nt.vinhhai"],
        "official": between(start, start + 2 * HOUR),
        "contact_name": "Nguyễn Thị Ánh",
        "contact_phone": "0905 123 456",
        "purpose": "noi_bo_don_vi",
        "kind": "giao_ban",
        "form": "truc_tuyen",
        "secret": False,
        **facts,
    }


def sign_in(server: Server, page: Page, account: str) -> None:
    """Sign in without the form, in any language and size."""
    answer = page.request.post(
        f"{server.http}api/v1/login", data={"account": account, "password": server.accounts[account]}
    )
    assert answer.ok, answer.text()


class People:
    """The people of one test, each in a browser context of their own."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._pages: list[Page] = []

    def page(self, browser: Browser, **opened: Unpack[Opened]) -> Page:
        """Open an empty page."""
        language, touch = opened.get("language", "vi-VN"), opened.get("touch", False)
        page = browser.new_context(locale=language, has_touch=touch, ignore_https_errors=IPV6).new_page()
        self._pages.append(page)
        page.add_init_script(OWN_SOUND_PROCESSOR)
        page.add_init_script(NO_SERVICE_WORKER)
        page.add_init_script(NO_REMINDERS)
        if browser.browser_type.name != "chromium":
            page.add_init_script(SMALL_CAMERA)
        if opened.get("composed"):
            page.add_init_script(ONE_CORE)
        return page

    def sign_in(self, browser: Browser, account: str, **opened: Unpack[Opened]) -> Page:
        """Sign in without the form, which costs a page, and open the first page."""
        page = self.signed_in(browser, account, **opened)
        page.goto(f"{self._server.http}today.html")
        expect(page.get_by_test_id("me")).to_be_visible()
        return page

    def signed_in(self, browser: Browser, account: str, **opened: Unpack[Opened]) -> Page:
        """Sign in without the form, and return an empty page: for who opens another page than the first, which costs as
        much as the other one."""
        page = self.page(browser, **opened)
        sign_in(self._server, page, account)
        page.add_init_script(f"sessionStorage.known ??= localStorage.account = {json.dumps(account)}")
        return page

    def sign_in_by_form(self, browser: Browser, account: str) -> Page:
        """Sign in by the form, as a person does, who is led to their first page."""
        page = self.page(browser)
        page.goto(self._server.http)
        self.enter_password(page, account)
        expect(page.get_by_test_id("me")).to_be_visible()
        return page

    def enter_password(self, page: Page, account: str) -> None:
        """Sign in on the sign-in page that is shown: the first time, or after a session was lost."""
        page.get_by_test_id("account").fill(account)
        page.get_by_test_id("password").fill(self._server.accounts[account])
        page.get_by_test_id("sign-in").click()

    def register(self, page: Page, points: list[str], title: str, script: Sequence[Mapping[str, object]] = ()) -> str:
        """Register an emergency that starts within two minutes, for the account of a page; return its code."""
        start = (datetime.now(HANOI) + timedelta(minutes=2)).replace(second=0, microsecond=0)
        facts = {"points": points, "class": "khan_cap", "ground": "chi_dao_ubnd_tinh", "reason": "Công điện 05/CĐ-UBND"}
        body = registration(title, start, official=between(start, start + HOUR), script=list(script), **facts)
        made = page.request.post(f"{self._server.http}api/v1/registrations", data=body)
        assert made.ok, made.text()
        return str(made.json()["code"])

    def register_by_form(
        self, page: Page, points: list[str], title: str, script: Sequence[tuple[str, str, str]] = ()
    ) -> str:
        """Do the same by the form, as a person does, from a page that leads to it. Items are title, point, layout."""
        start = datetime.now(HANOI) + timedelta(minutes=2)
        page.get_by_test_id("register").first.click()
        page.get_by_test_id("title").fill(title)
        page.get_by_test_id("host-point").select_option(HOST)
        for point in points:
            page.get_by_test_id("points-search").fill(point)
            page.locator(f'[data-testid="point-option"][data-point="{point}"]').click()
        page.get_by_test_id("official-start").fill(f"{start:%Y-%m-%dT%H:%M}")
        page.get_by_test_id("official-end").fill(f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M}")
        page.get_by_test_id("class-khan_cap").check()
        page.get_by_test_id("ground").select_option("chi_dao_ubnd_tinh")
        page.get_by_test_id("reason").fill("Công điện 05/CĐ-UBND")
        page.get_by_test_id("purpose").select_option("noi_bo_don_vi")
        page.get_by_test_id("kind").select_option("giao_ban")
        page.get_by_test_id("form").select_option("truc_tuyen")
        page.get_by_test_id("secret-no").check()
        page.get_by_test_id("contact-name").fill("Nguyễn Thị Ánh")
        page.get_by_test_id("contact-phone").fill("0905 123 456")
        write_script(page, script)
        page.get_by_test_id("submit").click()
        code = page.get_by_test_id("issued-code").text_content()
        assert code is not None
        return code.replace(" ", "")

    def arrive(self, page: Page, code: str, where: str = "room") -> Seat:
        """Enter a meeting and accept its notice, with the camera off."""
        page.goto(f"{self._server.http}{where}.html?code={code}")
        seat, notice = Seat(page), page.get_by_test_id("accept")
        let_in = page.locator('[data-testid="accept"], [data-testid="camera"]:enabled').first
        wait_until(page, let_in.is_visible, "the notice of the meeting, or the meeting")
        if notice.is_visible():
            notice.click()
        return seat

    def enter(self, page: Page, code: str, where: str = "room") -> Seat:
        """Enter a meeting, accept its notice, and switch the camera on."""
        seat = self.arrive(page, code, where)
        camera = page.get_by_test_id("camera")
        wait_until(page, page.locator('[data-testid="camera"]:enabled').is_visible, "the meeting")
        camera.click()
        wait_until(page, lambda: camera.get_attribute("data-state") == "on", "the camera to be on")
        return seat

    def keep(self, page: Page) -> Page:
        """Close this page, too, when all leave."""
        self._pages.append(page)
        return page

    def leave(self) -> None:
        """Close every page."""
        for page in self._pages:
            page.context.close()


def write_script(page: Page, items: Sequence[tuple[str, str, str]]) -> None:
    """Write a script into the register form: title, point and layout of each item."""
    if not items:
        return
    page.get_by_test_id("script-fold").click()
    for place, (title, point, layout) in enumerate(items):
        page.get_by_test_id("script-add").click()
        page.get_by_test_id("script-title").nth(place).fill(title)
        page.get_by_test_id("script-point").nth(place).select_option(point)
        page.get_by_test_id("script-layout").nth(place).select_option(layout)


def record_live(page: Page) -> None:
    """Start a recording that is composed while it is recorded: other tests leave no time to compose it afterwards."""
    page.get_by_test_id("record-more").click()
    page.get_by_test_id("compose-live").click()
    page.get_by_test_id("record").click()


def stop_recording(page: Page) -> None:
    """Stop a recording at once: the second press does not wait for the first to be undone."""
    page.get_by_test_id("record").click()
    expect(page.get_by_test_id("record")).to_have_attribute("data-state", "paused")
    page.get_by_test_id("record").click()


def leave_console(page: Page) -> None:
    """Leave a meeting from the console, which asks first."""
    page.get_by_test_id("leave").click()
    page.get_by_test_id("leaving-leave").click()


def press_clear_button(page: Page, name: str) -> None:
    """Press the button within a search field that empties it; Firefox draws none."""
    field = page.get_by_test_id(name)
    box = field.bounding_box()
    assert box is not None
    padding = field.evaluate("field => parseFloat(getComputedStyle(field).paddingRight)")
    page.mouse.click(box["x"] + box["width"] - padding - 8, box["y"] + box["height"] / 2)
    expect(field).to_have_value("")


def unmute(seat: Seat) -> None:
    """Press the microphone until it is on."""
    mic = seat.page.get_by_test_id("mic")
    mic.click()
    wait_until(seat.page, lambda: mic.get_attribute("data-state") == "live", "the microphone to be live")


def seat_of(page: Page, name: str) -> str:
    """Return the seat id of a point that is there, as the list of sites shows it; wait until it is."""
    seat = page.locator("[data-testid=seat][data-here=true]").filter(has_text=name).get_attribute("data-seat")
    assert seat is not None
    return seat
