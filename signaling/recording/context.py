"""Dependencies of the endpoints of recordings."""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from scheduler.operations.closing.document_service import DocumentService
from scheduler.operations.closing.handover_service import HandoverService
from signaling.recording.catalog import RecordingCatalog
from signaling.recording.store import RecordingStore


@dataclass(frozen=True, slots=True)
class RecordingContext:
    """What the endpoints of recordings may use."""

    mixed_voices: int
    documents: DocumentService
    scheduler: Scheduler
    handovers: HandoverService
    store: RecordingStore
    catalog: RecordingCatalog


RECORDINGS = web.AppKey("RecordingContext", RecordingContext)
