"""``diemcau setup --web``: one browser, by a one-time link, is asked what the terminal asks; HTTP alone.

Also tests `work.py`.
"""

import asyncio
import hashlib
import io
import json
import os
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from threading import Thread
from typing import Any, TextIO
from urllib.request import Request, urlopen

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer
from yarl import URL

from scheduler.core.model import Amount
from signaling.app.setup.owner import Runner
from signaling.app.setup.page_server import FILES, SetupPage
from signaling.core.errors import SettingsError
from tests.signaling.app.setup.machine import Machine, broken_table, table, units

API = "/api/v1/setup"
ANSWERS: dict[str, Any] = {
    "address": {"host": "hop.khanhhoa.example", "port": 8443},
    "certificate": {"source": "authority"},
    "profile": {"files": "pre-KH-2023:KH-2023"},
    "administrator": {"account": "quantri", "name": "Quản trị"},
    "units": {"table": "table"},
    "capacity": {"sessions": 12, "points": 169},
}


class Browser:
    """A browser at the page, with its cookies; `told` is what the terminal says."""

    def __init__(self, page: SetupPage, client: ClientSession, told: list[str]) -> None:
        self.page = page
        self.client = client
        self.told = told

    async def call(self, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Call an endpoint; return status and JSON."""
        method = "GET" if body is None else "POST"
        content = {"data": io.BytesIO(body)} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        async with self.client.request(method, API + path, headers=headers, **content) as response:
            return response.status, await response.json(content_type=None) if response.status != 204 else None

    async def faults(self, path: str, body: object) -> list[tuple[str, str]]:
        """Return the faults of answers."""
        status, problem = await self.call(path, body)
        assert status == 422
        return [(fault["field"], fault["detail"]) for fault in problem["errors"]]


@pytest.fixture
async def browser(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """Serve the page without TLS to one browser."""
    folder, told = tmp_path_factory.mktemp("sent"), list[str]()
    page = SetupPage(machine.environment, folder, Runner(None), told.append, told.append)
    server = TestServer(page.application())
    async with server, ClientSession(server.make_url("/"), cookie_jar=CookieJar(unsafe=True)) as client:
        yield Browser(page, client, told)


async def test_a_bare_machine_is_set_up_by_the_page(browser: Browser, machine: Machine) -> None:
    before = machine.everything()
    assert await browser.call("/open", {"token": browser.page.token}) == (204, None)
    assert browser.told == ["127.0.0.1"]
    status, there = await browser.call("")
    assert (status, there) == (
        200,
        {
            "host": "10.1.2.3", "port": 8443, "profile": "pre-KH-2023:KH-2023", "units": 0, "certificate": False,
            "administrators": [], "mail": None, "groups": "", "sso": "", "sessions": 20, "points": 250,
            "capacity_recorded": False,
        },
    )  # fmt: skip

    assert await browser.call("/files/table", broken_table(units()).encode()) == (204, None)
    assert await browser.faults("/apply", ANSWERS) == [
        ("units", "dòng 5 cấp: không có cấp quan"),
        ("units", "dòng 7 đơn vị cấp trên: không có đơn vị cấp trên nobody"),
        ("units", "dòng 9 từ ngày: Input should be a valid date or datetime, day value is outside expected range"),
    ]
    wrong = {**ANSWERS, "address": {"host": "https://hop", "port": "8443x"}, "groups": {"file": "a.yaml"}}
    fields = [field for field, _ in await browser.faults("/check", wrong)]
    assert fields == ["address.host", "address.port", "groups.file", "units", "units", "units"]
    assert await browser.faults("/check", {"groups": {"file": "a.yaml"}}) == [
        ("groups.file", "không đọc được tệp a.yaml")
    ]

    await browser.call("/files/table", table(units()).encode())
    status, judged = await browser.call("/check", ANSWERS)
    assert (status, judged["lines"][0]) == (200, "- địa chỉ: https://hop.khanhhoa.example:8443/")
    assert "- đơn vị: thêm 169, đổi 0; 0 đơn vị đang có mà bảng không nêu được giữ nguyên" in judged["lines"]
    assert machine.everything() == before
    assert (await browser.call("/end", {}))[0] == 410

    status, result = await browser.call("/apply", ANSWERS)
    authority = machine.environment.parent / "authority" / "authority.pem"
    assert (status, result["url"], result["account"], result["authority"]) == (
        200, "https://hop.khanhhoa.example:8443/", "quantri", authority.read_text(),
    )  # fmt: skip
    assert len(result["password"]) == 16
    assert f"Tài khoản quantri, mật khẩu dùng một lần: {result['password']}" in browser.told
    assert result["next"][0] == f"cài CA này vào các trình duyệt và thiết bị phòng họp: {authority}"
    found = await asyncio.to_thread(machine.found)
    assert found[:3] == (169, [("quantri", ("administrator", "technician"), True)], Amount(12, 169))
    assert machine.environment.read_text().splitlines()[-2:] == [
        "DIEMCAU_PORT=8443", "DIEMCAU_PROFILE=pre-KH-2023:KH-2023",
    ]  # fmt: skip
    assert (await browser.call("/apply", ANSWERS))[0] == 410
    assert await browser.call("/end", {}) == (204, None)
    async with asyncio.timeout(30):
        await browser.page.ended.wait()


async def test_only_the_browser_of_the_link_is_served(browser: Browser, machine: Machine) -> None:
    calls: list[tuple[str, object]] = [("", None), ("/check", {}), ("/apply", {}), ("/end", {}), ("/files/key", b"k")]
    before = machine.everything()
    assert [(await browser.call(*each))[0] for each in calls] == [401] * 5
    assert (await browser.call("/open", {"token": browser.page.token[:-1]}))[0] == 410
    assert (await browser.call("/open", {"token": 7}))[0] == 422
    assert (await browser.call("/open", {"token": browser.page.token}, Origin="https://evil.example"))[0] == 403
    assert (await browser.call("/open", {"token": browser.page.token}))[0] == 204
    assert (await browser.call("/open", {"token": browser.page.token}))[0] == 410
    assert (await browser.call("/apply", {}, Origin="https://evil.example"))[0] == 403
    cookies = browser.client.cookie_jar
    cookies.clear()
    assert [(await browser.call(*each))[0] for each in calls] == [401] * 5
    assert machine.everything() == before


async def test_what_the_page_sends_is_bounded(browser: Browser, machine: Machine) -> None:
    await browser.call("/open", {"token": browser.page.token})
    assert (await browser.call("/files/..%2Fetc", b"k"))[0] == 404
    assert (await browser.call("/files/passwd", b"k"))[0] == 404
    assert (await browser.call("/files/key", bytes(FILES["key"] + 1)))[0] == 413
    assert (await browser.call("/check", b" " * ((1 << 16) + 1)))[0] == 413
    for text in (b"{", b"\xff", b"[" * 50_000, b'{"address": {"port": %s}}' % (b"9" * 5000)):
        assert (await browser.call("/check", text))[0] == 422
    assert list(browser.page.folder.iterdir()) == []


async def test_the_page_has_its_files_and_no_transport_security(browser: Browser) -> None:
    async with browser.client.get("/") as response:
        assert (response.status, response.url.path) == (200, "/setup.html")
        assert "<setup-page>" in await response.text()
        assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert "Strict-Transport-Security" not in response.headers


class Client:
    """A browser beside the command, in a thread: reads its link, and answers."""

    def __init__(self, output: TextIO, *, stops: bool) -> None:
        self.said: list[str] = []
        self._output = output
        self._stops = stops
        self._cookie = ""
        self._context = ssl.create_default_context()
        self._context.check_hostname, self._context.verify_mode = False, ssl.CERT_NONE
        self.thread = Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        link = self._until("localhost").strip()
        digest = self._until(":").strip() if self._until("SHA-256") else ""
        url = URL(link)
        assert url.host is not None
        with socket.create_connection(("127.0.0.1", url.port or 0)) as plain, self._context.wrap_socket(plain) as tls:
            shown = tls.getpeercert(binary_form=True) or b""
        assert hashlib.sha256(shown).hexdigest().upper() == digest.replace(":", "")
        if self._stops:
            os.kill(os.getpid(), signal.SIGINT)
            return
        self._post(url, "open", {"token": url.fragment})
        self._post(url, "apply", {"capacity": {"sessions": 3, "points": 30}, "administrator": {}})
        self._post(url, "end", {})

    def _until(self, text: str) -> str:
        for line in self._output:
            self.said.append(line)
            if text in line:
                return line
        raise AssertionError(self.said)

    def _post(self, url: URL, path: str, body: object) -> None:
        headers = {"Content-Type": "application/json", "Cookie": self._cookie}
        request = Request(str(url.with_path(f"{API}/{path}").with_fragment(None)), json.dumps(body).encode(), headers)
        with urlopen(request, context=self._context) as response:
            self._cookie = (response.headers["Set-Cookie"] or self._cookie).partition(";")[0]


@pytest.mark.parametrize("stops", [False, True])
def test_the_command_prints_a_link_and_ends(stops: bool, machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    before = machine.everything()
    with os.fdopen(reading, encoding="utf-8") as read, os.fdopen(writing, "w", encoding="utf-8") as written:
        monkeypatch.setattr(sys, "stdout", written)
        client = Client(read, stops=stops)
        assert machine.run("--web", "--lang", "en") == (130 if stops else 0)
        client.thread.join()
    if stops:
        assert machine.everything() == before
    else:
        assert machine.found()[1:3] == ([("admin", ("administrator", "technician"), True)], Amount(3, 30))


def test_a_page_takes_no_file_of_answers(machine: Machine) -> None:
    with pytest.raises(SettingsError, match="--web asks by a page, and takes no --answers"):
        machine.from_file("--web")
