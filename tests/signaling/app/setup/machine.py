"""A machine that tests of ``diemcau setup`` set up, and the answers of an administrator."""

import asyncio
import csv
import io
import json
import os
from argparse import ArgumentParser
from pathlib import Path

from scheduler.core.model import Amount
from scheduler.units.seed import KHANH_HOA_2023
from signaling.accounts.passwords import Passwords
from signaling.app import settings as settings_of
from signaling.app.private_files import UMASK
from signaling.app.services import open_services, utc_now
from signaling.app.setup import command

COLUMNS = ("id", "name", "level", "parent", "abbr", "point", "valid_from", "valid_to", "successor")
PASSWORD = "mot mat khau rat dai"
ANSWERS = f"""
[address]
host = "hop.khanhhoa.example"

[certificate]
source = "authority"

[profile]
files = "pre-KH-2023:KH-2023"

[administrator]
account = "quantri"
name = "Quản trị"
password = "{PASSWORD}"

[units]
table = "units.csv"

[capacity]
sessions = 12
points = 169
"""


def units() -> list[dict[str, str]]:
    """Return the 169 units of 2023 as rows of a table."""
    document = json.loads(KHANH_HOA_2023.read_text())
    default = {"valid_from": document.get("valid_from", "")}
    return [{name: str((default | entry).get(name) or "") for name in COLUMNS} for entry in document["units"]]


def table(rows: list[dict[str, str]]) -> str:
    """Return rows as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


class Machine:
    """A machine with a file of the environment, a data directory, and files of an administrator."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.environment = folder / "etc" / "diemcau.env"
        self.answers = folder / "root" / "answers.toml"
        for each in (self.environment.parent, self.answers.parent):
            each.mkdir()
        self.environment.write_text("# Ours.\nDIEMCAU_WORKERS=2\n")
        self.environment.chmod(0o640)
        self.write(ANSWERS)
        (self.answers.parent / "units.csv").write_text(table(units()))

    def write(self, text: str) -> None:
        """Write the answers, for nobody else."""
        self.answers.write_text(text)
        self.answers.chmod(0o600)

    def run(self, *words: str) -> int:
        """Run the command in this process; return its exit status."""
        parser = ArgumentParser()
        command.add_arguments(parser)
        arguments = parser.parse_args([*words, "--environment", str(self.environment)])
        before = os.umask(UMASK)
        try:
            command.run(arguments)
        except SystemExit as ended:
            if isinstance(ended.code, str):
                print(ended.code)
                return 1
            return int(ended.code or 0)
        finally:
            os.umask(before)
        return 0

    def from_file(self, *words: str) -> int:
        """Run the command with the file of answers."""
        return self.run("--answers", str(self.answers), *words)

    def everything(self) -> dict[str, tuple[int, bytes]]:
        """Return every file with its mode, but for those that SQLite has while it reads."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder)): (path.stat().st_mode, path.read_bytes()) for path in files}

    @property
    def settings(self) -> settings_of.Settings:
        """The settings that a server has."""
        return settings_of.read({"DIEMCAU_DATA": str(self.data)})

    def found(self) -> tuple[int, list[tuple[str, tuple[str, ...], bool]], Amount, bool]:
        """Return the number of units, the accounts, the capacity, and whether the known password is the first one's."""

        async def look() -> tuple[int, list[tuple[str, tuple[str, ...], bool]], Amount, bool]:
            async with open_services(self.settings) as services:
                accounts = await services.accounts.accounts()
                shown: list[tuple[str, tuple[str, ...], bool]] = [(a.account, a.roles, a.must_change) for a in accounts]
                known = await services.accounts.account(accounts[0].account)
                right = await Passwords().verify(known and known[1], PASSWORD)
                limit = await services.scheduler.capacity_limit()
                return len(await services.scheduler.units()), shown, limit.at(utc_now()), right

        return asyncio.run(look())


def broken_table(rows: list[dict[str, str]]) -> str:
    """Return rows as CSV, three of them with a fault."""
    rows[3]["level"], rows[5]["parent"], rows[7]["valid_from"] = "quan", "nobody", "2023-02-30"
    return table(rows)
