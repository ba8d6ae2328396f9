"""Deliveries go over HTTPS to permitted addresses; an answer's body is not read, a redirection not followed."""

import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from signaling.webhooks import client as client_module
from signaling.webhooks.client import NotDelivered, WebhookClient, WebhookSettings, _Pinned
from tests.signaling.webhooks.receiver import Receiver, receiving


@pytest.fixture
async def receiver(tmp_path: Path) -> AsyncIterator[Receiver]:
    async with receiving(tmp_path) as receiver:
        yield receiver


async def outcome(settings: WebhookSettings, url: str) -> tuple[str, bool]:
    try:
        await WebhookClient(settings).post(url, b"{}", {"webhook-id": "msg_1"})
    except NotDelivered as fault:
        return str(fault), fault.final
    return "taken", False


async def test_a_delivery_is_taken(receiver: Receiver) -> None:
    assert await outcome(receiver.settings, receiver.url) == ("taken", False)
    [(headers, body)] = receiver.got
    assert (headers["webhook-id"], headers["Content-Type"], body) == ("msg_1", "application/json", b"{}")


@pytest.mark.parametrize(
    ("status", "expected"),
    [(302, ("http 302", False)), (400, ("http 400", False)), (410, ("http 410", True)), (503, ("http 503", False))],
)
async def test_other_answers_are_none(receiver: Receiver, status: int, expected: tuple[str, bool]) -> None:
    receiver.status = status
    assert await outcome(receiver.settings, receiver.url) == expected
    assert len(receiver.got) == 1


async def test_nothing_is_sent_to_an_internal_address_or_an_unknown_server(receiver: Receiver) -> None:
    without = replace(receiver.settings, networks=())
    assert await outcome(without, receiver.url) == ("address-not-permitted", False)
    named = receiver.url.replace("127.0.0.1", "localhost")
    assert await outcome(without, named) == ("address-not-permitted", False)
    word, final = await outcome(replace(receiver.settings, authority=None), receiver.url)
    assert (word[:5], final, receiver.got) == ("tls: ", False, [])


async def test_one_that_does_not_answer_is_not_waited_for(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        assert await outcome(receiver.settings, url) == ("http: TimeoutError", False)


async def test_the_address_that_was_judged_is_the_one_connected_to() -> None:
    pinned = _Pinned([(socket.AF_INET, "113.160.1.1")])
    assert [each["host"] for each in await pinned.resolve("cong.vn", 443)] == ["113.160.1.1"]
    assert await pinned.resolve("cong.vn", 443, socket.AF_INET6) == []
