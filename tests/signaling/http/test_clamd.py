"""Uploaded files are scanned by clamd, by its own protocol over a real socket; without a verdict none is taken.

clamd 1.4.6 of Debian 13, with one signature of the text below, gave the verdicts that `verdict` gives.
"""

import asyncio
import base64
import logging
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from signaling.app.settings import Settings, read
from signaling.core.errors import MalwareFound, ScanUnavailable, SettingsError
from signaling.http import clamd
from signaling.http.clamd import BadReply, ClamdSettings, Scanner, ScanOutcome, found, parse
from tests.signaling.world import NHA_TRANG, open_world, problem_of

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
"""The text that every scanner takes for malware, in two parts: else a scanner would take this file, too."""
PDF = b"%PDF-1.7\n"
Reply = Callable[[bytes], bytes | None]


def verdict(content: bytes) -> bytes:
    """Reply as clamd with one signature."""
    return b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0"


async def read_stream(reader: asyncio.StreamReader) -> bytes:
    """Read a command INSTREAM as clamd does: chunks with their length before them, until one of no length."""
    assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
    content = bytearray()
    while (length := struct.unpack("!I", await reader.readexactly(4))[0]) > 0:
        assert length <= clamd.CHUNK
        content += await reader.readexactly(length)
    return bytes(content)


@asynccontextmanager
async def fake_clamd(path: Path, reply: Reply = verdict) -> AsyncIterator[list[bytes]]:
    """Listen as clamd does at a socket; yield the files that came. A reply of None never comes."""
    files: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            files.append(await read_stream(reader))
            said = reply(files[-1])
            if said is not None:
                writer.write(said)
            else:
                await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with await asyncio.start_unix_server(serve, path):
        yield files


@asynccontextmanager
async def tcp_clamd(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """Listen by TCP; yield the port."""
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def test_an_upload_with_malware_is_refused_told_and_not_stored(settings: Settings, tmp_path: Path) -> None:
    at = tmp_path / "clamd"
    async with fake_clamd(at) as files, open_world(replace(settings, clamd=parse(f"unix://{at}"))) as world:
        session, host = await world.session(NHA_TRANG), await world.signed_in("host")
        where, bad = f"/api/v1/sessions/{session.id}/documents?name=bao-cao.pdf", PDF + EICAR
        async with host.post(where, data=bad) as response:
            assert (await response.json())["malware"] == "Eicar-Test-Signature"
            assert await problem_of(response) == (422, "malware")
        assert not world.server.document_folder.exists()
        told = [(e.actor, e.subject, e.detail) for e in await world.audited(9) if e.action == "malware-refused"]
        assert told == [("host", "bao-cao.pdf", f"Eicar-Test-Signature sha256 {sha256(bad).hexdigest()}")]
        async with host.post(where, data=PDF) as response:
            assert response.status == 201
        central = await world.signed_in("central")
        encoded = base64.b64encode(EICAR).decode()
        for call, body in (
            ("scripts/preview", {"file": encoded, "points": []}),
            ("directory/tables/units/preview", {"file": encoded}),
            ("directory/tables/units/import", {"file": encoded, "seal": "0" * 64}),
        ):
            async with central.post(f"/api/v1/{call}", json=body) as response:
                assert await problem_of(response) == (422, "malware")
        assert files == [bad, PDF, EICAR, EICAR, EICAR]
        async with world.client().get("/metrics") as response:
            lines = [line for line in (await response.text()).splitlines() if line.startswith("diemcau_file_scans_t")]
        assert lines == [f'diemcau_file_scans_total{{outcome="{o}"}} {n}' for o, n in
                         (("clean", 1.0), ("found", 4.0), ("failed", 0.0))]  # fmt: skip


async def test_nothing_is_taken_while_clamd_is_away(settings: Settings, tmp_path: Path) -> None:
    async with open_world(replace(settings, clamd=ClamdSettings(str(tmp_path / "none")))) as world:
        session, host = await world.session(NHA_TRANG), await world.signed_in("host")
        async with host.post(f"/api/v1/sessions/{session.id}/documents?name=a", data=PDF) as response:
            assert (response.headers["Retry-After"], await problem_of(response)) == ("2", (503, "scan-unavailable"))
        assert not world.server.document_folder.exists()


async def test_a_large_file_comes_in_chunks_and_whole(tmp_path: Path) -> None:
    content = bytes(range(256)) * 1000
    outcomes: list[ScanOutcome] = []
    async with fake_clamd(tmp_path / "clamd") as files:
        scanner = Scanner(ClamdSettings(str(tmp_path / "clamd")), outcomes.append)
        await scanner.check(content)
        await scanner.check(b"")
        with pytest.raises(MalwareFound, match="Eicar-Test-Signature"):
            await scanner.check(content + EICAR)
    assert files == [content, b"", content + EICAR]
    assert outcomes == ["clean", "clean", "found"]


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (b"INSTREAM size limit exceeded. ERROR\0", "size limit exceeded"),
        (b"stream: OK", "bytes read on a total"),
        (b"", "0 bytes read"),
        (b"stream: " + bytes(5000).replace(b"\0", b"a") + b" FOUND\0", "limit"),
        (b"UNKNOWN COMMAND\0", "UNKNOWN COMMAND"),
    ],
)
async def test_what_is_no_verdict_is_a_failed_scan(
    tmp_path: Path, reply: bytes, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    outcomes: list[ScanOutcome] = []
    async with fake_clamd(tmp_path / "clamd", lambda _: reply):
        with caplog.at_level(logging.WARNING), pytest.raises(ScanUnavailable):
            await Scanner(ClamdSettings(str(tmp_path / "clamd")), outcomes.append).check(PDF)
    assert outcomes == ["failed"]
    assert [why in each.message for each in caplog.records if each.name == clamd.__name__] == [True]


async def test_a_scan_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clamd, "SCAN_S", 0.05)
    outcomes: list[ScanOutcome] = []
    async with fake_clamd(tmp_path / "clamd", lambda _: None):
        with pytest.raises(ScanUnavailable):
            await Scanner(ClamdSettings(str(tmp_path / "clamd")), outcomes.append).check(PDF)
    assert outcomes == ["failed"]


async def test_clamd_by_tcp_may_close_before_the_file_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes: list[ScanOutcome] = []

    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(10)
        writer.transport.abort()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(verdict(await read_stream(reader)))
        writer.close()

    async with tcp_clamd(serve) as port:
        await Scanner(parse(f"tcp://127.0.0.1:{port}"), outcomes.append).check(PDF)
    async with tcp_clamd(close) as port:
        with pytest.raises(ScanUnavailable):
            await Scanner(parse(f"tcp://127.0.0.1:{port}"), outcomes.append).check(bytes(8 << 20))
    assert outcomes == ["clean", "failed"]


def test_replies_and_settings() -> None:
    assert found(b"stream: OK\0") is None
    assert found(b"stream: Win.Test.EICAR_HDB-1(44d8:68) FOUND\0") == "Win.Test.EICAR_HDB-1(44d8:68)"
    for wrong in (b"stream: OK", b"OK\0", b"stream:  FOUND\0", b"stream: a\nb FOUND\0", b"stream: a FOUND\0more"):
        with pytest.raises(BadReply):
            found(wrong)
    assert parse("unix:///run/clamav/clamd.ctl") == ClamdSettings(path="/run/clamav/clamd.ctl")
    assert parse("tcp://10.0.0.9") == ClamdSettings(host="10.0.0.9", port=3310)
    assert parse("tcp://[fd00::9]:33") == ClamdSettings(host="fd00::9", port=33)
    for wrong_setting in (
        "/run/clamd.ctl",
        "unix://run/x",
        "unix:///",
        "tcp://",
        "tcp://a/b",
        "tcp://a:99999",
        "x://a",
    ):
        with pytest.raises(SettingsError, match="DIEMCAU_CLAMD"):
            read({"DIEMCAU_CLAMD": wrong_setting})
