"""The chat over WebSocket and REST: what is kept of it, over a restart too, and input that is refused."""

import asyncio
import io
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy.exc import OperationalError

from scheduler.operations.attendance.chat_store import ChatEntry
from scheduler.operations.attendance.service import Attendance
from signaling.app.settings import Settings
from signaling.meeting import record_writer
from tests.fakes import FakeEngine
from tests.signaling.world import CAM_RANH, NHA_TRANG, World, open_world


async def read(world: World, account: str, session: str) -> list[str]:
    """Return the texts of a session's chat as an account reads them over REST."""
    client = await world.signed_in(account)
    async with client.get(f"/api/v1/sessions/{session}/chat") as response:
        return [message["text"] for message in await response.json()]


async def sheet(world: World, session: str) -> list[tuple[object, ...]]:
    """Return writer, recipient and text of each row of the exported chat."""
    client = await world.signed_in("host")
    async with client.get(f"/api/v1/sessions/{session}/lists/export", params={"format": "xlsx"}) as response:
        exported = load_workbook(io.BytesIO(await response.read()))["Tin nhắn"]
    return [row[1:] for row in exported.iter_rows(min_row=3, values_only=True)]


async def test_what_is_written_is_kept_and_each_unit_reads_its_own(world: World) -> None:
    session = await world.session(NHA_TRANG, CAM_RANH)
    host, _ = await world.join("host", session)
    city, _ = await world.join("nhatrang", session)
    await world.join("camranh", session)
    sent = await host.ask(type="chat", text="Mời các điểm cầu ổn định")
    assert sent == await city.type("chat")
    assert (sent["name"], sent["chair"], sent["to"], sent["id"]) == ("UBND.Khanh Hoa", True, None, 1)
    assert (await city.ask(type="chat", text="Rõ"))["error"] == "chat-closed"
    await host.ask(type="chat-open", on=True)
    await city.type("chat-open")
    await city.ask(type="chat", text="Rõ")
    await host.ask(type="chat", text="Riêng", to=NHA_TRANG)
    assert await read(world, "host", session.id) == ["Mời các điểm cầu ổn định", "Rõ", "Riêng"]
    assert await read(world, "nhatrang", session.id) == ["Mời các điểm cầu ổn định", "Rõ", "Riêng"]
    assert await read(world, "camranh", session.id) == ["Mời các điểm cầu ổn định"]
    assert await sheet(world, session.id) == [
        ("UBND.Khanh Hoa", "tất cả", "Mời các điểm cầu ổn định"),
        ("UBND.Nha Trang", "chủ trì", "Rõ"),
        ("UBND.Khanh Hoa", "UBND.Nha Trang", "Riêng"),
    ]


async def test_the_chat_goes_on_under_another_server_and_after_a_lost_socket(settings: Settings) -> None:
    engine = FakeEngine()
    async with open_world(settings, held=engine) as world:
        session = await world.session(NHA_TRANG)
        host, chair = await world.join("host", session)
        await host.ask(type="chat-open", on=True)
        await host.ask(type="chat", text="Nghỉ 10 phút")
        await world.server.meetings.leave()
    async with open_world(settings, held=engine) as world:
        again, joined = await world.join("host", session, resume=chair["resume"])
        assert joined["chat"]["open"] is True
        assert [message["text"] for message in joined["chat"]["messages"]] == ["Nghỉ 10 phút"]
        assert (await again.ask(type="chat", text="Tiếp tục"))["id"] == 2
        assert await read(world, "host", session.id) == ["Nghỉ 10 phút", "Tiếp tục"]


@pytest.mark.parametrize(
    "fields",
    [
        {"text": ""},
        {"text": "   "},
        {"text": "x" * 501},
        {"text": "một\nhai"},
        {"text": "đảo \u202e chữ"},
        {"text": "\0"},
        {"text": "\u200b\ufeff"},
        {"text": "hai\u200dchữ"},
        {"text": "😀\u200d"},
        {"text": 5},
        {"text": "x", "to": ""},
        {"text": "x", "to": "x" * 65},
        {"text": "x", "to": ["nha-trang"]},
        {"text": "x", "chair": True},
    ],
)
async def test_malformed_messages_are_refused_and_nothing_is_kept(world: World, fields: dict[str, Any]) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    assert (await host.ask(type="chat", **fields))["error"] == "bad-message"
    assert await read(world, "host", session.id) == []


async def test_markup_stays_text(world: World) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    text = "<img src=x onerror=alert(1)> '; DROP TABLE chat; -- 😀"
    assert (await host.ask(type="chat", text=text))["text"] == text
    assert await read(world, "host", session.id) == [text]


@pytest.mark.parametrize(
    ("pasted", "shown"),
    [
        ("Điều\u00a05, khoản\u20092", "Điều 5, khoản 2"),
        ("\ufeffnghị\u00ad quyết\u200b", "nghị quyết"),
        (
            "\U0001f468\u200d\U0001f469\u200d\U0001f467 ❤\ufe0f\u200d🔥",
            "\U0001f468\u200d\U0001f469\u200d\U0001f467 ❤\ufe0f\u200d🔥",
        ),
    ],
)
async def test_text_of_office_programs_and_joined_emoji_are_taken(world: World, pasted: str, shown: str) -> None:
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    assert (await host.ask(type="chat", text=pasted))["text"] == shown
    assert await read(world, "host", session.id) == [shown]


async def test_what_is_written_while_the_database_is_away_is_read_in_the_meeting_and_kept_afterwards(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, away, unanswered = Attendance.chat_written, asyncio.Event(), ["Vẫn họp"]

    async def fails(service: Attendance, session: str, entry: ChatEntry) -> None:
        if not away.is_set():
            raise OperationalError("INSERT", {}, OSError("the disk is full"))
        await written(service, session, entry)
        if entry.text in unanswered:
            unanswered.remove(entry.text)
            raise OperationalError("COMMIT", {}, OSError("the connection is closed"))

    monkeypatch.setattr(record_writer, "AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(Attendance, "chat_written", fails)
    session = await world.session(NHA_TRANG)
    host, _ = await world.join("host", session)
    city, _ = await world.join("nhatrang", session)
    for text in ("Vẫn họp", "Vẫn ghi"):
        assert (await host.ask(type="chat", text=text))["type"] == "chat"
        assert (await city.type("chat"))["text"] == text
    assert await read(world, "host", session.id) == []
    away.set()
    while len(await read(world, "host", session.id)) < 2:
        await asyncio.sleep(0.01)
    assert await read(world, "host", session.id) == ["Vẫn họp", "Vẫn ghi"]
