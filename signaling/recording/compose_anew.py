"""Has a recording composed again that could not be: its tracks are still there, what was composed of them is not."""

import asyncio
from pathlib import Path

from mediaserver.recording.files import segment_paths
from scheduler.operations.closing.handover_service import HandoverService
from signaling.core.errors import NotRecomposable
from signaling.recording.model import Recording
from signaling.recording.store import RecordingStore


async def compose_anew(recording: Recording, store: RecordingStore, handovers: HandoverService) -> None:
    """Begin anew with a recording; the composing queue takes it. What its parts were joined to is offered anew, too.

    Raises NotRecomposable.
    """
    if not recording.recomposable:
        raise NotRecomposable
    for path in await asyncio.to_thread(segment_paths, Path(recording.path)):
        await asyncio.to_thread(path.unlink, missing_ok=True)
    if not await store.compose_anew(recording):
        raise NotRecomposable
    await handovers.withdraw(recording.session)
