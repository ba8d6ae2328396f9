"""Child processes hold none of the server's secrets, and get no more rights.

Also tests `child_process.py`.
"""

import json
import sys
from pathlib import Path

import pytest

from signaling.core import child_process, valkey
from signaling.core.environment import environment
from tests.signaling.supervised_workers import StartWorkers, worker_pids

SECRETS = {
    "DIEMCAU_CODE_KEY": "00" * 32,
    "DIEMCAU_SMTP_URL": "smtps://user:password@mail.example",
    "DIEMCAU_IMAP_URL": "imaps://user:password@mail.example/INBOX",
    "DIEMCAU_DATABASE_URL": "postgresql://user:password@db/diemcau",
    "DIEMCAU_REDIS_URL": "redis://:password@cache",
    "AWS_SECRET_ACCESS_KEY": "of whoever started the server",
}


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TMPDIR", "/tmp")


def names(pid: int) -> set[str]:
    """Return the names in the environment a process was started with."""
    parts = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return {part.partition(b"=")[0].decode() for part in parts if part}


def no_new_privileges(pid: int) -> str:
    """Return the flag of a process, as proc_pid_status(5) shows it."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith("NoNewPrivs:"))


def test_the_environment_of_children_is_named_one_by_one() -> None:
    variables = {
        **SECRETS,
        "PATH": "/bin",
        "LANG": "C",
        "LC_ALL": "C",
        "TMPDIR": "/t",
        "PYTHONPATH": "/code",
        "DIEMCAU_LOG_FORMAT": "json",
        "MAIL": "x",
    }
    assert environment(variables) == {
        "PATH": "/bin",
        "LANG": "C",
        "LC_ALL": "C",
        "TMPDIR": "/t",
        "PYTHONPATH": "/code",
        "DIEMCAU_LOG_FORMAT": "json",
    }


async def test_a_media_worker_has_no_secret_and_gets_no_new_privileges(start_workers: StartWorkers) -> None:
    _, workers = await start_workers("live", 1)
    (pid,) = (await worker_pids(workers)).values()
    assert names(pid) & {*SECRETS, "TMPDIR"} == {"TMPDIR"}
    assert no_new_privileges(pid) == "1"


async def test_valkey_gets_no_new_privileges(tmp_path: Path) -> None:
    """Valkey's environment itself cannot be read: it writes its process title over it."""
    async with valkey.connect(None, tmp_path) as client:
        assert no_new_privileges((await client.info("server"))["process_id"]) == "1"


async def test_a_reader_of_files_has_no_secret_and_gets_no_new_privileges() -> None:
    program = "import json, os; print(json.dumps([sorted(os.environ), open('/proc/self/status').read()]))"
    status, printed = await child_process.output([sys.executable, "-c", program])
    found, own = json.loads(printed)
    assert (status, {*SECRETS, "TMPDIR"} & set(found)) == (0, {"TMPDIR"})
    assert "NoNewPrivs:\t1\n" in own
