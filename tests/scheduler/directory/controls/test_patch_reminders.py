"""The owner of a device is reminded when its last update is too long ago, on both databases (Điều 7.3; R-038)."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.model import Amount
from scheduler.directory.controls.patch_reminders import PatchReminders
from scheduler.directory.equipment import devices
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import AccessLine, Device
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Channels
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import NOW, ZONE

MAIL = Channels(mail=True)
DAY = timedelta(days=1)
TODAY = NOW.astimezone(ZONE).date()
PROVINCE = "ubnd.khanh-hoa"


async def test_the_owner_is_notified_once_and_not_the_department(seeded_url: str) -> None:
    engine = database.connect(seeded_url)
    scheduler = Scheduler(engine, PROFILES, Amount(20, 250))
    equipment, notifications = Equipment(engine, PROFILES), Notifications(engine, ZONE)
    owners = {PROVINCE: "Văn phòng UBND tỉnh", "nt.xuonghuan": "sở y tế", "nt.vinhhai": ""}
    for number, (point, owner) in enumerate(owners.items()):
        await equipment.set_line(AccessLine(point, point, "TSLCD", None, 4000, True, ("10.79.0.0/16",)))
        (device, *_) = await equipment.devices(point)
        described = Device(device.id, point, 0, "VCS", "HDX", address=f"10.79.4.{number + 1}", protocol="SIP")
        await equipment.describe(replace(described, patched=TODAY - 90 * DAY, security_owner=owner), NOW)
    patches = PatchReminders(engine, PROFILES, MAIL)
    await patches.work(NOW)
    assert await notifications.newest(9) == []
    for now in (NOW + DAY, NOW + DAY, NOW + 2 * DAY):
        await patches.work(now)
    await PatchReminders(engine, PROFILES, MAIL).work(NOW + 3 * DAY)  # another server looks anew
    notices = sorted((each.facts.title, each.unit, each.facts.reason) for each in await notifications.newest(9))
    last = f"cập nhật lần cuối {TODAY - 90 * DAY:%d/%m/%Y}"
    points = {point.name: point.unit for point in await scheduler.points()}
    assert notices == [
        ("NT.VinhHai VCS HDX", points["NT.VinhHai"], last),
        ("NT.XuongHuan VCS HDX", "so.yt", f"sở y tế; {last}"),
        ("UBND.Khanh Hoa VCS HDX", "56", f"Văn phòng UBND tỉnh; {last}"),
    ]
    await engine.dispose()


@given(st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_more_than_so_many_days(patched: date | None, day: date) -> None:
    device = Device("d", "p", 1, "VCS", patched=patched)
    late = patched is not None and day.toordinal() > patched.toordinal() + 90
    assert devices.overdue(device, day, 90) == late
