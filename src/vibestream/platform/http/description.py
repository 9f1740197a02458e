"""The OpenAPI document: what FastAPI reads off the handlers, and what it cannot know: refusals and who may call.

Every refusal is a problem (RFC 9457), whatever the route, so each operation has it under `4XX` and `5XX`; what a
protocol answers instead (OAuth: RFC 6749, 5.2) is there beside it. Who may call is said by the route's policy.
"""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from vibestream.platform.access import ANYONE, Policy
from vibestream.platform.http.problems import MEDIA_TYPE

_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "title": "Problem",
    "description": "Why a request was refused. Source: RFC 9457.",
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "pattern": "^urn:vibestream:problem:[a-z0-9_.]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What to do, in one sentence."},
        "code": {"type": "string", "description": "Stable, for programs.", "pattern": "^[a-z0-9_.]+$"},
        "request_id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "facts": {"type": "object", "description": "What a program may want to know."},
        "errors": {
            "type": "array",
            "description": "Every field that does not fit.",
            "items": {
                "type": "object",
                "required": ["in", "field", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("in", "field", "code", "detail", "pointer")},
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
_OAUTH_ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "title": "OAuthError",
    "description": "Why a request of OAuth was refused. Source: RFC 6749, 5.2.",
    "required": ["error"],
    "properties": {"error": {"type": "string"}, "error_description": {"type": "string"}},
    "additionalProperties": False,
}
_SECURITY: Final[dict[str, Any]] = {
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-vs", "description": "A browser's session."},
    "app": {
        "type": "http",
        "scheme": "bearer",
        "description": "An app's access token, with the scope that is named.",
    },
}
_OURS: Final = ("HTTPValidationError", "ValidationError")
"""What FastAPI believes that it answers when something does not fit."""


def described(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application's routes for programs."""
    document: dict[str, Any] = app.openapi()
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _OURS:
        schemas.pop(name, None)
    schemas |= {"Problem": _PROBLEM, "OAuthError": _OAUTH_ERROR}
    document["components"]["securitySchemes"] = _SECURITY
    policies = _policies(app)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _refusals(operation["responses"], of_oauth=path.startswith("/oauth/"))
            if (policy := policies.get((path, method.upper()))) is not None:
                operation["security"] = _security(policy)
    return document


def _refusals(responses: dict[str, Any], *, of_oauth: bool) -> None:
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    if of_oauth:
        content["application/json"] = {"schema": {"$ref": "#/components/schemas/OAuthError"}}
    responses |= {
        "4XX": {"description": "Refused; `code` says why.", "content": content},
        "5XX": {"description": "Not now, or not at all; `code` says why.", "content": content},
    }


def _security(policy: Policy) -> list[dict[str, list[str]]]:
    if policy is ANYONE:
        return []
    return [{"session": []}, *([] if policy.scope is None else [{"app": [policy.scope]}])]


def _policies(app: FastAPI) -> dict[tuple[str, str], Policy]:
    return {
        (str(context.path), method): policy
        for context in iter_route_contexts(app.routes)
        if isinstance(policy := getattr(context.original_route, "policy", None), Policy)
        for method in context.methods or ()
    }
