"""A system that is told by webhooks: HTTPS on the loopback address, with a certificate of an authority of its own."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path

from aiohttp import web

from loadtest.rooms.certificates import Authority
from signaling.webhooks.client import WebhookSettings


@dataclass
class Receiver:
    """Keeps what it gets, and answers with `status`; `settings` let a server reach it."""

    settings: WebhookSettings
    url: str = ""
    status: int = 204
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """Take a delivery; a redirection leads back here."""
        self.paths.append(request.path)
        self.got.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, headers={"Location": "/elsewhere"}, body=b"x" * 100_000)


@asynccontextmanager
async def receiving(folder: Path) -> AsyncIterator[Receiver]:
    """Run a receiver until the context ends."""
    authority = Authority("site")
    (folder / "authority.pem").write_bytes(authority.certificate)
    files = authority.folder(folder / "receiver", "127.0.0.1")
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trusted.load_cert_chain(files / "cert.pem", files / "key.pem")
    receiver = Receiver(WebhookSettings((ip_network("127.0.0.0/8"),), folder / "authority.pem"))
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=trusted)
    await site.start()
    receiver.url = f"https://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()
