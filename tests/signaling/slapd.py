"""Debian's slapd (OpenLDAP) as a process of a test: people and groups, on loopback ports of its own."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loadtest.server.ports import free_port

BASE = "dc=tinh,dc=example"
PASSWORDS = {"an": "mật khẩu của An", "binh": "của Bình", "chi": "của Chi"}
UUIDS = {
    "an": "11111111-0000-1000-8000-000000000001",
    "binh": "11111111-0000-1000-8000-000000000002",
    "chi": "11111111-0000-1000-8000-000000000003",
}


@dataclass(frozen=True)
class Slapd:
    """A running server: the port where StartTLS begins, and that of LDAPS."""

    port: int
    tls_port: int


@contextmanager
def slapd(certificates: Path) -> Iterator[Slapd]:
    """Run a server with a certificate of `certificates` (cert.pem, key.pem)."""
    binary = shutil.which("slapd", path=f"{os.environ['PATH']}:/usr/sbin")
    assert binary is not None, "slapd is missing: `make packages` installs it"
    home = Path(tempfile.mkdtemp(prefix="diemcau-slapd-"))
    (home / "db").mkdir()
    config, entries = home / "slapd.conf", home / "entries.ldif"
    config.write_text(_config(Path(binary).parents[2], home, certificates))
    entries.write_text(_entries(), encoding="utf-8")
    subprocess.run([binary, "-Ta", "-f", config, "-l", entries, "-q"], check=True, stderr=subprocess.PIPE)
    running = Slapd(free_port(), free_port())
    listen = f"ldap://127.0.0.1:{running.port} ldaps://127.0.0.1:{running.tls_port}"
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([binary, "-d", "0", "-f", config, "-h", listen], stderr=log)
    try:
        _listening(running.tls_port, process)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        shutil.rmtree(home, ignore_errors=True)


def _config(root: Path, home: Path, certificates: Path) -> str:
    schemas = "\n".join(f"include {root}/etc/ldap/schema/{name}.schema" for name in ("core", "cosine", "inetorgperson"))
    return f"""
{schemas}
modulepath {root}/usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {home}/pid
TLSCertificateFile {certificates}/cert.pem
TLSCertificateKeyFile {certificates}/key.pem
database mdb
maxsize 10485760
suffix "{BASE}"
directory {home}/db
overlay memberof
security simple_bind=128
access to attrs=userPassword by anonymous auth by * none
access to * by users read
"""


def _entries() -> str:
    people = "".join(
        f"""
dn: uid={name},ou=nguoi,{BASE}
objectClass: inetOrgPerson
uid: {name}
cn: {name.title()} Nguyễn
sn: Nguyễn
ou: 568
userPassword: {password}
entryUUID: {UUIDS[name]}
"""
        + (f"memberOf: cn=quan-tri,ou=nhom,{BASE}\n" if name == "an" else "")
        for name, password in PASSWORDS.items()
    )
    groups = "".join(
        f"""
dn: cn={group},ou=nhom,{BASE}
objectClass: groupOfNames
cn: {group}
member: uid={member},ou=nguoi,{BASE}
"""
        for group, member in (("quan-tri", "an"), ("so-y-te", "binh"))
    )
    return f"""
dn: {BASE}
objectClass: dcObject
objectClass: organization
o: Tinh
dc: tinh

dn: ou=nguoi,{BASE}
objectClass: organizationalUnit
ou: nguoi

dn: ou=nhom,{BASE}
objectClass: organizationalUnit
ou: nhom
{people}{groups}"""


def _listening(port: int, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 10).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return
    raise AssertionError(f"slapd ended with {process.returncode}")
