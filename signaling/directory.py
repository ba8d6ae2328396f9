"""What falls due in the directory by the clock alone, noted in the audit log."""

from datetime import datetime

from scheduler.directory.people import People
from scheduler.directory.service import Directory
from scheduler.notices import Facts, Notice
from scheduler.post import Post
from signaling.audit import SERVER, Audit
from signaling.chain import AuditEntry
from signaling.hub import Hub
from signaling.store import Store


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


async def shut(store: Store, hub: Hub, account: str) -> None:
    """Disable an account: nobody is signed in with it any more, nor in a meeting (R-120)."""
    await store.disable(account, disabled=True)
    for client in list(hub.clients):
        if client.account.account == account:
            client.hang_up("removed")
