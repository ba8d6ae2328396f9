"""Turns entries of the route table into aiohttp handlers; checks sign-in, origin, body and query in one place."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from aiohttp import hdrs, web
from pydantic import TypeAdapter
from pydantic_core import from_json

from signaling.core.account import Account
from signaling.core.characters import misplaced
from signaling.core.errors import (
    BadInput,
    BadJson,
    BadType,
    Fault,
    Forbidden,
    Hidden,
    InsufficientScope,
    NotFound,
    TooSlow,
)
from signaling.core.texts import language_of
from signaling.http import idempotency
from signaling.http.context import HTTP
from signaling.http.idempotency import Keyed, StoredResponse
from signaling.http.middleware import REQUEST, check_origin, signed_in, source_of
from signaling.http.openapi import document
from signaling.http.problems import CONTENT_TYPE, problem, problem_type
from signaling.http.route import ID, ID_PATTERN, ApiRequest, Model, Route

Respond = Callable[[ApiRequest], Awaitable[web.StreamResponse]]
NOBODY = Account("", "", (), None, None)
FORBIDDEN = 403
BODY_SECONDS = 20.0
"""Longest time until a body has arrived."""
OUR_FAULT = 500
LONGEST_PLACE = 80
"""Longest name of a faulty field; members of an object are named by its sender."""


def routes(prefix: str, table: Sequence[Route], models: Mapping[str, str]) -> list[web.RouteDef]:
    """Return the aiohttp routes of an API whose paths begin with `prefix`, with its OpenAPI document."""
    described = cache(lambda: document(prefix, table, models))

    async def openapi(_: web.Request) -> web.Response:
        return web.json_response(described())

    async def unknown(request: web.Request) -> web.Response:
        """Answer paths outside the table, after the check of the sign-in: outsiders learn nothing about the table."""
        await signed_in(request)
        called = request.path.removeprefix(prefix)
        methods = {route.method for route in table if re.fullmatch(route.path.replace(ID, ID_PATTERN), called)}
        if methods:
            raise web.HTTPMethodNotAllowed(request.method, methods)
        raise NotFound

    served = [web.route(route.method, prefix + route.path, _handler(route)) for route in table]
    return [*served, web.get(f"{prefix}/openapi.json", openapi), web.route("*", "/api/{rest:.*}", unknown)]


@cache
def _adapter(response: Any) -> TypeAdapter[Any]:
    """Return what writes responses of a type as JSON; many routes share one."""
    return TypeAdapter(response)


def _handler(route: Route) -> Any:
    adapter = _adapter(route.response)

    async def respond(request: ApiRequest) -> web.StreamResponse:
        response = await route.handler(request)
        if isinstance(response, web.StreamResponse):
            return response
        answer = web.Response(
            body=adapter.dump_json(response, by_alias=True), content_type="application/json", status=route.status
        )
        if route.public:
            answer.enable_compression()
        return answer

    async def handle(request: web.Request) -> web.StreamResponse:
        account = NOBODY if route.access == "open" else await signed_in(request, route.access)
        if route.method == "POST" and account.scopes is None:
            check_origin(request)
        if route.method == "POST" and account.account and not route.upload and not request.content.is_eof():
            await _raw(request)
            account = await signed_in(request, route.access)  # the sign-in, or a role, may have ended meanwhile
        call = ApiRequest(request, account, None, None, source_of(request), request.app[HTTP].clock())
        return await _serve(route, call, respond)

    return handle


async def _serve(route: Route, request: ApiRequest, respond: Respond) -> web.StreamResponse:
    """Check a request and let the handler answer; write refusals to the audit log (R-008)."""
    try:
        if request.account.scopes is not None and route.scope not in request.account.scopes:
            raise InsufficientScope(route.scope)
        if request.account.outsider and route.access == "signed-in":
            raise Forbidden
        if route.acts:
            request = replace(request, account=_acting(request.account))
        body = await _body(request.request, route.body) if route.method == "POST" and not route.upload else None
        checked = replace(request, body=body, query=_query(request.request, route.query))
        key = idempotency.key_of(request.request.headers.get(idempotency.HEADER)) if route.keyed else None
        return await (respond(checked) if key is None else _once(checked, key, respond))
    except Exception as error:
        if (isinstance(error, Hidden) or problem_type(error).status == FORBIDDEN) and request.account.account:
            await request.note("refused", request.request.path, route.method)
        raise


def _acting(account: Account) -> Account:
    """Return an account with the roles that may change something. Raises Forbidden."""
    if account.only_supervises:
        raise Forbidden
    return account.acting()


async def _once(request: ApiRequest, key: str, respond: Respond) -> web.Response:
    """Carry a request with an Idempotency-Key out once; later ones get the stored response."""
    http_request = request.request
    mark = idempotency.fingerprint(http_request.method, http_request.path_qs, await _raw(http_request))

    async def carry_out() -> StoredResponse:
        return _stored_response(await respond(request))

    def refused(error: Exception) -> StoredResponse | None:
        language = language_of(http_request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
        response = problem(error, language, http_request[REQUEST])
        return None if response.status >= OUR_FAULT else _stored_response(response)

    keyed = Keyed(request.account.account, key, mark)
    stored = await request.context(HTTP).idempotency.once(keyed, request.now, carry_out, refused)
    kind = "application/json" if stored.status < idempotency.REFUSED else CONTENT_TYPE
    response = web.Response(body=stored.text.encode(), content_type=kind, status=stored.status)
    if stored.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _stored_response(response: web.StreamResponse) -> StoredResponse:
    """Return the part of a response that is stored; endpoints that take a key answer with JSON."""
    if not isinstance(response, web.Response):
        raise TypeError(response)
    return StoredResponse(response.status, response.text or "")


async def _raw(request: web.Request) -> bytes:
    """Read a body of at most 64 KiB; aiohttp keeps it for a second read. Raises TooSlow."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise TooSlow from None


def _query(request: web.Request, model: type[Model]) -> Model:
    """Read the query of a request. Raises BadInput, pydantic's ValidationError."""
    query = dict(request.query)
    _check_characters(query)
    return model.model_validate(query)


def _check_characters(value: dict[str, Any]) -> None:
    """Check that no text of a body or a query has characters that none may have. Raises BadInput."""
    place = misplaced(value)
    if place is not None:
        raise BadInput([Fault(place[:LONGEST_PLACE] or "body", "bad-characters")])


async def _body(request: web.Request, model: type[Model] | None) -> Model | None:
    """Read a body of at most 64 KiB. Raises BadType, TooSlow, BadJson, BadInput, pydantic's ValidationError."""
    if request.content_type != "application/json" or hdrs.CONTENT_TYPE not in request.headers:
        raise BadType
    raw = await _raw(request)
    if model is None:
        return None
    try:
        value = from_json(raw, allow_inf_nan=False)
    except ValueError:
        raise BadJson from None
    if not isinstance(value, dict):
        raise BadJson
    _check_characters(value)
    return model.model_validate(value)
