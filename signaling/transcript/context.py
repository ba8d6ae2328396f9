"""Defines what handlers of transcripts get.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(TRANSCRIPTS)`.
"""

from dataclasses import dataclass

from aiohttp import web

from signaling.transcript.service import TranscriptService


@dataclass(frozen=True, slots=True)
class TranscriptContext:
    """The service behind the endpoints of transcripts."""

    transcripts: TranscriptService


TRANSCRIPTS = web.AppKey("TranscriptContext", TranscriptContext)
