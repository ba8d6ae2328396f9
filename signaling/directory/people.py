"""Endpoints of people who run rooms, and of their accounts (Điều 9.3, 17.2.c, 19.3; R-047, R-111, R-120)."""

from datetime import date, timedelta
from typing import Annotated, Literal

from aiohttp import web
from pydantic import StringConstraints

from scheduler.core.note import Note
from scheduler.directory import model as directory
from scheduler.directory.people.list_status import ListStatus
from scheduler.directory.people.service import PersonEntry
from scheduler.notifications.wording import Notice, NoticeFacts
from signaling.accounts import permissions
from signaling.accounts.password_links import PAGE, Link
from signaling.accounts.passwords import normal_name
from signaling.accounts.visible_units import check_may_keep, check_may_see
from signaling.core.account import Account, Role
from signaling.core.errors import BadInput, Fault, NotFound
from signaling.directory.context import PEOPLE
from signaling.directory.jobs import shut
from signaling.directory.points import Day
from signaling.http.route import ID, ApiRequest, Id, Model, Moment, Named, Route

POINT_ROLES: tuple[Role, ...] = ("site", "registrant")
LONGEST_NAME = 200
"""Letters of an account's name; the label of a point may be longer."""
Mail = Annotated[str, StringConstraints(pattern=r"^$|^[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,189}$")]


class Person(Model):
    """A person who is or was in charge; `serving` today, `untrained` until a day of training is entered."""

    id: str
    unit: str
    point: str | None
    role: directory.PersonRole
    name: str
    phone: str
    email: str
    trained: date | None
    valid_from: date
    valid_to: date | None
    source: str
    replaces: str | None
    account: str | None
    serving: bool
    untrained: bool


class KnownAccount(Model):
    """An account; its `kind` says whether it is our own, a provider's or a directory's."""

    account: str
    name: str
    roles: list[str]
    unit: Named | None
    kind: Literal["own", "oidc", "ldap"]
    disabled: bool


class UnitList(Model):
    """The state of a unit's list."""

    unit: str
    name: str
    updated: Moment | None
    stale: bool
    people: list[Person]


class NewPerson(Model):
    """A person in charge from a day on, today by default; `replaces` ends the days of another person."""

    name: Annotated[str, StringConstraints(max_length=200)]
    phone: Annotated[str, StringConstraints(max_length=32)]
    email: Mail = ""
    role: directory.PersonRole = "technician"
    point: Id | None = None
    trained: Day | None = None
    valid_from: Day | None = None
    source: Annotated[str, StringConstraints(max_length=200)] = ""
    replaces: Id | None = None


class Training(Model):
    """The day on which somebody was trained."""

    trained: Day


class LastDay(Model):
    """The last day on which a person is in charge."""

    valid_to: Day


class Wanted(Model):
    """The account to issue: the point's own (null), or one for a person of its unit."""

    account: Annotated[str, StringConstraints(max_length=64)] | None
    person: Id | None = None


class WantedOutside(Model):
    """The account to issue to people of a telecom enterprise."""

    account: Annotated[str, StringConstraints(max_length=64)]


class Issued(Model):
    """An issued account. The link is shown here once, unless it was mailed to the unit's official mailbox."""

    account: str
    sent: bool
    link: str | None
    expires: Moment


async def lists(request: ApiRequest) -> list[UnitList]:
    """Return the consolidated list, units without people first."""
    context = request.context(PEOPLE)
    units = await context.scheduler.units()
    statuses = await context.people.lists(request.now)
    return [_list(request, each) for each in statuses if permissions.may_see_card(request.account, each.unit.id, units)]


async def people(request: ApiRequest) -> list[Person]:
    """Return everybody who is or was in charge at a unit."""
    await check_may_see(request, request.id)
    return [_wire(request, person) for person in await request.context(PEOPLE).people.of(request.id)]


async def add(request: ApiRequest) -> Person:
    """Add a person, or replace another one, whose account is disabled when their days are over."""
    context = request.context(PEOPLE)
    await check_may_keep(request, request.id)
    body: NewPerson = request.body
    entry = PersonEntry(
        unit=request.id,
        point=body.point,
        role=body.role,
        name=body.name,
        phone=body.phone,
        email=body.email,
        trained=body.trained,
        valid_from=body.valid_from or context.scheduler.day(request.now),
        source=body.source or request.account.account,
    )
    person = await context.people.add(entry, request.now, body.replaces)
    await request.note(
        "person-add", person.id, f"{request.id} {person.valid_from}" + (" replaces" if body.replaces else "")
    )
    await _tell_operator(request, person)
    await _shut_gone(request)
    return _wire(request, person)


async def end(request: ApiRequest) -> Person:
    """Set the last day on which a person is in charge."""
    context = request.context(PEOPLE)
    await check_may_keep(request, (await context.people.person(request.id)).unit)
    person = await context.people.end(request.id, request.body.valid_to, request.now)
    await request.note("person-end", person.id, str(person.valid_to))
    await _tell_operator(request, person)
    await _shut_gone(request)
    return _wire(request, person)


async def train(request: ApiRequest) -> Person:
    """Set when a person was trained."""
    request.only(request.account.central)
    person = await request.context(PEOPLE).people.train(request.id, request.body.trained, request.now)
    await request.note("person-train", person.id, str(person.trained))
    return _wire(request, person)


async def confirm(request: ApiRequest) -> list[Person]:
    """Confirm that a unit's list is still right."""
    context = request.context(PEOPLE)
    await check_may_keep(request, request.id)
    await context.people.confirm(request.id, request.now)
    await request.note("people-confirm", request.id)
    return [_wire(request, person) for person in await context.people.of(request.id)]


async def issue(request: ApiRequest) -> Issued:
    """Issue an account, or issue it anew: a one-time link sets its password; the former password no longer works."""
    context = request.context(PEOPLE)
    request.only(request.account.central)
    body: Wanted = request.body
    point = await context.scheduler.point(request.id)
    name = normal_name(body.account or point.id)
    if body.person is not None and (await context.people.person(body.person)).unit != point.unit:
        raise BadInput([Fault("person", "person-elsewhere")])
    await _open(request, Account(name, point.label[:LONGEST_NAME], POINT_ROLES, point.unit, point.id))
    if body.person is not None:
        await context.people.give_account(body.person, name, request.now)
    lasts = timedelta(hours=context.scheduler.policy(request.now).directory.account_link_hours)
    link = await context.password_links.issue(name, lasts, request.account.account, request.now)
    await request.note("account-issue", name, point.name)
    return await _hand_over(request, link, point.name, unit=point.unit)


async def issue_outside(request: ApiRequest) -> Issued:
    """Issue an account to people of a telecom enterprise, who see only its lines (R-090, A36)."""
    context = request.context(PEOPLE)
    request.only(request.account.central)
    provider = next((each for each in await context.equipment.providers() if each.id == request.id), None)
    if provider is None:
        raise NotFound
    name = normal_name(request.body.account)
    await _open(request, Account(name, provider.name, ("provider",), None, None, provider=provider.id))
    lasts = timedelta(hours=context.scheduler.policy(request.now).directory.account_link_hours)
    link = await context.password_links.issue(name, lasts, request.account.account, request.now)
    await request.note("account-issue", name, provider.name)
    return await _hand_over(request, link, provider.name, recipient=provider.email)


async def accounts(request: ApiRequest) -> list[KnownAccount]:
    """List all accounts by name, for administrators."""
    request.only("administrator" in request.account.roles)
    context, names = request.context(PEOPLE), await request.unit_names()
    kinds = await context.external.kinds()
    return [
        KnownAccount(
            account=each.account,
            name=each.name,
            roles=list(each.roles),
            unit=None if each.unit is None else Named(id=each.unit, name=names.get(each.unit, each.unit)),
            kind=kinds.get(each.account, "own"),
            disabled=each.disabled,
        )
        for each in await context.accounts.accounts()
    ]


async def reset_second_factor(request: ApiRequest) -> web.Response:
    """Remove the second factors of somebody who has lost them, and tell the person by mail (decision 124)."""
    context = request.context(PEOPLE)
    request.only("administrator" in request.account.roles)
    stored = await context.accounts.account(request.id)
    if stored is None:
        raise NotFound
    request.only(request.id != request.account.account)
    await context.second_factors.reset(request.id)
    await request.note("second-factor-reset", request.id)
    await _tell_of_reset(request, stored[0])
    return web.Response(status=204)


async def _tell_of_reset(request: ApiRequest, account: Account) -> None:
    """Mail the person who has an account, else the mailbox of its unit, who removed its second factors."""
    context = request.context(PEOPLE)
    local = request.now.astimezone(context.notifications.zone)
    facts = NoticeFacts(title=account.account, reason=f"{request.account.name} – {local:%H:%M %d/%m/%Y}")
    key = f"second-factor-reset:{account.account}:{request.now.isoformat()}"
    email = await context.people.email_of(account.account, request.now)
    await context.notifications.tell(
        Notice("second-factor-reset", key, facts, account.unit, recipient=email), request.now
    )
    context.outbox.wake()


async def _open(request: ApiRequest, account: Account) -> None:
    """Enable an account; invalidate the old password if it belongs to the same place."""
    context = request.context(PEOPLE)
    stored = await context.accounts.account(account.account)
    if stored is None:
        await context.sign_in.open(account, request.now)
    elif (stored[0].point, stored[0].provider) != (account.point, account.provider):
        raise BadInput([Fault("account", "account-known")])
    elif not await context.sign_in.is_ours(account.account):
        raise BadInput([Fault("account", "password-elsewhere")])
    else:
        await context.sign_in.lock(account.account, request.now)
        await context.accounts.enable(account.account, request.now)


async def _hand_over(
    request: ApiRequest, link: Link, place: str, unit: str | None = None, recipient: str = ""
) -> Issued:
    """Mail a link to the official mailbox of a unit or to a provider, or show it once."""
    context = request.context(PEOPLE)
    bare = f"{request.request.scheme}://{request.request.host}/{PAGE}#{link.id}"
    until = link.expires.astimezone(context.notifications.zone)
    facts = NoticeFacts(title=link.account, reason=f"{place} – {until:%H:%M %d/%m/%Y}", link=bare)
    notice = Notice("account", f"account:{link.id}", facts, unit, recipient=recipient)
    sent = await context.notifications.tell(notice, request.now)
    context.outbox.wake()
    return Issued(
        account=link.account, sent=sent, link=None if sent else context.password_links.url(bare), expires=link.expires
    )


async def _tell_operator(request: ApiRequest, person: directory.Person) -> None:
    """Tell the operating unit of a change that another unit made (R-120)."""
    context = request.context(PEOPLE)
    if request.account.central:
        return
    names = await request.unit_names()
    operator = context.directory.operator(request.now)
    facts = NoticeFacts(title=names.get(person.unit, person.unit))
    key = f"people:{person.id}:{person.updated.isoformat()}"
    await context.notifications.tell(Notice("people", key, facts, operator), request.now)
    context.outbox.wake()


async def _shut_gone(request: ApiRequest) -> None:
    context = request.context(PEOPLE)
    open_ = {account.account for account in await context.accounts.accounts() if not account.disabled}
    for name in await context.people.ended_accounts(request.now):
        if name in open_:
            note: Note[str] = request.noting("account-disable", lambda name: (name, ""))
            await shut(context.accounts, context.sign_out, name, note)


def _list(request: ApiRequest, status: ListStatus) -> UnitList:
    return UnitList(
        unit=status.unit.id,
        name=status.unit.name,
        updated=status.updated,
        stale=status.stale,
        people=[_wire(request, person) for person in status.people],
    )


def _wire(request: ApiRequest, person: directory.Person) -> Person:
    serving = person.serves(request.context(PEOPLE).scheduler.day(request.now))
    fields = {name: getattr(person, name) for name in Person.model_fields if name not in {"serving", "untrained"}}
    return Person(**fields, serving=serving, untrained=serving and person.untrained)


_REFUSED = (403, 404)
ROUTES = [
    Route("GET", "/directory/people", lists, "Lists of people", list[UnitList]),
    Route("GET", f"/directory/units/{ID}/people", people, "People of a unit", list[Person], problems=_REFUSED),
    Route(
        "POST", f"/directory/units/{ID}/people", add, "Add someone", Person, NewPerson, status=201, problems=_REFUSED
    ),
    Route("POST", f"/directory/units/{ID}/people/confirm", confirm, "Confirm a list", list[Person], problems=_REFUSED),
    Route("POST", f"/directory/people/{ID}/end", end, "End a person's days", Person, LastDay, problems=_REFUSED),
    Route("POST", f"/directory/people/{ID}/train", train, "Note a training", Person, Training, problems=_REFUSED),
    Route("GET", "/directory/accounts", accounts, "All accounts", list[KnownAccount], problems=(403,)),
    Route(
        "POST",
        f"/directory/accounts/{ID}/second-factor/reset",
        reset_second_factor,
        "Remove somebody's second factors",
        None,
        status=204,
        problems=_REFUSED,
    ),
    Route("POST", f"/directory/points/{ID}/account", issue, "Issue an account", Issued, Wanted, problems=_REFUSED),
    Route(
        "POST",
        f"/directory/providers/{ID}/account",
        issue_outside,
        "Issue an account to a provider",
        Issued,
        WantedOutside,
        problems=_REFUSED,
    ),
]
