"""Gives the endpoints of WHIP and WHEP their service."""

from aiohttp import web

from signaling.cameras.whip import WhipService

WHIP = web.AppKey("WhipService", WhipService)
