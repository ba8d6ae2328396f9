"""The systemd units of deploy/: their commands are ones we have, and each is confined as far as it can be.

HAProxy, keepalived and the kernel understand theirs. Also tests `signaling/app/commands.py`.
"""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mediaserver.__main__ import PORT
from mediaserver.__main__ import _parser as media
from mediaserver.api import RTP_PORTS
from signaling.__main__ import main
from signaling.app.commands import _parser as commands
from signaling.app.settings import read

UNITS = ("diemcau.service", "diemcau-worker@.service", "diemcau-media@.service")
DEPLOY = Path(__file__).parent.parent / "deploy"
PROGRAM = "/opt/diemcau/.venv/bin/diemcau"
CONFINED = {
    "UMask": ["0077"],
    "NoNewPrivileges": ["yes"],
    "CapabilityBoundingSet": [""],
    "PrivateDevices": ["yes"],
    "ProtectHome": ["yes"],
    "RestrictAddressFamilies": ["AF_INET AF_INET6 AF_NETLINK AF_UNIX"],
    "SystemCallFilter": ["@system-service", "~@privileged @keyring"],
    "SystemCallErrorNumber": ["EPERM"],
}


def service(unit: str) -> dict[str, list[str]]:
    """Return the section [Service] of a unit: the values of each name, of which systemd takes several."""
    found: dict[str, list[str]] = {}
    section = (DEPLOY / unit).read_text(encoding="utf-8").partition("[Service]\n")[2].partition("\n[")[0]
    for line in section.splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def command(unit: str, **written: str) -> list[str]:
    """Return the arguments a unit starts our program with, its specifiers and variables written out."""
    (line,) = service(unit)["ExecStart"]
    for name, value in written.items():
        line = line.replace({"instance": "%i", "credentials": "%d"}.get(name, f"${name}"), value)
        line = line.replace(f"${{{name}}}", value)
    program, *arguments = shlex.split(line)
    assert program == PROGRAM
    return arguments


@pytest.mark.parametrize("unit", [*UNITS, "diemcau-backup.service"])
def test_each_unit_is_confined(unit: str) -> None:
    found = service(unit)
    assert {name: found[name] for name in CONFINED} == CONFINED
    assert found["User"] == ["diemcau-media" if unit == "diemcau-worker@.service" else "diemcau"]
    # pyOpenSSL, with which media workers shake hands, makes its callbacks in memory that is written and executed
    assert found.get("MemoryDenyWriteExecute") == (["yes"] if unit == "diemcau.service" else None)


@pytest.mark.parametrize("unit", UNITS)
def test_a_service_that_ends_is_started_again_however_often(unit: str) -> None:
    """By default systemd gives up after the fifth end within ten seconds."""
    head = (DEPLOY / unit).read_text(encoding="utf-8").partition("[Service]\n")[0].splitlines()
    assert ("StartLimitIntervalSec=0" in head, service(unit)["Restart"]) == (True, ["always"])


def test_the_server_begins_anew_by_the_signal_of_a_reload() -> None:
    found = service("diemcau.service")
    assert (found["Type"], found["ReloadSignal"]) == (["notify-reload"], [signal.SIGUSR2.name])


@pytest.mark.parametrize(("job", "left"), [("restart", True), ("stop", False)])
def test_a_restart_leaves_the_meetings_and_a_stop_ends_them(job: str, left: bool, tmp_path: Path) -> None:
    """The command that systemd runs before SIGTERM, with a systemctl that answers as the one of systemd 257."""
    (line,) = service("diemcau.service")["ExecStop"]
    assert line.startswith("+/bin/sh -c ")  # as root: systemd is asked without D-Bus
    (tmp_path / "systemctl").write_text(f'#!/bin/sh\necho "107 $3 {job} running"\n')
    (tmp_path / "systemctl").chmod(0o700)
    with subprocess.Popen(["sleep", "60"]) as server:
        variables = {"MAINPID": str(server.pid), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        subprocess.run(shlex.split(line.removeprefix("+").replace("%n", "diemcau.service")), env=variables, check=True)
        server.terminate()
        assert server.wait() == -(signal.SIGUSR1 if left else signal.SIGTERM)


def test_the_server_is_started_and_finds_its_data() -> None:
    assert commands().parse_args(command("diemcau.service")).command == "serve"
    settings = read(dict(pair.split("=") for pair in service("diemcau.service")["Environment"][0].split()))
    assert (str(settings.run), settings.start_workers) == ("/var/lib/diemcau/run", False)


def test_the_timer_starts_a_backup_on_the_settings_of_the_server() -> None:
    server, found = service("diemcau.service"), service("diemcau-backup.service")
    assert commands().parse_args(command("diemcau-backup.service")).command == "backup"
    assert found["Environment"][0].split()[0] == server["Environment"][0].split()[0]
    assert set(server["EnvironmentFile"]) < set(found["EnvironmentFile"])
    timer = (DEPLOY / "diemcau-backup.timer").read_text(encoding="utf-8").partition("[Timer]\n")[2]
    assert timer.splitlines()[:2] == ["OnCalendar=*:0/15", "Persistent=yes"]


def test_a_worker_listens_where_the_server_looks_for_it() -> None:
    server, found = service("diemcau.service"), service("diemcau-worker@.service")
    settings = read(dict(pair.split("=") for pair in server["Environment"][0].split()))
    marked = "--dscp 0 0 --signalling-dscp 0"
    word, *arguments = command("diemcau-worker@.service", instance="3", ADDRESS="10.1.2.3 10.1.2.4", OPTIONS=marked)
    options = media().parse_args(arguments)
    assert (word, options.socket, options.port) == (
        "media",
        str(settings.sockets / "media-3.sock"),
        settings.media_port + 3,
    )
    assert (options.address, tuple(options.rtp_ports)) == (["10.1.2.3", "10.1.2.4"], settings.rtp_ports)
    assert (options.dscp, options.signalling_dscp, [options.server_user]) == ([0, 0], 0, server["User"])
    # The directory of the sockets is the workers', and the server comes to it by their group.
    assert [str(settings.sockets)] == [f"/run/{name}" for name in found["RuntimeDirectory"]]
    assert (found["RuntimeDirectoryMode"], server["SupplementaryGroups"]) == (["0750"], found["User"])


def test_a_worker_sees_nothing_of_the_data_directory() -> None:
    found = service("diemcau-worker@.service")
    settings = read(dict(pair.split("=") for pair in service("diemcau.service")["Environment"][0].split()))
    # Hidden from above, since at the first start it is not there yet.
    assert found["TemporaryFileSystem"] == [f"{settings.data.parent}:ro"]
    assert {"BindPaths", "ReadWritePaths", "StateDirectory"} & found.keys() == set()


def test_a_worker_of_another_machine_dials() -> None:
    servers = "https://one.example/ https://two.example/"
    written = {"instance": "40001", "credentials": "/run/c", "SERVERS": servers, "ADDRESS": "10.1.2.3"}
    word, *arguments = command("diemcau-media@.service", **written, OPTIONS="--authority /etc/ssl/certs/diemcau.pem")
    options = media().parse_args(arguments)
    assert str(options.authority) == "/etc/ssl/certs/diemcau.pem"
    assert (word, options.server, str(options.key_file), options.port, options.address) == (
        "media",
        servers.split(),
        "/run/c/worker.key",
        40001,
        ["10.1.2.3"],
    )


def test_a_media_worker_loads_no_code_of_the_server() -> None:
    """The server's code would cost each worker 90 MB and a second of CPU; loaded by the command of its unit."""
    looks = """
import sys
from signaling.__main__ import main
sys.argv = ["diemcau", "media", "--help"]
try:
    main()
finally:
    print([name for name in ("sqlalchemy", "aiohttp", "signaling.app.server") if name in sys.modules])
"""
    printed = subprocess.run([sys.executable, "-c", looks], check=True, capture_output=True, text=True).stdout
    assert printed.splitlines()[-1] == "[]"


def test_a_media_worker_that_is_stopped_before_it_begins_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """By default a signal ends no process 1 of a namespace, as which its unit has it run: it took 15 s."""
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("sys.argv", ["diemcau", "media"])
    monkeypatch.setattr("runpy.run_module", lambda *_, **__: signal.raise_signal(signal.SIGTERM))
    try:
        with pytest.raises(SystemExit) as ended:
            main()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended.value.code == 128 + signal.SIGTERM


@pytest.mark.parametrize(
    "check",
    [
        ("haproxy", "-c", "-f", "haproxy.cfg"),
        ("haproxy", "-c", "-f", "haproxy-media.cfg"),
        ("keepalived", "-t", "-f", "keepalived.conf"),
    ],
)
def test_what_runs_before_several_servers_understands_its_example(check: tuple[str, ...]) -> None:
    program, *options, example = check
    if not (found := Path("/usr/sbin") / program).exists():
        pytest.skip(f"needs Debian's {program}")
    checked = subprocess.run([found, *options, DEPLOY / example], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_the_kernel_keeps_the_ports_of_media_free() -> None:
    keys = dict(line.split(" = ") for line in (DEPLOY / "sysctl.conf").read_text().splitlines() if line[0] != "#")
    assert all((Path("/proc/sys") / key.replace(".", "/")).exists() for key in keys)
    workers = f"{PORT}-{PORT + 9}"  # as many as diemcau-worker@ numbers
    assert keys["net.ipv4.ip_local_reserved_ports"] == f"{workers},{RTP_PORTS.start}-{RTP_PORTS.stop - 1}"
