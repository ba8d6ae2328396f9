"""Gives the endpoints of WHIP and WHEP their service."""

from aiohttp import web

from signaling.whip.service import WhipService

WHIP = web.AppKey("WhipService", WhipService)
