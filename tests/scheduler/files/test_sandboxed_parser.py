"""Files are parsed in a child process; a file that needs too much ends only that process.

Also tests `spreadsheet.py`.
"""

import asyncio
import signal
import sys
from collections.abc import Sequence

import pytest

from scheduler.files import sandboxed_parser, spreadsheet
from scheduler.files.errors import BadSheet
from scheduler.files.sandboxed_parser import SandboxedParser
from scheduler.inbound_mail import form_template
from scheduler.inbound_mail import message as mail
from signaling.core import child_process
from tests.scheduler.inbound_mail.letters import letter

COLUMNS = ("a", "b")
ROWS = [{"a": "Phường Vĩnh Hòa", "b": "1"}, {"a": "", "b": "2"}]

TIME = "while True: pass"
MEMORY = "bytes(sandboxed_parser.MEMORY_BYTES)"
FAULT = "raise KeyError"


def reads(what: str) -> SandboxedParser:
    """Return a parser whose child runs other code within the same limits."""

    async def run(_: Sequence[str], data: bytes) -> tuple[int, bytes]:
        code = f"from scheduler.files import sandboxed_parser; sandboxed_parser._bound()\n{what}"
        return await child_process.output((sys.executable, "-c", code), data)

    return SandboxedParser(run)


async def test_a_letter_is_parsed_in_a_child_process() -> None:
    raw = letter(body="Họp", attachments=(("a.docx", form_template.write("docx")), ("b.pdf", b"%PDF")))
    assert await mail.read_untrusted(SandboxedParser(child_process.output), raw) == mail.read(raw)
    assert await mail.read_untrusted(SandboxedParser(child_process.output), b"\xff\n\n\xff") == mail.read(
        b"\xff\n\n\xff"
    )
    assert await mail.read_untrusted(reads(FAULT), raw) is None


async def words(reader: SandboxedParser) -> list[str]:
    with pytest.raises(BadSheet) as caught:
        await spreadsheet.read_untrusted(reader, b"a,b", COLUMNS)
    return [fault.word for fault in caught.value.faults]


async def test_a_table_is_parsed_in_a_child_process() -> None:
    reader = SandboxedParser(child_process.output)
    data = spreadsheet.write_xlsx(COLUMNS, ROWS)
    assert await spreadsheet.read_untrusted(reader, data, COLUMNS) == spreadsheet.read(data, COLUMNS)
    for bad in (b"PK\x03\x04", b"c,d\n", b"\xff"):
        with pytest.raises(BadSheet) as caught:
            await spreadsheet.read_untrusted(reader, bad, COLUMNS)
        with pytest.raises(BadSheet) as here:
            spreadsheet.read(bad, COLUMNS)
        assert caught.value.faults == here.value.faults


@pytest.mark.parametrize("what", [MEMORY, FAULT])
async def test_a_file_that_needs_too_much_ends_the_child_alone(what: str) -> None:
    assert await words(reads(what)) == ["too-large"]


async def test_the_kernel_counts_the_seconds() -> None:
    ended: list[int] = []

    async def run(_: Sequence[str], data: bytes) -> tuple[int, bytes]:
        code = f"from scheduler.files import sandboxed_parser as own; own.CPU_SECONDS = 0; own._bound()\n{TIME}"
        status, printed = await child_process.output((sys.executable, "-c", code), data)
        ended.append(status)
        return status, printed

    assert (await words(SandboxedParser(run)), ended) == (["too-large"], [-signal.SIGKILL])


async def test_few_files_are_parsed_at_once_and_none_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandboxed_parser, "PATIENCE_SECONDS", 0.2)
    running, most = 0, 0

    async def run(_: Sequence[str], data: bytes) -> tuple[int, bytes]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            await asyncio.Event().wait()
            raise AssertionError
        finally:
            running -= 1

    reader = SandboxedParser(run)
    assert await asyncio.gather(*(words(reader) for _ in range(9))) == [["too-large"]] * 9
    assert (running, most) == (0, sandboxed_parser.AT_ONCE)
