"""Generates the OpenAPI 3.1 document of the API from the same route table that serves it."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from signaling.http import idempotency
from signaling.http.cookies import COOKIE
from signaling.http.route import Problem, Route

REF = "#/components/schemas/{model}"
PROBLEM = {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}}
MEANINGS = {
    400: "Not JSON",
    401: "Not signed in, wrong account or password, or no valid token",
    403: "Not allowed, another origin, or the password must be changed first",
    404: "Not found",
    409: "Does not fit, or no longer possible",
    410: "The link has expired",
    413: "The body is larger than 64 KiB",
    415: "Not application/json",
    422: "Faulty fields",
    429: "Too many failures",
    503: "Cannot be served now",
}


_KEY = {
    "name": idempotency.HEADER,
    "in": "header",
    "required": False,
    "description": "The same call twice under one key, within 24 hours, is carried out once and answered alike"
    " (then with `Idempotent-Replayed: true`); 409 while it is being carried out, 422 when another call had the key",
    "schema": {"type": "string", "pattern": f"^{idempotency.PATTERN}$"},
}


_TOKEN = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API token of another system (RFC 6750); operations that take it name its scope",
}


def document(prefix: str, routes: Sequence[Route], models: Mapping[str, str]) -> dict[str, Any]:
    """Return the OpenAPI document of an API whose paths begin with `prefix`.

    Models of one name are told apart by a word for their module (`models`), so that their names outlive moves of files.
    """
    used: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Problem, "serialization")]
    for route in routes:
        used += [(route.body, "validation")] if route.body else []
        used += [(model, "serialization") for model in _models(route.response)]
    names, definitions = models_json_schema(used, ref_template=REF)
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(public_path(route.path), {})[route.method.lower()] = _operation(route, names)
    described = {
        "openapi": "3.1.0",
        "info": {"title": "Điểm cầu", "version": "1", "description": "Books sessions and administers them."},
        "servers": [{"url": prefix}],
        "paths": paths | {"/openapi.json": {"get": _own()}},
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {"cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE}, "token": _TOKEN},
        },
    }
    text = json.dumps(described)
    for module, word in models.items():
        text = text.replace(f"{module.replace('.', '__')}__", f"signaling__rest__{word}__")
    renamed: dict[str, Any] = json.loads(text)
    return renamed


def public_path(path: str) -> str:
    """Return a path without aiohttp's patterns."""
    return re.sub(r"\{(\w+):[^/]*\}", r"{\1}", path)


def _models(response: Any) -> list[type[BaseModel]]:
    """Return the model of a response, or of the items of a list."""
    inner = response.__args__[0] if hasattr(response, "__args__") else response
    return [inner] if isinstance(inner, type) and issubclass(inner, BaseModel) else []


def _operation(route: Route, names: Any) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.operation_id,
        "summary": route.summary,
        "security": _security(route),
        "responses": {str(route.status): _success(route, names)},
    }
    parameters = _parameters(route)
    if parameters:
        operation["parameters"] = parameters
    if route.body:
        schema = names[(route.body, "validation")]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    for status in _statuses(route):
        operation["responses"][str(status)] = {"description": MEANINGS[status], "content": PROBLEM}
    return operation


def _security(route: Route) -> list[dict[str, list[str]]]:
    """Return the ways to sign in: by cookie, or by a token with the scope."""
    if route.access == "open":
        return []
    ways: list[dict[str, list[str]]] = [{"cookie": []}]
    return [*ways, {"token": [route.scope]}] if route.scope else ways


def _success(route: Route, names: Any) -> dict[str, Any]:
    if route.status == 204:
        return {"description": "Done"}
    if route.response is None:
        binary = {"schema": {"type": "string", "format": "binary"}}
        return {"description": route.summary, "content": {route.media_type: binary}}
    ref = names[(_models(route.response)[0], "serialization")]
    schema = {"type": "array", "items": ref} if hasattr(route.response, "__args__") else ref
    return {"description": route.summary, "content": {route.media_type: {"schema": schema}}}


def _parameters(route: Route) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": pattern}}
        for name, pattern in re.findall(r"\{(\w+):(.*?)\}(?=/|$)", route.path)
    ]
    schema = TypeAdapter(route.query).json_schema(mode="validation")
    required = schema.get("required", [])
    in_query = [
        {"name": name, "in": "query", "required": name in required, "schema": part} | _commas(part)
        for name, part in schema.get("properties", {}).items()
    ]
    return in_path + in_query + ([_KEY] if route.keyed else [])


def _commas(schema: dict[str, Any]) -> dict[str, bool]:
    """Return the attribute that puts the items of a list into one parameter, separated by commas."""
    kinds = [schema, *schema.get("anyOf", [])]
    return {"explode": False} if any(kind.get("type") == "array" for kind in kinds) else {}


def _statuses(route: Route) -> list[int]:
    """Return the status codes of the problems of an endpoint: its own, and those of its kind."""
    statuses = {*route.problems, 401, 422, 503}
    statuses |= {400, 403, 413, 415} if route.method == "POST" else set()
    statuses |= {409} if route.keyed else set()
    statuses |= {403} if route.access == "signed-in" else set()
    return sorted(statuses)


def _own() -> dict[str, Any]:
    schema = {"application/json": {"schema": {"type": "object"}}}
    return {
        "operationId": "openapi",
        "summary": "This document",
        "security": [],
        "responses": {"200": {"description": "This document", "content": schema}},
    }
