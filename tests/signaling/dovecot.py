"""Debian's Dovecot as a process of a test: one mailbox, in a directory and on a port of its own."""

import grp
import os
import pwd
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

USER, PASSWORD = "hoptructuyen", "p@ss/word"


@dataclass
class DovecotServer:
    """A running server and the Maildir that it serves."""

    port: int
    tls_port: int
    maildir: Path
    owner: tuple[int, int]
    _dropped: int = 0

    def drop(self, letter: bytes) -> None:
        """Deliver a letter."""
        self._dropped += 1
        path = self.maildir / "tmp" / f"{self._dropped:06}.test"
        path.write_bytes(letter.replace(b"\r\n", b"\n"))
        os.chown(path, *self.owner)
        path.rename(self.maildir / "new" / path.name)

    def empty(self) -> None:
        """Take all letters away."""
        for path in (*self.maildir.glob("new/*"), *self.maildir.glob("cur/*")):
            path.unlink()

    def unseen(self) -> int:
        """Count what nobody has read."""
        read = [path for path in self.maildir.glob("cur/*") if "S" in path.name.rpartition(",")[2]]
        return len([*self.maildir.glob("new/*"), *self.maildir.glob("cur/*")]) - len(read)


@contextmanager
def dovecot(certificate: Path, key: Path) -> Iterator[DovecotServer]:
    """Run a server with STARTTLS, and TLS from the first byte on another port."""
    home = Path(tempfile.mkdtemp(prefix="diemcau-dovecot-"))
    home.chmod(0o755)
    user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    maildir = home / "Maildir"
    for directory in (maildir, *(maildir / part for part in ("cur", "new", "tmp"))):
        directory.mkdir()
        os.chown(directory, user.pw_uid, user.pw_gid)
    port, tls_port = free_port(), free_port()
    config = home / "dovecot.conf"
    config.write_text(_config(home, user, port, tls_port, certificate, key))
    process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", str(config)], stdin=subprocess.DEVNULL)
    try:
        _greeting(port, process)
        yield DovecotServer(port, tls_port, maildir, (user.pw_uid, user.pw_gid))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        shutil.rmtree(home, ignore_errors=True)


def _greeting(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the server greets."""
    while process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 10) as client:
                if client.recv(100).startswith(b"* OK"):
                    return
        except ConnectionRefusedError:
            time.sleep(0.01)
    raise AssertionError(f"dovecot ended with {process.returncode}")


def _config(home: Path, user: pwd.struct_passwd, port: int, tls_port: int, certificate: Path, key: Path) -> str:
    group = grp.getgrgid(user.pw_gid).gr_name
    login = "" if os.getuid() == 0 else f"default_login_user = {user.pw_name}\n"
    internal = "" if os.getuid() == 0 else f"default_internal_user = {user.pw_name}\ndefault_internal_group = {group}\n"
    return f"""
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
{login}{internal}first_valid_uid = 1
mail_driver = maildir
mail_path = {home}/Maildir
mail_home = {home}
auth_mechanisms = plain login
auth_allow_cleartext = yes
ssl = yes
ssl_server_cert_file = {certificate}
ssl_server_key_file = {key}
passdb static {{
  password = {PASSWORD}
}}
userdb static {{
  fields {{
    uid = {user.pw_uid}
    gid = {user.pw_gid}
    home = {home}
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
auth_failure_delay = 0
"""
