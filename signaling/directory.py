"""What falls due in the directory by the clock alone, noted in the audit log."""

from datetime import datetime

from scheduler.directory.service import Directory
from signaling.audit import SERVER, Audit
from signaling.chain import AuditEntry


async def lapse(directory: Directory, audit: Audit, now: datetime) -> None:
    """Suspend points whose assessment ended, or that no document covers any more (Điều 8, reading A39)."""
    for point in await directory.lapse(now):
        await audit.append(AuditEntry(now, SERVER, "point-move", point.id, f"suspend → {point.state}"))
