"""Endpoints of the review of all accounts, which is due every six months (TCVN 14423:2026, 5.6)."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from aiohttp import web
from pydantic import StringConstraints

from scheduler.core.sql_values import whole_second
from scheduler.core.text import clean, printable
from scheduler.directory.errors import PreviewStale
from scheduler.files import csv_file
from signaling.accounts import account_reviews
from signaling.accounts.account_reviews import AccountReview
from signaling.core.account import Account
from signaling.directory.context import PEOPLE
from signaling.http.route import ApiRequest, Model, Moment, Route
from signaling.http.uploads import attached

COLUMNS = (
    "Tài khoản", "Họ tên", "Vai trò", "Đơn vị", "Điểm cầu", "Loại", "Trạng thái", "Tạo lúc", "Đăng nhập lần cuối",
)  # fmt: skip


class ShownReview(Model):
    """A review: when, by whom, of how many accounts."""

    at: Moment
    by: str
    accounts: int
    disabled: int
    remark: str


class AccountReviews(Model):
    """The accounts there are, the reviews, newest first, and when the next is due; null: at once.

    `seal` stands for the list as it is now; who confirms a review sends it back.
    """

    accounts: int
    disabled: int
    seal: str
    due: date | None
    overdue: bool
    reviews: list[ShownReview]
    may_confirm: bool


class Confirmed(Model):
    """A review that was made of the list with this seal, and what came of it."""

    seal: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    remark: Annotated[str, StringConstraints(max_length=1000)] = ""


async def reviews(request: ApiRequest) -> AccountReviews:
    """Return the reviews to whoever sees everything."""
    request.only(request.account.sees_all)
    return await _reviews(request)


async def confirm(request: ApiRequest) -> AccountReviews:
    """Store that the account has reviewed all accounts. Raises PreviewStale where the list is another by now."""
    request.only(_may_confirm(request))
    context, body = request.context(PEOPLE), request.body
    accounts, kinds = await _listed(request)
    seal = account_reviews.digest(accounts, kinds)
    if body.seal != seal:
        raise PreviewStale
    remark, disabled = printable(clean(body.remark)), sum(each.disabled for each in accounts)
    review = AccountReview(whole_second(request.now), request.account.account, len(accounts), disabled, seal, remark)
    await context.account_reviews.add(review)
    await request.note("account-review", seal[:16], f"{len(accounts)} {remark}".strip()[:200])
    return await _reviews(request)


async def export(request: ApiRequest) -> web.Response:
    """Return all accounts as CSV, for a review."""
    request.only(_may_confirm(request))
    context, units = request.context(PEOPLE), await request.unit_names()
    accounts, kinds = await _listed(request)
    created, seen = await context.accounts.created(), await context.accounts.last_logins()
    zone = context.scheduler.policy(request.now).zone
    rows: list[tuple[str, ...]] = [COLUMNS]
    for each in accounts:
        state = "Đã khóa" if each.disabled else "Dự phòng, niêm phong" if each.break_glass else "Đang dùng"
        times = (
            f"{at.astimezone(zone):%d/%m/%Y}" if at else "" for at in (created[each.account], seen.get(each.account))
        )
        of = units.get(each.unit or "", each.unit or ""), each.point or "", kinds.get(each.account, "own"), state
        rows.append((each.account, each.name, " ".join(each.roles), *of, *times))
    await request.note("export-accounts", "")
    return attached(csv_file.file(rows), "text/csv", "tai-khoan.csv")


def _may_confirm(request: ApiRequest) -> bool:
    return "administrator" in request.account.roles


async def _listed(request: ApiRequest) -> tuple[list[Account], Mapping[str, str]]:
    context = request.context(PEOPLE)
    return await context.accounts.accounts(), await context.external.kinds()


async def _reviews(request: ApiRequest) -> AccountReviews:
    context = request.context(PEOPLE)
    accounts, kinds = await _listed(request)
    made = await context.account_reviews.newest()
    due = account_reviews.due(context.scheduler.day(made[0].at)) if made else None
    return AccountReviews(
        accounts=len(accounts),
        disabled=sum(each.disabled for each in accounts),
        seal=account_reviews.digest(accounts, kinds),
        due=due,
        overdue=due is None or context.scheduler.day(request.now) > due,
        reviews=[
            ShownReview(at=each.at, by=each.by, accounts=each.accounts, disabled=each.disabled, remark=each.remark)
            for each in made
        ],
        may_confirm=_may_confirm(request),
    )


ROUTES = [
    Route("GET", "/account-reviews", reviews, "Reviews of all accounts", AccountReviews, problems=(403,)),
    Route(
        "POST", "/account-reviews", confirm, "Confirm a review of all accounts", AccountReviews, body=Confirmed,
        problems=(403, 409),
    ),
    Route(
        "GET", "/account-reviews/accounts", export, "All accounts as CSV", None, problems=(403,), media_type="text/csv",
    ),
]  # fmt: skip
