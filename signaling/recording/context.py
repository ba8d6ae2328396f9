"""Defines what handlers of recording endpoints get: catalogue, rows, handovers, documents.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(RECORDINGS)`.
"""

from dataclasses import dataclass

from aiohttp import web

from scheduler.booking.registration.service import Scheduler
from scheduler.operations.closing.document_service import DocumentService
from scheduler.operations.closing.handover_service import HandoverService
from signaling.recording.catalog import RecordingCatalog
from signaling.recording.composing_queue import ComposingQueue
from signaling.recording.store import RecordingStore


@dataclass(frozen=True, slots=True)
class RecordingContext:
    """Services behind the endpoints of recordings; `mixed_voices` bounds the isolated tracks of an estimate."""

    mixed_voices: int
    documents: DocumentService
    scheduler: Scheduler
    handovers: HandoverService
    store: RecordingStore
    catalog: RecordingCatalog
    composing_queue: ComposingQueue


RECORDINGS = web.AppKey("RecordingContext", RecordingContext)
