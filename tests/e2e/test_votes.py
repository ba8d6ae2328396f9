"""A vote as people hold it: the chair asks and closes, each point answers, everyone sees the result."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import ClientWebSocketResponse
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from loadtest.server.accounts import create_accounts
from loadtest.server.rest_client import Client
from signaling.app.admin_cli import NewAccount
from tests.e2e.accessibility import choose, findings, press, write
from tests.e2e.browsers import intercept
from tests.e2e.layout_boxes import clear_at_all_sizes
from tests.e2e.people import HOST, People, Taps
from tests.e2e.points import Points, simulated
from tests.e2e.server import Server, environment

QUESTION = "Thông qua Nghị quyết về kế hoạch phòng, chống thiên tai và tìm kiếm cứu nạn năm 2027?"
NAMES = "vinhphuoc vinhtho vinhthanh ngochiep phuoclong loctho vinhnguyen vinhtruong vinhhoa phuochai"
OTHERS = [f"nt.{name}" for name in NAMES.split()]
"""Ten points without a browser: with the host and one in a browser, twelve vote."""


class Voters:
    """Points that have no browser: each joins by its WebSocket and answers one vote."""

    def __init__(self, server: Server, points: Points) -> None:
        self._server = server
        self._points = points
        self._stack = AsyncExitStack()
        self._asked: list[asyncio.Future[tuple[ClientWebSocketResponse, str]]] = []
        self._reading: list[asyncio.Task[None]] = []

    def join(self, code: str) -> None:
        """Let all join."""
        self._points.run(self._join(code))

    async def _join(self, code: str) -> None:
        accounts = [NewAccount(f"{point}.phieu", point, ("site",), point=point) for point in OTHERS]
        self._asked = [asyncio.get_running_loop().create_future() for _ in OTHERS]
        for place, login in enumerate(await create_accounts(environment(self._server.data), accounts)):
            client = await self._stack.enter_async_context(Client(self._server.http))
            await client.login(*login)
            socket = await client.http.ws_connect("/ws")
            await socket.send_json({"type": "join", "code": code, "accepted": True})
            while (await socket.receive_json())["type"] != "joined":
                pass
            self._reading.append(asyncio.create_task(self._answer(socket, place)))

    async def _answer(self, socket: ClientWebSocketResponse, place: int) -> None:
        async for frame in socket:
            message = json.loads(frame.data)
            if message["type"] == "vote-state" and not (message["closed"] or self._asked[place].done()):
                self._asked[place].set_result((socket, message["id"]))

    def cast(self, choices: list[int]) -> None:
        """Answer the vote: one choice a point."""
        self._points.run(self._cast(choices))

    async def _cast(self, choices: list[int]) -> None:
        for asked, choice in zip(self._asked, choices, strict=True):
            socket, vote = await asked
            await socket.send_json({"type": "vote", "vote": vote, "choice": choice})

    def leave(self) -> None:
        """Let all leave."""
        self._points.run(self._leave())

    async def _leave(self) -> None:
        for each in self._reading:
            each.cancel()
        await self._stack.aclose()


@pytest.fixture
def voters(server: Server) -> Iterator[Voters]:
    """Yield ten points without a browser."""
    with simulated(server) as points:
        others = Voters(server, points)
        yield others
        others.leave()


def test_ux_21_a_vote_of_twelve_points_takes_the_chair_three_taps_and_a_point_one(
    blue: Browser, fox: Browser, people: People, voters: Voters
) -> None:
    host, point = people.signed_in(blue, HOST), people.signed_in(fox, "nt.vinhhai", touch=True)
    code = people.register(host, ["nt.vinhhai", *OTHERS], "Kỳ họp có biểu quyết")
    people.enter(host, code, "host")
    people.enter(point, code)
    voters.join(code)
    # As after an upgrade of the server.
    intercept(host, "**/vote-panel.js", lambda route: route.fulfill(status=404))
    host.keyboard.press("b")
    expect(host.get_by_test_id("toast")).to_contain_text("Hãy tải lại trang")
    host.unroute("**/vote-panel.js")
    host.reload()
    expect(host.get_by_test_id("camera")).to_have_attribute("data-state", "on")
    chair, site = Taps(host), Taps(point)

    host.keyboard.press("b")
    expect(host.get_by_test_id("vote-text")).to_be_focused()
    host.keyboard.type(QUESTION)
    host.get_by_test_id("vote-ask").click()
    expect(point.get_by_role("heading", name=QUESTION)).to_be_visible()
    clear_at_all_sizes(point)
    voters.cast([0] * 7 + [1, 1, 2])
    point.get_by_test_id("vote-choice").first.click()
    expect(point.get_by_test_id("vote-stored")).to_contain_text("Tán thành")
    expect(host.get_by_test_id("vote-turnout")).to_have_text("11/12 điểm cầu đã biểu quyết")
    expect(host.get_by_test_id("choice-count")).to_have_text(["8", "2", "1"])
    host.get_by_test_id("vote-close").click()
    for page in (host, point):
        expect(page.get_by_test_id("vote-result").get_by_test_id("choice-count")).to_have_text(["8", "2", "1"])
        expect(page.get_by_test_id("vote-result").get_by_test_id("vote-decided")).to_have_text("Đạt: Tán thành")
        clear_at_all_sizes(page)
    with host.expect_download() as download:
        host.get_by_test_id("vote-protocol").click()
    text = text_of(download.value.path())
    assert "Tán thành 8 66,7 % 72,7 %" in text and "UBND phường Vĩnh Hải Tán thành" in text
    assert (chair.count, site.count) == (3, 1)

    # A whole vote by the keyboard alone: asked, answered and confirmed, closed, its protocol taken.
    press(host, "vote-open-kind", "ArrowRight")
    expect(host.get_by_test_id("vote-secret")).to_be_checked()
    host.keyboard.press("Shift+Tab")
    expect(host.get_by_test_id("vote-text")).to_be_focused()
    host.keyboard.type("Bầu Trưởng Ban Chỉ huy?")
    host.keyboard.press("Enter")
    press(point, "vote-choice")
    expect(point.get_by_test_id("vote-stored")).to_have_count(0)  # a ballot that stays is confirmed
    press(point, "vote-confirm")
    expect(point.get_by_test_id("vote-stored")).to_have_text("Điểm cầu đã bỏ phiếu kín")
    expect(host.get_by_test_id("vote-turnout")).to_have_text("1/12 điểm cầu đã biểu quyết")
    expect(host.get_by_test_id("choice-count")).to_have_count(0)
    point.reload()
    expect(point.get_by_test_id("vote-stored")).to_have_text("Điểm cầu đã bỏ phiếu kín")
    press(host, "vote-close")
    expect(point.get_by_test_id("vote-decided")).to_contain_text("quá ít phiếu")
    with host.expect_download() as download:
        press(host, "vote-protocol")
    assert "Bầu Trưởng Ban Chỉ huy?" in text_of(download.value.path())

    write(host, "vote-text", "Thông qua Nghị quyết năm 2206?")
    host.keyboard.press("Enter")
    expect(point.get_by_test_id("vote-prompt")).to_contain_text("năm 2206")
    expect(point.get_by_test_id("vote-result")).to_have_count(0)
    look_at(host, point)
    host.get_by_test_id("vote-cancel").click()
    look_at(host)
    host.get_by_test_id("vote-cancelling-cancel").click()
    host.get_by_test_id("vote-cancel").click()
    host.get_by_test_id("vote-cancelling-confirm").click()
    expect(point.get_by_test_id("vote-prompt")).to_have_count(0)
    expect(point.get_by_test_id("notice")).to_contain_text("Biểu quyết số 3 đã hủy")
    expect(host.get_by_test_id("vote-latest")).to_contain_text("Đã hủy, không kiểm phiếu")
    expect(host.get_by_test_id("vote-text")).to_have_value("Thông qua Nghị quyết năm 2206?")

    press(host, "script-open")
    press(host, "script-add")
    write(host, "script-title", "Thông qua Nghị quyết năm 2026")
    choose(host, "script-kind", "Bỏ phiếu kín")
    press(host, "script-save")
    press(host, "script-close")
    chair.begin()
    host.get_by_test_id("script-next").click()
    host.get_by_test_id("script-vote").click()
    expect(point.get_by_test_id("vote-prompt")).to_contain_text("Thông qua Nghị quyết năm 2026")
    expect(host.get_by_test_id("script-vote")).to_have_count(0)
    point.get_by_test_id("vote-choice").first.click()
    look_at(host, point)
    point.get_by_test_id("vote-confirm").click()
    expect(host.get_by_test_id("vote-turnout")).to_have_text("1/12 điểm cầu đã biểu quyết")
    host.get_by_test_id("vote-close").click()
    look_at(host, point)
    assert chair.count == 3


def text_of(file: Path) -> str:
    """Return the text of a PDF file, in one line."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(file).pages).split())


_BESIDE = """() => [...document.querySelectorAll(':is(vote-panel, vote-prompt, vote-result, choice-dialog) *')]
  .filter(each => each.checkVisibility() && !each.closest('.hidden'))
  .filter(each => each.getBoundingClientRect().right > innerWidth + 1 || each.getBoundingClientRect().left < -1)
  .map(each => `${each.localName}[${each.dataset.testid ?? each.className}] is beside the screen`)"""


def look_at(*pages: Page) -> None:
    """Assert that what pages show of a vote is accessible, and on 320 pixels (WCAG 2.2, 1.4.10) whole."""
    faults = []
    for page in pages:
        faults += findings(page)
        page.set_viewport_size({"width": 320, "height": 700})
        faults += page.evaluate(_BESIDE)
        page.set_viewport_size({"width": 1280, "height": 720})
    assert faults == []
