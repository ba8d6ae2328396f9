"""All accounts are reviewed every six months: who did when, and what was seen.

Also tests `signaling/accounts/account_reviews.py`.
"""

import csv
import io
from datetime import date

from signaling.accounts.account_reviews import due
from tests.signaling.world import ACCOUNTS, World, problem_of

REVIEWS = "/api/v1/account-reviews"


def test_a_review_is_due_again_after_six_months() -> None:
    assert [due(each) for each in (date(2026, 4, 6), date(2026, 8, 31))] == [date(2026, 10, 6), date(2027, 2, 28)]


async def test_an_administrator_confirms_the_list_that_was_seen(world: World) -> None:
    admin, office = await world.signed_in("admin"), await world.signed_in("office")
    async with office.get(REVIEWS) as response:
        before = await response.json()
    assert (before["accounts"], before["due"], before["overdue"], before["may_confirm"]) == (
        len(ACCOUNTS),
        None,
        True,
        False,
    )
    await world.accounts.disable("nobody")
    async with admin.post(REVIEWS, json={"seal": before["seal"]}) as response:
        assert await problem_of(response) == (409, "preview-stale")
    async with admin.get(REVIEWS) as response:
        seen = await response.json()
    async with admin.post(REVIEWS, json={"seal": seen["seal"], "remark": " Khóa  nobody "}) as response:
        confirmed = await response.json()
    assert (confirmed["due"], confirmed["overdue"]) == ("2026-10-06", False)
    review = {"at": "2026-04-06T01:00:00Z", "by": "admin", "accounts": len(ACCOUNTS), "disabled": 1}
    assert confirmed["reviews"] == [review | {"remark": "Khóa nobody"}]
    world.clock.advance(184 * 86_400)
    async with (await world.signed_in("office")).get(REVIEWS) as response:
        assert (await response.json())["overdue"] is True
    told = [(e.actor, e.detail) for e in await world.audited(20) if e.action == "account-review"]
    assert told == [("admin", f"{len(ACCOUNTS)} Khóa nobody")]


async def test_the_list_is_exported_with_kinds_states_and_dates(world: World) -> None:
    await world.accounts.disable("nobody")
    async with (await world.signed_in("admin")).get(f"{REVIEWS}/accounts") as response:
        rows = list(csv.DictReader(io.StringIO((await response.read()).decode("utf-8-sig"))))
    assert [row["Tài khoản"] for row in rows] == sorted(ACCOUNTS)
    [nobody] = [row for row in rows if row["Tài khoản"] == "nobody"]
    assert (nobody["Trạng thái"], nobody["Tạo lúc"], nobody["Đăng nhập lần cuối"]) == ("Đã khóa", "06/04/2026", "")
    [nhatrang] = [row for row in rows if row["Tài khoản"] == "nhatrang"]
    assert (nhatrang["Điểm cầu"], nhatrang["Vai trò"], nhatrang["Loại"]) == ("ubnd.nha-trang", "site", "own")
