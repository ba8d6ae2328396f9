"""``diemcau setup``: a machine is set up from a file of answers or by questions; what is refused changes no byte.

Also tests `owner.py`, `plan.py`, `questions.py`, `record.py`, `staged_files.py`, `terminal.py` and `texts.py`.
"""

import asyncio
import io
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from openpyxl import Workbook

from scheduler.core.model import Amount
from signaling.app.services import utc_now
from signaling.app.setup import certificates, record
from signaling.app.setup.owner import Failed
from signaling.core.errors import SettingsError
from tests.another_user import NOBODY, others_may_run_us, shared_directory
from tests.signaling.app.setup.machine import COLUMNS, PASSWORD, Machine, broken_table, units
from tests.signaling.server_environment import server_environ
from tests.signaling.smtp_server import smtp_server

PATIENCE_S = 180.0
"""A process that starts beside others on a busy machine takes long: this only bounds a failure."""


@pytest.fixture
def known(machine: Machine, prepared: Path) -> Machine:
    """Return a machine with units and accounts."""
    machine.data.mkdir(mode=0o700)
    shutil.copy(prepared, machine.data / "diemcau.sqlite3")
    return machine


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that gives lines to be read."""
    return lambda *lines: monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_a_bare_machine_is_set_up_from_a_file_and_again_without_a_change(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    before = machine.everything()
    assert machine.from_file("--check") == 0
    assert "Các câu trả lời dùng được; chưa thay đổi gì." in capsys.readouterr().out
    assert (machine.everything(), machine.data.exists()) == (before, False)

    assert machine.from_file() == 0
    authority = machine.environment.parent / "authority"
    told = capsys.readouterr().out
    assert "đơn vị: thêm 169, đổi 0; 0 đơn vị đang có" in told
    assert f"cài CA này vào các trình duyệt và thiết bị phòng họp: {authority / 'authority.pem'}" in told
    assert "mở https://hop.khanhhoa.example:8443/, đăng nhập" in told
    assert PASSWORD not in told
    assert machine.environment.read_text() == (
        "# Ours.\nDIEMCAU_WORKERS=2\nDIEMCAU_PORT=8443\nDIEMCAU_PROFILE=pre-KH-2023:KH-2023\n"
    )
    files = machine.everything()
    assert {name: mode & 0o777 for name, (mode, _) in files.items() if not name.startswith("root/")} == {
        "etc/diemcau.env": 0o640,
        "etc/diemcau.env.before": 0o640,
        "etc/authority/authority.pem": 0o644,
        "etc/authority/authority.key": 0o600,
        "data/code.key": 0o600,
        "data/diemcau.sqlite3": 0o600,
        "data/tls/cert.pem": 0o600,
        "data/tls/key.pem": 0o600,
    }
    assert files["etc/diemcau.env.before"][1] == b"# Ours.\nDIEMCAU_WORKERS=2\n"
    pair = certificates.Pair(*(files[f"data/tls/{name}.pem"][1] for name in ("cert", "key")))
    for host in ("hop.khanhhoa.example", "10.1.2.3"):
        certificates.judge(pair, host, utc_now())
    x509.load_pem_x509_certificate(pair.certificate).verify_directly_issued_by(
        x509.load_pem_x509_certificate(files["etc/authority/authority.pem"][1])
    )
    set_up = (169, [("quantri", ("administrator", "technician"), False)], Amount(12, 169), True)
    assert machine.found() == set_up

    assert machine.from_file() == 0
    told = capsys.readouterr().out
    assert "đơn vị: thêm 0, đổi 0; 0 đơn vị đang có" in told
    assert "tài khoản quantri đã có, mật khẩu giữ nguyên" in told
    again = machine.everything()
    assert {name for name in files if files[name] != again[name]} == {"data/diemcau.sqlite3"}  # the audit log
    assert machine.found() == set_up


SSO = """[oidc]
label = "Tài khoản của tỉnh"
issuer = "https://127.0.0.1:9/realms/tinh"
client_id = "diemcau"
roles = [{group = "/quan-tri", roles = ["administrator"]}]
"""

REFUSED: dict[str, tuple[str, list[str]]] = {
    "no toml": ("[address]\nhost = = 1\n", ["x TOML: Invalid value (at line 2, column 8)"]),
    "two wrong answers": (
        "[address]\nhost = 'https://hop.example'\nport = 70000\n",
        [
            "x address.host: phải là tên máy như hop.khanhhoa.gov.vn (không có https://, không có dấu) hoặc địa chỉ IP",
            "x address.port: phải là số từ 1 đến 65535",
        ],
    ),
    "files that are not there": (
        "[groups]\nfile = 'groups.yaml'\n[profile]\nfiles = 'KH-1999'\n[units]\ntable = 'nowhere.csv'\n"
        "[sso]\nfile = 'sso.toml'\n",
        [
            "x profile.files: không đọc được tệp KH-1999",
            "x groups.file: không đọc được tệp groups.yaml",
            "x sso.file: không đọc được tệp sso.toml",
            "x units: không đọc được tệp nowhere.csv",
        ],
    ),
    "single sign-on that is none": (
        "[sso]\nfile = 'units.csv'\n",
        ["x sso.file: không dùng được: "],
    ),
    "a profile that is none": (
        "[profile]\nfiles = 'units.csv'\n",
        ["x profile.files: quy chế không dùng được: units.csv: not a mapping"],
    ),
    "a table with faults": (
        "[units]\ntable = 'broken.csv'\n",
        [
            "x dòng 5 cấp: không có cấp quan",
            "x dòng 7 đơn vị cấp trên: không có đơn vị cấp trên nobody",
            "x dòng 9 từ ngày: Input should be a valid date or datetime, day value is outside expected range",
        ],
    ),
    "a table that is none": ("[units]\ntable = 'noise.xlsx'\n", ["x dòng 1: không phải tệp CSV (UTF-8) hoặc XLSX"]),
    "a certificate without an address": (
        "[certificate]\nsource = 'authority'\n",
        ["x certificate: cần địa chỉ (address.host) để biết chứng thư cấp cho tên nào"],
    ),
    "a certificate for another": (
        "[address]\nhost = 'hop.example'\n[certificate]\nsource = 'files'\ncertificate = 'cert.pem'\nkey = 'key.pem'\n",
        ["x certificate: chứng thư không cấp cho địa chỉ này mà cho: "],
    ),
    "settings that contradict": (
        "[mail]\nhost = ''\n",
        ["x settings: không dùng được: letters need both DIEMCAU_SMTP_URL and DIEMCAU_MAIL_FROM"],
    ),
    "groups that are none": (
        "[groups]\nfile = 'units.csv'\n",
        ["x groups.file: không dùng được: DIEMCAU_GROUPS: units.csv: : Input should be a valid dictionary"],
    ),
    "faults of every kind": (
        "[address]\nhost = 'x y'\n[certificate]\nsource = 'authority'\n[administrator]\naccount = 'host'\n"
        "[sso]\nfile = 'units.csv'\n[groups]\nfile = 'units.csv'\n[units]\ntable = 'noise.xlsx'\n",
        [
            "x address.host: phải là tên máy như hop.khanhhoa.gov.vn (không có https://, không có dấu) hoặc địa chỉ IP",
            "x groups.file: không dùng được: DIEMCAU_GROUPS: units.csv: : Input should be a valid dictionary",
            "x sso.file: không dùng được: ",
            "x dòng 1: không phải tệp CSV (UTF-8) hoặc XLSX",
            "x administrator.account: tài khoản host đã có và không phải quản trị viên",
        ],
    ),
    "units of a profile that is none": (
        "[profile]\nfiles = 'KH-1999'\n[units]\ntable = 'broken.csv'\n",
        ["x profile.files: không đọc được tệp KH-1999"],
    ),
    "an account of another role": (
        "[administrator]\naccount = 'host'\n",
        ["x administrator.account: tài khoản host đã có và không phải quản trị viên"],
    ),
}


@pytest.mark.parametrize("kind", list(REFUSED))
def test_what_is_refused_changes_no_byte(kind: str, known: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    text, told = REFUSED[kind]
    known.write(text)
    if kind == "settings that contradict":
        known.environment.write_text("DIEMCAU_SMTP_URL=smtps://h\nDIEMCAU_MAIL_FROM=a@h\nDIEMCAU_IMAP_URL=imaps://h\n")
    for name, content in (
        ("broken.csv", broken_table(units()).encode()),
        ("noise.xlsx", b"PK\x03\x04noise"),
    ):
        (known.answers.parent / name).write_bytes(content)
    pair = certificates.issue(certificates.make_authority("a.example", utc_now()), "b.example", [], utc_now())
    certificates.write(known.answers.parent, pair)
    before = known.everything()
    for words in (("--check",), ()):
        assert known.from_file(*words) == 1
        lines = capsys.readouterr().out.splitlines()
        assert lines[0] == "Không dùng được, chưa thay đổi gì:"
        assert [line.strip()[: len(words)] for line, words in zip(lines[1:], told, strict=True)] == told
        assert known.everything() == before


def test_a_file_of_the_environment_that_is_not_understood_is_left_alone(known: Machine) -> None:
    known.environment.write_text("DIEMCAU_PORT=$PORT\n")
    before = known.everything()
    with pytest.raises(SettingsError, match=r"diemcau\.env: line 1 is not NAME=value"):
        known.from_file()
    with pytest.raises(SettingsError, match="--check needs --answers FILE"):
        known.run("--check")
    assert known.everything() == before


def test_files_and_a_table_of_an_office_program_are_taken(known: Machine, capsys: pytest.CaptureFixture[str]) -> None:
    authority = certificates.make_authority("a.example", utc_now())
    pair = certificates.issue(authority, "hop.example", [], utc_now())
    chain = certificates.Pair(pair.certificate + authority.certificate, pair.key)
    certificates.write(known.answers.parent, chain)
    book = Workbook()
    for row in (COLUMNS, ["so.moi", "Sở Mới", "so", None, None, "So.Moi", None, None, None]):
        book.worksheets[0].append(row)
    book.save(known.answers.parent / "units.xlsx")
    (known.answers.parent / "groups.yaml").write_text("zalo: {kind: telegram, token: t, chat: c}\n")
    known.write(
        "[address]\nhost = 'hop.example'\n[certificate]\nsource = 'files'\ncertificate = 'cert.pem'\nkey = 'key.pem'\n"
        "[units]\ntable = 'units.xlsx'\n[groups]\nfile = 'groups.yaml'\n[administrator]\naccount = 'chi.huong'\n"
    )
    known.answers.chmod(0o644)
    assert known.from_file("--lang", "en") == 0
    told = capsys.readouterr().out
    assert "units: 1 added, 0 changed; 169 that the table does not name stay" in told
    assert f"others may read {known.answers}: chmod 600" in told
    assert re.search(r"Account chi\.huong, one-time password: \S{16}\n", told)
    assert (known.data / "tls" / "cert.pem").read_bytes() == chain.certificate
    assert known.environment.read_text().splitlines()[-1] == f"DIEMCAU_GROUPS={known.answers.parent / 'groups.yaml'}"
    accounts = {account: (roles, must) for account, roles, must in known.found()[1]}
    assert accounts["chi.huong"] == (("administrator", "technician"), True)


async def _with_mail(machine: Machine, password: str, port: int) -> int:
    machine.write(
        "[mail]\nhost = '127.0.0.1'\ntls = 'none'\nsender = 'hop@khanhhoa.example'\n"
        f"port = {port}\nuser = '{'post' if password else ''}'\npassword = '{password}'\n"
    )
    return await asyncio.to_thread(machine.from_file, "--check")


@pytest.mark.parametrize(
    ("password", "reached", "status", "told"),
    [
        ("", True, 0, "- máy chủ thư 127.0.0.1:{port} trả lời đúng"),
        ("wrong", True, 1, "x mail.host: không dùng được máy chủ thư 127.0.0.1:{port}: trả lời không đúng: "),
        ("", False, 0, "! chưa thử được máy chủ thư 127.0.0.1:{port}: không có dịch vụ nào ở cổng này"),
    ],
)
async def test_the_mail_server_is_tried_where_it_is_reached(
    password: str, reached: bool, status: int, told: str, known: Machine, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    async with smtp_server("none", None) as server:  # type: ignore[arg-type]
        port = server.port
        if reached:
            assert await _with_mail(known, password, port) == status
    if not reached:
        assert await _with_mail(known, password, port) == status
    said = capsys.readouterr().out
    assert told.format(port=port) in said
    assert "wrong" not in said


def test_questions_show_what_is_there_and_ask_again_after_a_wrong_answer(
    known: Machine, typed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    (known.answers.parent / "broken.csv").write_text(broken_table(units()))
    (known.answers.parent / "sso.toml").write_text(SSO)
    typed(
        *("https://hop.example", "hop.example", "99999", ""),  # address
        "1",  # profile
        *("2", str(known.answers.parent / "broken.csv"), "1"),  # units
        "2",  # certificate
        *("c", "admin.2", "Người thứ hai", "ngan", PASSWORD, "khac", PASSWORD, PASSWORD),  # administrator
        "",  # mail
        "",  # groups
        *(str(known.answers.parent / "broken.csv"), str(known.answers.parent / "sso.toml")),
        *("0", "7", "70"),  # capacity
        "",
    )
    assert known.run() == 0
    told = capsys.readouterr().out
    for line in (
        "[1/9] Địa chỉ",
        "x sso.file: không dùng được: ",
        "! chưa thử được máy chủ xác thực OIDC 127.0.0.1:9: không có dịch vụ nào ở cổng này",
        "Tên máy hoặc IP mà trình duyệt sẽ mở [10.1.2.3]: ",
        "x phải là tên máy như",
        "x phải là số từ 1 đến 65535",
        "giữ 169 đơn vị đang có",
        "x dòng 5 cấp: không có cấp quan",
        "Đã có: admin. Lập thêm tài khoản khác? (c/k)",
        "x phải có từ 12 đến 200 ký tự",
        "x hai lần nhập khác nhau",
        "Số phiên họp đồng thời tối đa [20]: ",
        "  - năng lực: 7 phiên họp, 70 điểm cầu",
        "mở https://hop.example:8443/, đăng nhập",
    ):
        assert line in told
    units_found, accounts, capacity, _ = known.found()
    assert (units_found, capacity) == (169, Amount(7, 70))
    assert ("admin.2", ("administrator", "technician"), False) in accounts

    typed(*[""] * 12)
    before = known.everything()
    assert known.run() == 0
    assert "(không có gì thay đổi)" in capsys.readouterr().out
    after = known.everything()
    assert {name for name in before if before[name] != after[name]} <= {"data/diemcau.sqlite3"}


@pytest.mark.parametrize("lines", [[], ["hop.example", ""], ["hop.example", *[""] * 10, "k"]])
def test_who_leaves_before_the_end_changes_nothing(
    lines: list[str], known: Machine, typed: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    before = known.everything()
    typed(*lines)
    assert known.run() == 130
    assert capsys.readouterr().out.endswith("Đã dừng, chưa thay đổi gì.\n")
    assert known.everything() == before


@pytest.fixture
def terminal(known: Machine) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Yield the command as a process on a terminal of its own, and our end of that."""
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "signaling", "setup", "--environment", str(known.environment), "--lang", "en"]
    environ = server_environ(known.data) | {"DIEMCAU_PORT": "8443", "TERM": "dumb"}

    def take_terminal() -> None:
        os.close(os.open(os.ttyname(theirs), os.O_RDWR))
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job ignores it

    process = subprocess.Popen(
        words, stdin=theirs, stdout=theirs, stderr=theirs, env=environ, start_new_session=True,
        preexec_fn=take_terminal,  # noqa: PLW1509 - one thread
    )  # fmt: skip
    os.close(theirs)
    yield process, ours
    process.kill()
    process.wait()
    os.close(ours)


def _until(ours: int, wanted: str) -> str:
    """Return what a terminal shows, until it shows a text."""
    shown, until = "", time.monotonic() + PATIENCE_S
    while wanted not in shown:
        assert time.monotonic() < until, shown
        if select.select([ours], [], [], 1.0)[0]:
            shown += os.read(ours, 4096).decode("utf-8", "replace")
    return shown


def test_ctrl_c_on_a_terminal_leaves_nothing_half_written(
    known: Machine, terminal: tuple[subprocess.Popen[bytes], int]
) -> None:
    process, ours = terminal
    before = known.everything()
    _until(ours, "Name or IP that browsers open")
    os.write(ours, b"hop.example\n")
    _until(ours, "HTTPS port")
    os.write(ours, b"\x03")
    assert "Stopped, and nothing was changed." in _until(ours, "nothing was changed.")
    assert process.wait() == 130
    assert known.everything() == before


def test_ctrl_c_waits_until_all_is_written(known: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    real = record.apply

    def apply(*arguments: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        real(*arguments)
        done.append(1)

    monkeypatch.setattr(record, "apply", apply)
    known.write("[capacity]\nsessions = 3\npoints = 30\n[address]\nhost = 'a.example'\n")
    assert known.from_file() == 0
    assert (done, known.found()[2], "DIEMCAU_PORT=8443" in known.environment.read_text()) == ([1], Amount(3, 30), True)
    assert signal.getsignal(signal.SIGINT) == handler


def test_what_fails_while_it_is_carried_out_leaves_the_files_of_etc(
    known: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def apply(*_: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(record, "apply", apply)
    before = known.everything()
    with pytest.raises(Failed, match="the disk is full"):
        known.from_file()
    assert (known.everything(), (known.environment.parent / "authority").exists()) == (before, False)


@pytest.mark.skipif(not others_may_run_us(), reason="needs root, and code that others may read")
def test_root_works_on_the_data_as_their_owner() -> None:
    with shared_directory() as folder:
        machine = Machine(folder)
        machine.data.mkdir(mode=0o700)
        os.chown(machine.data, NOBODY, NOBODY)
        machine.write(
            "[address]\nhost = 'a.example'\n[certificate]\nsource = 'authority'\n[units]\ntable = 'units.csv'\n"
        )
        words = [sys.executable, "-m", "signaling", "setup", "--answers", str(machine.answers)]
        subprocess.run(
            [*words, "--environment", str(machine.environment)],
            env={**server_environ(machine.data), "DIEMCAU_PORT": "8443"},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        owners = {path.stat().st_uid for path in machine.data.rglob("*")}
        assert owners == {NOBODY}
        assert {path.stat().st_uid for path in machine.environment.parent.rglob("*")} == {0}
        assert (machine.data / "tls" / "cert.pem").exists()
