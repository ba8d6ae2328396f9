"""Units, roles and assessments that end soon: administrators see them in the pages, units get a letter."""

import json
from dataclasses import replace
from datetime import timedelta

from scheduler.policy.profile_files import SHIPPED, TWO_TIER
from signaling.app.admin_cli import NewAccount, create_account
from signaling.app.settings import Settings
from signaling.mail.config import Mail, Server
from tests.scheduler.world import at
from tests.signaling.session_requests import session_request
from tests.signaling.world import CAM_RANH, DIEN_AN, HOST, PASSWORD, World, open_world, problem_of

MAIL = Mail(Server("127.0.0.1", 9, "none", "", ""), "hoptructuyen@khanhhoa.gov.vn")


async def notified(world: World) -> list[tuple[str | None, str]]:
    """Return the letters of endings, oldest first: to which unit, and what for."""
    rows = [row for row in await world.services.notifications.newest(99) if row.kind == "ending"]
    return [(row.unit, row.facts.reason) for row in sorted(rows, key=lambda row: row.id)]


async def test_administrators_see_units_and_roles_that_end_and_units_are_notified(settings: Settings) -> None:
    tiers = replace(settings, profiles=(*SHIPPED, TWO_TIER), mail=MAIL)
    async with open_world(tiers) as world:
        world.clock.now = at("16/05/2025 08:00")
        book, post = world.services.scheduler, world.services.notifications
        beyond = await book.submit(session_request(HOST, at("02/07/2025 08:00"), CAM_RANH), world.clock.now)
        await book.submit(session_request(HOST, at("03/07/2025 08:00"), DIEN_AN), world.clock.now)
        new = NewAccount("theirs", "Kỹ thuật Sở TTTT", ["technician", "site"], unit="so.tttt")
        await create_account(world.services, new, PASSWORD, world.clock.now)
        await world.services.accounts.disable("vanninh")
        for unit in ("so.tttt", "56"):
            await post.set_mailbox(unit, f"{unit}@khanhhoa.gov.vn")
        async with (await world.signed_in("admin")).get("/api/v1/endings") as response:
            [found] = await response.json()
        assert (found["day"], found["profile"]) == ("2025-07-01", "KH-2025-2T")
        assert found["operators"] == {"before": "Sở Thông tin và Truyền thông", "after": "Sở Khoa học và Công nghệ"}
        assert [unit["why"] for unit in found["units"]] == ["level"] * 9
        assert len(found["hosts"]) == 9
        nha_trang = {"id": "ubnd.nha-trang", "name": "UBND.Nha Trang", "label": "UBND thành phố Nha Trang"}
        assert nha_trang in found["hosts"]
        assert [session["id"] for session in found["sessions"]] == [beyond.id]
        lost = ["camranh", "dienkhanh", "focal", "nhatrang", "theirs"]
        assert [account["account"] for account in found["accounts"]] == lost
        async with (await world.signed_in("host")).get("/api/v1/endings") as response:
            assert await problem_of(response) == (403, "forbidden")

        whole = "từ 01/07/2025 (quy chế KH-2025-2T): 9 đơn vị, 9 điểm cầu đang hoạt động, 1 phiên họp đã đăng ký"
        letters = [("so.tttt", f"{whole}, 5 tài khoản"), ("56", f"từ 01/07/2025: phiên {beyond.number}")]
        endings = []
        for now in (at("31/05/2025 23:59"), at("01/06/2025 00:00"), at("02/06/2025 08:00"), at("24/06/2025 00:00")):
            world.clock.now = now
            await world.server.periodic_jobs.work()
            endings.append(await notified(world))
        assert endings == [[], letters, letters, letters * 2]
        world.clock.now = at("01/07/2025 00:00") + timedelta(seconds=1)
        await world.server.periodic_jobs.work()
        assert await notified(world) == letters * 2


async def test_units_are_told_which_points_are_to_be_assessed_once_for_each_notice(settings: Settings) -> None:
    async with open_world(replace(settings, mail=MAIL)) as world:
        world.clock.now = at("10/04/2024 08:00")
        entry = {"id": "cang-vu", "name": "Cảng vụ", "level": "khac", "point": "Cang vu"}
        await world.services.scheduler.import_units(json.dumps({"units": [entry]}), taken_over=world.clock.now)
        await world.services.notifications.set_mailbox("cang-vu", "cangvu@khanhhoa.gov.vn")
        letters = []
        for day in ("10/03/2025", "11/03/2025", "12/03/2025", "03/04/2025", "10/04/2025"):
            world.clock.now = at(f"{day} 08:00")
            await world.server.periodic_jobs.work()
            rows = [row for row in await world.services.notifications.newest(99) if row.kind == "taken-over"]
            letters.append([(row.unit, row.facts.reason) for row in rows])
        one = ("cang-vu", "Cang vu: hạn 10/04/2025")
        assert letters == [[], [one], [one], [one] * 2, [one] * 2]
        async with (await world.signed_in("central")).get("/api/v1/directory") as response:
            points = {point["id"]: point["first_due"] for point in (await response.json())["points"]}
        assert (points["cang-vu"], points[HOST]) == ("2025-04-10", None)
        world.clock.now = at("11/04/2025 08:00")
        await world.server.periodic_jobs.work()
        assert (await world.services.scheduler.point("cang-vu")).state == "suspended"
