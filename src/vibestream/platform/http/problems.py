"""Every refusal and failure as problem+json: one table from kinds to statuses, nothing of the inside shown.

Source: RFC 9457. `type` is a stable URN of the error's code; `code` and `request_id` are extension members, as are the
error's facts under `facts` and, for input that does not fit its model, every wrong field under `errors`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from vibestream.kernel.errors import Kind, VibeStreamError
from vibestream.platform.http import exchange
from vibestream.platform.http.requests import MalformedBody

MEDIA_TYPE: Final = "application/problem+json"

STATUS: Final[Mapping[Kind, HTTPStatus]] = {
    Kind.INVALID: HTTPStatus.UNPROCESSABLE_ENTITY,
    Kind.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    Kind.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Kind.MISSING: HTTPStatus.NOT_FOUND,
    Kind.CONFLICT: HTTPStatus.CONFLICT,
    Kind.GONE: HTTPStatus.GONE,
    Kind.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Kind.UNSUPPORTED: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Kind.LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    Kind.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, as it is told to the caller."""

    status: HTTPStatus
    code: str
    detail: str
    facts: Mapping[str, object] = field(default_factory=dict)
    errors: Sequence[Mapping[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def problem_of(error: Exception) -> Problem:
    """Return what to tell the caller about an error; nothing of it, when it was not foreseen."""
    match error:
        case VibeStreamError():
            facts = error.facts()
            headers = {}
            if (seconds := getattr(error, "retry_after_s", None)) is not None:
                headers["Retry-After"] = str(seconds)
            return Problem(STATUS[error.kind], error.code, str(error), facts, headers=headers)
        case RequestValidationError():
            return Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "http.invalid_input",
                "Some of what was sent does not fit; see errors.",
                errors=[_field_error(item) for item in error.errors()],
            )
        case MalformedBody():
            return Problem(HTTPStatus.BAD_REQUEST, error.code, error.detail)
        case HTTPException():
            status = HTTPStatus(error.status_code)
            code = f"http.{status.name.lower()}"
            return Problem(status, code, status.description or status.phrase, headers=error.headers or {})
        case _:
            return Problem(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "http.internal_error",
                "Something went wrong on our side. It has been recorded; quote the request id when you report it.",
            )


def respond(request: Request, problem: Problem) -> Response:
    """Return a problem as a response."""
    body: dict[str, object] = {
        "type": f"urn:vibestream:problem:{problem.code}",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "detail": problem.detail,
        "code": problem.code,
        "request_id": request.scope.get("vibestream.request_id", ""),
    }
    if problem.facts:
        body["facts"] = problem.facts
    if problem.errors:
        body["errors"] = problem.errors
    response = Response(
        json.dumps(body, default=str, ensure_ascii=False).encode(),
        problem.status.value,
        headers=dict(problem.headers),
        media_type=MEDIA_TYPE,
    )
    try:
        response.headers.update(exchange.current(request).response_headers)
    except exchange.OutsideRouter:
        pass
    return response


def install(app: FastAPI) -> None:
    """Answer every foreseen error of an application with problem+json."""

    async def answer(request: Request, error: Exception) -> Response:
        return respond(request, problem_of(error))

    for kind in (VibeStreamError, RequestValidationError, HTTPException, MalformedBody):
        app.add_exception_handler(kind, answer)


def _field_error(item: Mapping[str, Any]) -> dict[str, str]:
    where, *path = (str(part) for part in item["loc"])
    error = {"in": where, "field": ".".join(path), "code": str(item["type"]), "detail": str(item["msg"])}
    if where == "body":
        error["pointer"] = "#" + "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
    return error
