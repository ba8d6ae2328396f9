"""Defines what handlers of transcripts get.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(TRANSCRIPTS)`.
"""

from dataclasses import dataclass

from aiohttp import web

from mediaserver.captions.model import CaptionModel
from signaling.transcript.service import TranscriptService


@dataclass(frozen=True, slots=True)
class TranscriptContext:
    """The service behind the endpoints of transcripts, and what captions come from."""

    transcripts: TranscriptService
    captions: CaptionModel


TRANSCRIPTS = web.AppKey("TranscriptContext", TranscriptContext)
