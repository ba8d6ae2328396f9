"""Accounts for simulated people, on a real database."""

from pathlib import Path

import pytest

from loadtest.drills.upgrade import more_communes
from loadtest.server.accounts import add_units, create_accounts, create_point_accounts, points, read_accounts
from scheduler.units.seed import khanh_hoa_2023
from signaling.app.admin_cli import NewAccount
from signaling.app.services import open_services
from signaling.app.settings import read


@pytest.fixture
async def environ(tmp_path: Path) -> dict[str, str]:
    environ = {"DIEMCAU_DATA": str(tmp_path / "data")}
    async with open_services(read(environ)) as services:
        await services.scheduler.import_units(khanh_hoa_2023())
    return environ


async def test_each_point_gets_an_account_that_may_register(environ: dict[str, str]) -> None:
    known = await points(environ)
    logins = await create_point_accounts(environ, 2)
    assert [account for account, _ in logins] == [f"loadtest-{point.id}" for point in known[:2]]
    async with open_services(read(environ)) as services:
        account = (await services.accounts.account(logins[0][0]) or pytest.fail("no account"))[0]
    assert (account.point, account.unit, account.roles) == (known[0].id, known[0].unit, ("registrant", "site"))


async def test_the_upgrade_of_a_province_has_two_hundred_points(environ: dict[str, str]) -> None:
    assert len(await points(environ)) == 169
    await add_units(environ, more_communes())
    assert len(await points(environ)) == 200


async def test_a_second_run_gets_new_passwords(environ: dict[str, str]) -> None:
    wanted = [NewAccount("guest", "Guest", ("technician",))]
    (first,), (second,) = await create_accounts(environ, wanted), await create_accounts(environ, wanted)
    assert first[0] == second[0]
    assert first[1] != second[1]


def test_a_file_of_accounts_is_what_the_admin_command_prints(tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text('a,secret\r\n"b","with,comma"\r\n\r\n')
    assert read_accounts(file) == [("a", "secret"), ("b", "with,comma")]


@pytest.mark.parametrize("text", ["", "only-a-name\n"])
def test_a_file_without_passwords_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text(text)
    with pytest.raises(ValueError, match="account,password"):
        read_accounts(file)
