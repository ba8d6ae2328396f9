"""Serves the page of ``diemcau setup --web``: it asks in one browser what the terminal asks, until all is done.

The link has a one-time token in its fragment, which no server and no log sees; the browser gives it for a cookie.
"""

import asyncio
import logging
import secrets
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hmac import compare_digest
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from pydantic import BaseModel, ConfigDict

import web as pages_package
from signaling.app import tls
from signaling.app.services import utc_now
from signaling.app.settings import Settings, own_addresses
from signaling.app.setup import answers
from signaling.app.setup.answers import Answers, Given
from signaling.app.setup.certificates import MAX_BYTES as MAX_CERTIFICATE
from signaling.app.setup.owner import Runner, owner
from signaling.app.setup.plan import AUTHORITY, MAX_TABLE, Plan, Site
from signaling.app.setup.questions import REGULATION, kept_password, known_host
from signaling.app.setup.record import Verdict
from signaling.app.setup.terminal import InputEnded, Terminal
from signaling.app.setup.work import Work
from signaling.core.errors import BadInput, Fault, LinkDead, NotFound, SignedOut, TooLarge
from signaling.core.texts import Language, language_of
from signaling.http import pages
from signaling.http.listener import Limits, Listener, bind
from signaling.http.middleware import add_headers, check_origin, source_of
from signaling.http.page_files import PageFiles
from signaling.http.problems import MAX_FAULTS, problem, problem_type

log = logging.getLogger(__name__)

PREFIX = "/api/v1/setup"
PAGE = "setup.html"
COOKIE = "setup"
LASTS_S = 3600.0
READ_S = 60.0
"""Time in which the page says that it has the result, before the server ends without that."""
SHUTDOWN_S = 1.0
FILES = {"certificate": MAX_CERTIFICATE, "key": MAX_CERTIFICATE, "table": MAX_TABLE}
"""Files that the page sends, each with the most bytes; answers name them so."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Token(_Model):
    """The token of the link."""

    token: str


class MailThere(_Model):
    """The mail server that letters go out by."""

    host: str
    port: int
    tls: answers.Tls
    user: str
    sender: str


class There(_Model):
    """The present state, which the page offers."""

    host: str
    port: int
    profile: str
    units: int
    certificate: bool
    administrators: list[str]
    mail: MailThere | None
    groups: str
    sso: str
    sessions: int
    points: int
    capacity_recorded: bool


class Judged(_Model):
    """The changes that answers will make, line by line."""

    lines: list[str]


class Result(_Model):
    """The changes that were made and what comes next; a password that was made up; the own authority (PEM), if any."""

    lines: list[str]
    next: list[str]
    url: str
    account: str
    password: str
    authority: str


@dataclass(slots=True)
class SetupPage:
    """The endpoints behind the page, for one browser."""

    environment: Path
    folder: Path
    """The files that the page sent."""
    runner: Runner
    tell: Callable[[str], None]
    """Tells the terminal, too."""
    opened: Callable[[str], None]
    """Tells the terminal from which address the page was opened."""
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    done: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while something is judged or carried out, one after the other."""
    _cookie: str = field(default="", repr=False)

    def application(self) -> web.Application:
        """Return the application: the endpoints, and the files of all pages."""
        app = web.Application(
            middlewares=[_problems],
            client_max_size=answers.MAX_BYTES,
            handler_args={"auto_decompress": False},
        )
        app[pages.PAGES] = PageFiles(Path(pages_package.__file__ or "").parent)
        app.on_response_prepare.append(_add_headers)
        app.add_routes(
            [
                web.post(f"{PREFIX}/open", self.open),
                web.get(PREFIX, self.there),
                web.post(f"{PREFIX}/files/{{name}}", self.take_file),
                web.post(f"{PREFIX}/check", self.check),
                web.post(f"{PREFIX}/apply", self.apply),
                web.post(f"{PREFIX}/end", self.end),
                web.get("/", _to_page),
                web.get("/v/{version}/{path:.*}", pages.handle_versioned),
                web.get("/{path:.*}", pages.handle),
            ]
        )
        return app

    async def open(self, request: web.Request) -> web.Response:
        """Take the token of the link, once, for a cookie. Raises LinkDead."""
        check_origin(request)
        given = Token.model_validate_json(await request.read()).token
        if self._cookie or not compare_digest(given.encode(), self.token.encode()):
            raise LinkDead
        self._cookie = secrets.token_urlsafe(32)
        self.opened(source_of(request).address)
        response = web.Response(status=204)
        response.set_cookie(
            COOKIE, self._cookie, max_age=int(LASTS_S), path=PREFIX, httponly=True, secure=request.secure,
            samesite="Strict",
        )  # fmt: skip
        return response

    async def there(self, request: web.Request) -> web.Response:
        """Return what is there."""
        self._admit(request)
        async with self.turn:
            work = await asyncio.to_thread(self._work, _language(request))
        return _json(_there(work))

    async def take_file(self, request: web.Request) -> web.Response:
        """Take a file that answers name. Raises NotFound, TooLarge."""
        self._admit(request)
        name = request.match_info["name"]
        if name not in FILES:
            raise NotFound
        content = bytearray()
        async for part in request.content.iter_chunked(1 << 16):
            content += part
            if len(content) > FILES[name]:
                raise TooLarge(FILES[name])
        (self.folder / name).write_bytes(content)
        return web.Response(status=204)

    async def check(self, request: web.Request) -> web.Response:
        """Judge answers; nothing is written. Raises BadInput."""
        work, plan, verdict = await self._decided(request)
        return _json(Judged(lines=[line.strip() for line in work.summary(plan, verdict)]))

    async def apply(self, request: web.Request) -> web.Response:
        """Carry answers out, unless they have faults by now, and end soon. Raises BadInput, LinkDead."""
        work, plan, verdict = await self._decided(request, carrying_out=True)
        return _json(self._result(work, plan, verdict))

    async def end(self, request: web.Request) -> web.Response:
        """End, since the page has the result. Raises LinkDead while there is none."""
        self._admit(request)
        if not self.done:
            raise LinkDead
        asyncio.get_running_loop().call_later(SHUTDOWN_S, self.ended.set)
        return web.Response(status=204)

    def _admit(self, request: web.Request) -> None:
        """Check that a request is of the browser that gave the token. Raises BadOrigin, SignedOut."""
        if request.method != hdrs.METH_GET:
            check_origin(request)
        if not self._cookie or not compare_digest(request.cookies.get(COOKIE, "").encode(), self._cookie.encode()):
            raise SignedOut

    def _work(self, language: Language) -> Work:
        """Begin with what is there now. Raises Failed, SettingsError, OSError."""
        return Work.begun(Site.found(self.environment, self.folder), self.runner, language, utc_now())

    async def _decided(self, request: web.Request, carrying_out: bool = False) -> tuple[Work, Plan, Verdict]:
        """Judge the answers of a request, and carry them out if they have no fault. Raises BadInput, LinkDead."""
        self._admit(request)
        given, language = answers.read_json(await request.read()), _language(request)
        async with self.turn:
            if self.done:
                raise LinkDead
            decided = await asyncio.to_thread(self._decide, given, language, carrying_out)
            self.done = carrying_out
        if carrying_out:
            asyncio.get_running_loop().call_later(READ_S, self.ended.set)
        return decided

    def _decide(self, given: Given, language: Language, carrying_out: bool) -> tuple[Work, Plan, Verdict]:
        work = self._work(language)
        if (mail := given.answers.mail) is not None:
            smtp = None if work.settings.mail is None else work.settings.mail.smtp
            known = given.answers.model_copy(update={"mail": kept_password(mail, smtp)})
            given = replace(given, answers=known)
        plan, verdict = work.decide(given)
        if verdict.faults:
            raise BadInput([_fault(*each) for each in verdict.faults[:MAX_FAULTS]])
        if carrying_out:
            for path in work.carry_out(plan, verdict, self.tell):
                self.tell(str(path))
        return work, plan, verdict

    def _result(self, work: Work, plan: Plan, verdict: Verdict) -> Result:
        new, authority = not verdict.account_is_there, work.site.authority / AUTHORITY
        steps = work.next_steps(plan)
        for line in steps:
            self.tell(line)
        return Result(
            lines=[line.strip() for line in work.summary(plan, verdict)],
            next=[line.strip(" -") for line in steps],
            url=plan.url if plan.host else "",
            account=plan.wanted.account if new else "",
            password=plan.generated if new else "",
            authority=authority.read_text() if authority.exists() else "",
        )


def _fault(place: str, words: str) -> Fault:
    """Return a fault at its answer; lines of a table are named beside what is wrong with them."""
    if not place or place.partition(".")[0] in Answers.model_fields:
        return Fault(place, words)
    return Fault("" if place == "settings" else "units", f"{place}: {words}")


def _there(work: Work) -> There:
    present, values = work.present, work.site.file.values
    mail = work.settings.mail
    return There(
        host=known_host(present),
        port=work.settings.port,
        profile=values.get("DIEMCAU_PROFILE", REGULATION),
        units=present.units,
        certificate=bool(present.certificate),
        administrators=list(present.administrators[:5]),
        mail=None
        if mail is None
        else MailThere(
            host=mail.smtp.host, port=mail.smtp.port, tls=mail.smtp.tls, user=mail.smtp.user, sender=mail.sender
        ),
        groups=values.get("DIEMCAU_GROUPS", ""),
        sso=values.get("DIEMCAU_SSO", ""),
        sessions=present.capacity.sessions,
        points=present.capacity.points,
        capacity_recorded=present.capacity_recorded,
    )


def _json(model: BaseModel) -> web.Response:
    return web.Response(text=model.model_dump_json(), content_type="application/json")


def _language(request: web.Request) -> Language:
    return language_of(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))


async def _to_page(_: web.Request) -> web.StreamResponse:
    """Lead to the page; browsers keep the fragment with the token."""
    raise web.HTTPFound(PAGE)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers, without that by which a browser would refuse the certificate of the first hour."""
    await add_headers(request, response)
    response.headers.popall("Strict-Transport-Security", None)
    if request.path.startswith(PREFIX):
        response.headers["Cache-Control"] = "no-store"


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every exception into its problem; what failed on the machine is told as it is, to who sets it up."""
    try:
        return await handler(request)
    except web.HTTPRedirection:
        raise
    except Exception as error:
        if problem_type(error).status >= 500:
            log.exception("x %s %s", request.method, request.path)
            error = BadInput([Fault("", f"{error}.")])
        return problem(error, _language(request), secrets.token_hex(8))


def serve_page(environment: Path, terminal: Terminal) -> None:
    """Serve the page until its answers were carried out. Raises InputEnded where it ends before, SettingsError."""
    with TemporaryDirectory() as folder:
        site = Site.found(environment, Path(folder))
        settings = site.settings(site.file)
        with owner(settings.data) as runner:
            page = SetupPage(
                environment,
                Path(folder),
                runner,
                terminal.line,
                lambda address: terminal.say("web-opened", value=address),
            )
            asyncio.run(_serve(page, settings, terminal))
            if not page.done:
                raise InputEnded
            terminal.say("done")


async def _serve(page: SetupPage, settings: Settings, terminal: Terminal) -> None:
    """Listen with TLS until the page ends, a signal comes, or an hour is over; what is being written is finished."""
    context, fingerprint = _certificate(settings.data / "tls", page.folder / "tls")
    listener = Listener(page.application(), Limits(), SHUTDOWN_S)
    await listener.start()
    with _stopping(page.ended):
        listening = _listening(settings)
        listener.listen(listening, context)
        _tell_links(terminal, listening.getsockname()[1], page.token, fingerprint)
        try:
            async with asyncio.timeout(LASTS_S):
                await page.ended.wait()
        except TimeoutError:
            pass
        async with page.turn:
            await listener.stop()


def _certificate(known: Path, temporary: Path) -> tuple[ssl.SSLContext, str]:
    """Return the context of the certificate that is there, else of one for an hour, and its SHA-256."""
    try:
        context, folder = tls.load(known), known
    except (OSError, ValueError):
        context, folder = tls.context(temporary, own_addresses(), utc_now()), temporary
    shown = x509.load_pem_x509_certificate((folder / "cert.pem").read_bytes())
    return context, shown.fingerprint(hashes.SHA256()).hex(":").upper()


def _listening(settings: Settings) -> socket.socket:
    """Listen on the server's port, where the server does not run, else on any free one. Raises OSError."""
    try:
        return bind(settings.host, settings.port)
    except OSError:
        return bind(settings.host, 0)


def _tell_links(terminal: Terminal, port: int, token: str, fingerprint: str) -> None:
    terminal.say("web")
    for host in (*own_addresses(), "localhost"):
        name = f"[{host}]" if ":" in host else host
        terminal.say("web-link", value=f"https://{name}:{port}/{PAGE}#{token}")
    terminal.say("web-fingerprint", value=fingerprint)


@contextmanager
def _stopping(ended: asyncio.Event) -> Iterator[None]:
    """Let signals end the page in order."""
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, ended.set)
    try:
        yield
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
