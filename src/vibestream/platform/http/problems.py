"""Every refusal and failure as problem+json: one table from kinds to statuses, nothing of the inside shown.

`type` is a stable URN of the error's code; extension members are `code`, `request_id`, the error's `facts`, and, for
input that does not fit its model, every wrong field under `errors`. What was sent is never repeated: it may be a
password.

An error class may carry `http_status` where a protocol fixes another status than its kind has (tus: 412, 460), and
`retry_after_s`, `challenge` (its `WWW-Authenticate`), and `protocol_body()` where a protocol fixes the whole body (OAuth).
Source: RFC 9457.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from vibestream.kernel.errors import Kind, VibeStreamError
from vibestream.platform.http import exchange
from vibestream.platform.http.request_ids import request_id
from vibestream.platform.http.requests import MalformedBody
from vibestream.platform.observability.metrics import PROBLEMS

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
_CHALLENGE: Final = 'Cookie realm="VibeStream"'
_SENTENCES: Final[Mapping[int, str]] = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take this method; see the Allow header.",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, as it is told to the caller."""

    status: int
    code: str
    detail: str
    facts: Mapping[str, object] = field(default_factory=dict)
    errors: Sequence[Mapping[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The status in words."""
        try:
            return HTTPStatus(self.status).phrase
        except ValueError:
            return "Refused"


ProblemPage = Callable[[Request, Problem], Response]
"""Shows a problem to a person; given by the composition root."""


def problem_of(error: Exception) -> Problem:
    """Return what to tell the caller about an error: nothing of it, when it was not foreseen."""
    match error:
        case VibeStreamError():
            return _foreseen(error)
        case MalformedBody():
            return Problem(HTTPStatus.BAD_REQUEST, error.code, error.detail)
        case RequestValidationError():
            fields = [_field_error(item) for item in error.errors()]
            detail = "Some of what was sent does not fit; see errors."
            return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "http.invalid_input", detail, errors=fields)
        case HTTPException():
            name = HTTPStatus(error.status_code).name.lower()
            detail = _SENTENCES.get(error.status_code, HTTPStatus(error.status_code).description)
            return Problem(error.status_code, f"http.{name}", detail, headers=error.headers or {})
        case _:
            detail = "Something went wrong on our side. It was recorded; quote the request id when you report it."
            return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "http.internal_error", detail)


@dataclass(frozen=True, slots=True)
class Answers:
    """Turns errors into responses: problem+json, or a page for a person who opened an address in a browser."""

    page: ProblemPage | None = None

    async def __call__(self, request: Request, error: Exception) -> Response:
        """Return the answer to an error."""
        problem = problem_of(error)
        PROBLEMS.labels(problem.code, int(problem.status)).inc()
        response = _of_protocol(error, problem) or self._page(request, problem) or _json(request, problem)
        response.headers.update(problem.headers)
        response.headers.update(exchange.response_headers(request))
        return response

    def _page(self, request: Request, problem: Problem) -> Response | None:
        wanted = "text/html" in request.headers.get("accept", "") and not _for_programs(request.scope["path"])
        return self.page(request, problem) if self.page is not None and wanted else None


def _of_protocol(error: Exception, problem: Problem) -> Response | None:
    body = getattr(error, "protocol_body", None)
    return None if body is None else JSONResponse(body(), int(problem.status))


def _json(request: Request, problem: Problem) -> Response:
    body: dict[str, object] = {
        "type": f"urn:vibestream:problem:{problem.code}",
        "title": problem.title,
        "status": int(problem.status),
        "detail": problem.detail,
        "code": problem.code,
        "request_id": request_id(request),
    }
    if problem.facts:
        body["facts"] = problem.facts
    if problem.errors:
        body["errors"] = problem.errors
    content = json.dumps(body, default=_plain, ensure_ascii=False).encode(errors="replace")
    return Response(content, int(problem.status), media_type=MEDIA_TYPE)


def _foreseen(error: VibeStreamError) -> Problem:
    status = getattr(error, "http_status", STATUS[error.kind])
    headers = {}
    if (seconds := getattr(error, "retry_after_s", None)) is not None:
        headers["Retry-After"] = str(seconds)
    if (
        challenge := getattr(error, "challenge", _CHALLENGE if status == HTTPStatus.UNAUTHORIZED else None)
    ) is not None:
        headers["WWW-Authenticate"] = challenge
    return Problem(int(status), error.code, str(error), error.facts(), headers=headers)


def _for_programs(path: str) -> bool:
    return path.startswith(("/api/", "/media/"))


def _plain(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, set | frozenset) else str(value)


def _field_error(item: Mapping[str, Any]) -> dict[str, str]:
    where, *path = (str(part) for part in item["loc"])
    error = {"in": where, "field": ".".join(path), "code": str(item["type"]), "detail": str(item["msg"])}
    if where == "body":
        error["pointer"] = "#" + "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
    return error
