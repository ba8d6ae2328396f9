"""Clean-up after a demonstration, on a real database: its sessions, recordings and accounts, and no others."""

from datetime import timedelta
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest

from loadtest.scenario import demo_cleanup
from loadtest.scenario.demo_cleanup import remove, remove_former
from loadtest.server.accounts import create_accounts, points
from scheduler.core.model import Interval, Request, Session
from scheduler.units.seed import khanh_hoa_2023
from signaling.app.admin_cli import NewAccount
from signaling.app.serve import LOCK
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


async def recorded(services: Services, hosts: list[str], folder: Path, by: str) -> tuple[Session, Path]:
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
        submitted_by=by,
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
    demo, other = NewAccount("demo", "Khách", ("technician",)), NewAccount("demonstrator", "Trực ban", ("technician",))
    await create_accounts(environ, [demo, other])
    settings = read(environ)
    folder = settings.data / "recordings"
    async with open_services(settings) as services:
        own, own_file = await recorded(services, names[:2], folder, "demo")
        others, others_file = await recorded(services, names[2:4], folder, "demonstrator")
    await remove(environ)
    await remove(environ)  # what is removed stays removed
    async with open_services(settings) as services:
        states = [(await services.scheduler.session(each.id)).state for each in (own, others)]
        assert states == ["cancelled", "issued"]
        parts = [(await services.recording_store.parts(each.id))[0].state for each in (own, others)]
        assert parts == ["deleted", "ready"]
        noted = await services.audit.newest(EntryFilter(action="recording-deleted"), 9)
        assert [each.entry.subject for each in noted] == [f"{own.id}-1"]
        shut = {account.account: account.disabled for account in await services.accounts.accounts()}
    assert (own_file.exists(), others_file.exists()) == (False, True)
    assert shut == {"demo": True, "demonstrator": False}
    await create_accounts(environ, [demo])
    async with open_services(settings) as services:
        assert not any(account.disabled for account in await services.accounts.accounts())


async def test_what_a_killed_demonstration_left_is_removed_at_the_next_start(environ: dict[str, str]) -> None:
    names = [point.id for point in (await points(environ))[:2]]
    async with open_services(read(environ)) as services:
        left, _ = await recorded(services, names, read(environ).data / "recordings", "demo-technician")
    printed: list[str] = []
    await remove_former(environ, printed.append)
    async with open_services(read(environ)) as services:
        assert (await services.scheduler.session(left.id)).state == "cancelled"
    assert printed == []


async def test_nothing_is_removed_under_a_server_that_runs(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_cleanup, "ENDING_S", 1)
    settings = read(environ)
    names = [point.id for point in (await points(environ))[:2]]
    async with open_services(settings) as services:
        held, _ = await recorded(services, names, settings.data / "recordings", "demo")
    settings.run.mkdir(parents=True, exist_ok=True)
    printed: list[str] = []
    with (settings.run / LOCK).open("a") as lock:
        flock(lock, LOCK_EX)
        await remove_former(environ, printed.append)
    async with open_services(settings) as services:
        assert (await services.scheduler.session(held.id)).state == "issued"
    assert printed == ["Another server works on the data directory. Is it ending? …"]
