"""Clean-up after a demonstration, on a real database: its sessions, recordings and accounts, and no others."""

from datetime import timedelta
from pathlib import Path

import pytest

from loadtest.scenario.demo_cleanup import Traces, remove
from loadtest.server.accounts import create_accounts, points
from scheduler.core.model import Interval, Request, Session
from scheduler.units.seed import khanh_hoa_2023
from signaling.app.admin_cli import NewAccount
from signaling.app.services import Services, open_services, utc_now
from signaling.app.settings import read
from signaling.audit.log import EntryFilter
from signaling.recording.model import Recording


@pytest.fixture
async def environ(tmp_path: Path) -> dict[str, str]:
    environ = {"DIEMCAU_DATA": str(tmp_path / "data")}
    async with open_services(read(environ)) as services:
        await services.scheduler.import_units(khanh_hoa_2023())
    return environ


async def recorded(services: Services, hosts: list[str], folder: Path) -> tuple[Session, Path]:
    """Register a session of tomorrow, with a finished recording."""
    begin = utc_now().replace(microsecond=0) + timedelta(days=1)
    request = Request(
        host_point=hosts[0],
        points=tuple(hosts[1:]),
        rehearsal=None,
        official=Interval(begin, begin + timedelta(hours=1)),
        title="Trình diễn",
        contact_name="Nguyễn Văn A",
        contact_phone="0905123456",
        recording=True,
        submitted_by="demo",
        klass="khan_cap",
        ground="chi_dao_ubnd_tinh",
        reason="Thử",
        purpose="khac",
        kind="khac",
        form="truc_tuyen",
        secret=False,
    )
    session = await services.scheduler.submit(request, utc_now())
    file = folder / session.id / "1.mp4"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"film")
    facts = {"title": "Trình diễn", "host": hosts[0], "host_unit": "56", "started": utc_now(), "state": "ready"}
    await services.recording_store.add_part(Recording(f"{session.id}-1", session.id, 1, str(file), **facts))  # type: ignore[arg-type]
    return session, file


async def test_only_its_own_sessions_recordings_and_accounts_are_removed(environ: dict[str, str]) -> None:
    names = [point.id for point in (await points(environ))[:5]]
    demo, other = NewAccount("demo", "Khách", ("technician",)), NewAccount("truc.ban", "Trực ban", ("technician",))
    await create_accounts(environ, [demo, other])
    settings = read(environ)
    folder = settings.data / "recordings"
    async with open_services(settings) as services:
        own, own_file = await recorded(services, names[:2], folder)
        others, others_file = await recorded(services, names[2:4], folder)
    await remove(environ, Traces([own.id], ["demo"]))
    async with open_services(settings) as services:
        states = [(await services.scheduler.session(each.id)).state for each in (own, others)]
        assert states == ["cancelled", "issued"]
        parts = [(await services.recording_store.parts(each.id))[0].state for each in (own, others)]
        assert parts == ["deleted", "ready"]
        noted = await services.audit.newest(EntryFilter(action="recording-deleted"), 9)
        assert [each.entry.subject for each in noted] == [f"{own.id}-1"]
        shut = {account.account: account.disabled for account in await services.accounts.accounts()}
    assert (own_file.exists(), others_file.exists()) == (False, True)
    assert shut == {"demo": True, "truc.ban": False}
    await create_accounts(environ, [demo])
    async with open_services(settings) as services:
        assert not any(account.disabled for account in await services.accounts.accounts())
