"""Files are read by a process of its own, which ends of what is too much; nobody else does."""

import asyncio
import signal
import sys
from collections.abc import Sequence

import pytest

from scheduler import apart
from scheduler.apart import Apart
from scheduler.directory import sheets
from scheduler.directory.errors import BadSheet
from scheduler.mailroom import letter as mail
from scheduler.mailroom import template
from signaling import child
from tests.scheduler.mailroom.letters import letter

COLUMNS = ("a", "b")
ROWS = [{"a": "Phường Vĩnh Hòa", "b": "1"}, {"a": "", "b": "2"}]

TIME = "while True: pass"
MEMORY = "bytes(apart.MEMORY_BYTES)"
FAULT = "raise KeyError"


def reads(what: str) -> Apart:
    """A reader whose process does something else within the same limits."""

    async def run(_: Sequence[str], told: bytes) -> tuple[int, bytes]:
        code = f"from scheduler import apart; apart._bound()\n{what}"
        return await child.output((sys.executable, "-c", code), told)

    return Apart(run)


async def test_a_letter_is_read_apart() -> None:
    raw = letter(body="Họp", attachments=(("a.docx", template.write("docx")), ("b.pdf", b"%PDF")))
    assert await Apart(child.output).letter(raw) == mail.read(raw)
    assert await Apart(child.output).letter(b"\xff\n\n\xff") == mail.read(b"\xff\n\n\xff")
    assert await reads(FAULT).letter(raw) is None


async def words(reader: Apart) -> list[str]:
    with pytest.raises(BadSheet) as caught:
        await reader.table(b"a,b", COLUMNS)
    return [fault.word for fault in caught.value.faults]


async def test_a_table_is_read_apart() -> None:
    reader = Apart(child.output)
    data = sheets.write_xlsx(COLUMNS, ROWS)
    assert await reader.table(data, COLUMNS) == sheets.read(data, COLUMNS)
    for bad in (b"PK\x03\x04", b"c,d\n", b"\xff"):
        with pytest.raises(BadSheet) as caught:
            await reader.table(bad, COLUMNS)
        with pytest.raises(BadSheet) as here:
            sheets.read(bad, COLUMNS)
        assert caught.value.faults == here.value.faults


@pytest.mark.parametrize("what", [MEMORY, FAULT])
async def test_what_is_too_much_ends_the_process_alone(what: str) -> None:
    assert await words(reads(what)) == ["too-large"]


async def test_the_kernel_counts_the_seconds() -> None:
    ended: list[int] = []

    async def run(_: Sequence[str], told: bytes) -> tuple[int, bytes]:
        code = f"from scheduler import apart; apart.CPU_SECONDS = 0; apart._bound()\n{TIME}"
        status, printed = await child.output((sys.executable, "-c", code), told)
        ended.append(status)
        return status, printed

    assert (await words(Apart(run)), ended) == (["too-large"], [-signal.SIGKILL])


async def test_few_are_read_at_once_and_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "PATIENCE_SECONDS", 0.2)
    running, most = 0, 0

    async def run(_: Sequence[str], told: bytes) -> tuple[int, bytes]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            await asyncio.Event().wait()
            raise AssertionError
        finally:
            running -= 1

    reader = Apart(run)
    assert await asyncio.gather(*(words(reader) for _ in range(9))) == [["too-large"]] * 9
    assert (running, most) == (0, apart.AT_ONCE)
