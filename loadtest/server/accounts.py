"""Creates accounts for simulated people in a server's database, as `diemcau admin` does."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from scheduler.core.model import Point
from signaling.accounts.passwords import Passwords, random_password
from signaling.app.admin_cli import NewAccount, create_account
from signaling.app.services import open_services, utc_now
from signaling.app.settings import read

Login = tuple[str, str]
"""Account and password."""

ROLES = ("site", "registrant")


async def create_accounts(
    environ: Mapping[str, str],
    new_accounts: Sequence[NewAccount],
    on_created: Callable[[int], None] = lambda _count: None,
) -> list[Login]:
    """Create accounts with fresh random passwords; enable those of an earlier run, with new passwords.

    `on_created` receives the number of accounts so far after each one.
    """
    logins: list[Login] = []
    async with open_services(read(environ)) as services:
        for new in new_accounts:
            password = random_password()
            if await services.accounts.account(new.account) is None:
                await create_account(services, new, password, utc_now())
            else:
                await services.accounts.set_password(new.account, await Passwords().hash(password), False, utc_now())
                await services.accounts.enable(new.account, utc_now())
            logins.append((new.account, password))
            on_created(len(logins))
    return logins


async def add_units(environ: Mapping[str, str], file: str) -> None:
    """Import more units with their points from the text of a units file. Raises BadUnits."""
    async with open_services(read(environ)) as services:
        await services.scheduler.import_units(file)


async def points(environ: Mapping[str, str]) -> list[Point]:
    """Return all points of the database, in registry order."""
    async with open_services(read(environ)) as services:
        return await services.scheduler.points()


async def create_point_accounts(environ: Mapping[str, str], count: int) -> list[Login]:
    """Create one account for each of the first `count` points of the database, or for all if there are fewer."""
    chosen = (await points(environ))[:count]
    return await create_accounts(environ, [NewAccount(f"loadtest-{p.id}", p.label, ROLES, point=p.id) for p in chosen])


def read_accounts(path: Path) -> list[Login]:
    """Read accounts from a CSV file as `diemcau admin point-accounts` prints it. Raises OSError, ValueError."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.reader(file) if row]
    if not rows or any(len(row) < 2 for row in rows):
        raise ValueError(f"{path}: a line is account,password")
    return [(row[0], row[1]) for row in rows]
