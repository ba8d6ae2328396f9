"""Numbers of a server by SNMP, through snmpd of Debian with the script and the settings of deploy/snmp."""

import asyncio
import importlib.util
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType

from loadtest.server.ports import free_port
from tests.debian import demand
from tests.ports import refusing
from tests.signaling.world import NHA_TRANG, PATIENCE_S, World

ROOT = Path(__file__).parents[3]
SCRIPT, SETTINGS = ROOT / "deploy/snmp/diemcau_snmp.py", ROOT / "deploy/snmp/snmpd.conf"
LINES = ".1.3.6.1.4.1.8072.1.3.2.4.1.2.7.100.105.101.109.99.97.117"
"""nsExtendOutLine."diemcau" of NET-SNMP-EXTEND-MIB."""
PASSPHRASE = "mot-cum-tu-rat-dai"
NO_MIBS = {"MIBS": ""}
"""Debian has no text of most MIBs, and who reads numbers needs none."""
USER = ["-v3", "-u", "diemcau", "-l", "authPriv", "-a", "SHA-512", "-A", PASSPHRASE, "-x", "AES", "-X", PASSPHRASE]
TABLE = re.compile(r"^\| (\d+) \| ", re.MULTILINE)


def script() -> ModuleType:
    """Return the script as a module."""
    spec = importlib.util.spec_from_file_location("diemcau_snmp", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_numbers_stand_in_the_order_that_is_documented() -> None:
    told = """# HELP diemcau_seats Seats by role
diemcau_media_workers 2.0
diemcau_conferences 3.0
diemcau_seats{role="host"} 3.0
diemcau_seats{role="component"} 41.0
diemcau_connected_legs 44.0
diemcau_usable_legs 204.0
diemcau_database_up 1.0
diemcau_valkey_up 0.0
diemcau_disk_free_bytes{folder="data"} 5e+09
diemcau_disk_size_bytes{folder="data"} 4e+10
diemcau_disk_free_bytes{folder="recordings"} 9e+11
diemcau_disk_size_bytes{folder="recordings"} 1e+12
diemcau_certificate_expiry_timestamp_seconds{certificate="https"} 2.6e+06
diemcau_certificate_expiry_timestamp_seconds{certificate="sip"} 1.95e+06
diemcau_backup_timestamp_seconds 9e+05
diemcau_recordings{state="broken"} 1.0
diemcau_queue_length{queue="remux"} 4.0
diemcau_http_requests_total{method="GET",route="/a\\"}b",status="500"} 1.0
diemcau_http_requests_total{method="POST",route="/c",status="500"} 2.0
diemcau_media_received_datagrams_total{worker="0"} 1.5e+09
diemcau_media_received_datagrams_total{worker="media-1/0"} 2.5e+09
diemcau_media_cpu_seconds_total{worker="0"} NaN
process_cpu_seconds_total +Inf
diemcau_syslog_oldest_waiting_timestamp_seconds 999400.0
no sample
diemcau_webhooks_paused no-number
"""
    asked = script()
    numbers = asked.numbers(told, 1e6)
    known = {1: 1, 2: 2, 3: 3, 4: 44, 6: 44, 7: 204, 8: 1, 9: 0, 10: 12, 11: 90, 12: 10, 13: 1, 15: 1, 16: 4, 22: 3}
    known |= {25: 4_000_000_000, 31: 10}
    assert {line: number for line, number in enumerate(numbers, 1) if number != -1} == known
    documented = (ROOT / "docs/operations.md").read_text("utf-8").split("### SNMP", 1)[1].split("\n### ", 1)[0]
    assert TABLE.findall(documented) == [str(line) for line in range(1, len(numbers) + 1)]
    assert asked.numbers(None, 0.0) == [0, *[-1] * (len(numbers) - 1)]
    assert asked.numbers("", 0.0)[:3] == [1, -1, -1]


async def run(*command: str | Path) -> tuple[int | None, list[str]]:
    """Run a command; return its exit status, and the lines that it prints."""
    process = await asyncio.create_subprocess_exec(*command, env=os.environ | NO_MIBS, stdout=PIPE, stderr=PIPE)
    printed, _ = await process.communicate()
    return process.returncode, printed.decode().split("\n")[:-1]


async def test_a_server_that_does_not_answer_is_told(tmp_path: Path) -> None:
    with refusing() as (host, port):
        status, lines = await run(sys.executable, SCRIPT, f"http://{host}:{port}/metrics")
    assert (status, lines[0], set(lines[1:])) == (1, "0", {"-1"})


@asynccontextmanager
async def agent(folder: Path, url: str) -> AsyncIterator[str]:
    """Run snmpd of Debian with our settings; yield its address."""
    address = f"udp:127.0.0.1:{free_port()}"
    ours = SETTINGS.read_text("utf-8").replace("/usr/lib/diemcau/diemcau_snmp.py", f"{sys.executable} {SCRIPT} {url}")
    user = f"createUser diemcau SHA-512 {PASSPHRASE} AES {PASSPHRASE}\n"
    (folder / "snmpd.conf").write_text(f"[snmp] persistentDir {folder}\n[snmpd]\n{user}{ours}")
    command = [demand("snmpd"), "-f", "-Lo", "-C", "-c", str(folder / "snmpd.conf"), address]
    process = await asyncio.create_subprocess_exec(*command, env=os.environ | NO_MIBS, stdout=PIPE, stderr=STDOUT)
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        while b"NET-SNMP version" not in await process.stdout.readline():
            pass
    try:
        yield address
    finally:
        process.terminate()
        await process.communicate()


async def test_snmpd_of_debian_tells_the_numbers_to_its_user_alone(world: World, tmp_path: Path) -> None:
    session = await world.session(NHA_TRANG)
    await world.join("host", session)
    url = str(world.http.make_url("/metrics"))
    async with agent(tmp_path, url) as address:
        _, printed = await run(demand("snmpbulkwalk"), *USER, "-Oqv", address, LINES)
        _, one = await run(demand("snmpget"), *USER, "-Oqv", address, f"{LINES}.3")
        _, other = await run(demand("snmpget"), *USER, "-Oqv", address, ".1.3.6.1.2.1.1.1.0")
        public, _ = await run(demand("snmpget"), "-v2c", "-c", "public", "-t0.2", "-r0", address, f"{LINES}.3")
    *lines, end = printed
    numbers = [int(line.strip('"')) for line in lines]
    assert end.startswith("No more variables left in this MIB View")
    assert len(numbers) == len(script().READINGS)
    assert (numbers[0], numbers[2], numbers[3], numbers[7], numbers[8]) == (1, 1, 1, 1, 1)
    assert (one, other, public) == (['"1"'], ["No Such Object available on this agent at this OID"], 1)
