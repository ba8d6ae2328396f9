"""Defines what handlers of webhook endpoints get: the webhooks, where they may go, and the sender, which they wake.

`signaling.app.contexts` builds it when the server starts; handlers read it by `request.context(WEBHOOKS)`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from scheduler.webhooks.service import Webhooks
from signaling.webhooks.addresses import Network


@dataclass(frozen=True, slots=True)
class WebhookContext:
    """Services behind the endpoints of webhooks."""

    webhooks: Webhooks
    networks: tuple[Network, ...]
    wake: Callable[[], None]


WEBHOOKS = web.AppKey("WebhookContext", WebhookContext)
