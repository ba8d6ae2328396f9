"""What falls due in the directory by the clock alone, noted in the audit log."""

from datetime import datetime, timedelta

from scheduler.directory import carriers
from scheduler.directory.equipment import Equipment
from scheduler.directory.people import People
from scheduler.directory.service import Directory
from scheduler.model import State
from scheduler.notices import Facts, Notice
from scheduler.post import Post
from scheduler.service import Scheduler
from signaling.audit import SERVER, Audit
from signaling.chain import AuditEntry
from signaling.hub import Hub
from signaling.store import Store

PROVIDERS_AHEAD = timedelta(days=7)
"""How long before it begins a session is told to those who carry it."""


async def fall_due(
    directory: Directory, people: People, post: Post, store: Store, audit: Audit, hub: Hub, now: datetime
) -> None:
    """Suspend points, warn units whose document ended, shut accounts of people whose days are over."""
    for point in await directory.lapse(now):
        await audit.append(AuditEntry(now, SERVER, "point-move", point.id, f"suspend → {point.state}"))
    for given in await directory.ended(now):
        facts = Facts(number=given.number, reason=f"{directory.suspension(given, now):%d/%m/%Y}")
        await post.tell(Notice("exception-over", f"exception-over:{given.id}:{given.valid_to}", facts, given.unit), now)
    known = {account.account for account in await store.accounts() if not account.disabled}
    for name in await people.gone(now):
        if name in known:
            await shut(store, hub, name)
            await audit.append(AuditEntry(now, SERVER, "account-disable", name))


async def tell_providers(scheduler: Scheduler, equipment: Equipment, post: Post, now: datetime) -> None:
    """Tell each provider once of a session that comes, with its own points alone and no code (R-085)."""
    coming = [s for s in await scheduler.sessions(now, now + PROVIDERS_AHEAD) if s.state == State.ISSUED]
    lines, points = await equipment.lines(), {point.id: point for point in await scheduler.points()}
    mailed = {provider.id: provider.email for provider in await equipment.providers() if provider.email}
    for session in coming:
        for provider, own in carriers.points_by_provider(session, lines).items():
            if provider in mailed:
                slots = tuple((s.kind, round(s.start.timestamp()), round(s.end.timestamp())) for s in session.slots)
                names = ", ".join(points[point].name for point in own)
                facts = Facts(session.number, host=points[session.host_point].label, slots=slots, reason=names)
                key = f"provider:{session.id}:{provider}"
                await post.tell(Notice("provider", key, facts, recipient=mailed[provider]), now)


async def shut(store: Store, hub: Hub, account: str) -> None:
    """Disable an account: nobody is signed in with it any more, nor in a meeting (R-120)."""
    await store.disable(account, disabled=True)
    for client in list(hub.clients):
        if client.account.account == account:
            client.hang_up("removed")
