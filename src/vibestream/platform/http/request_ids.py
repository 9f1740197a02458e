"""One name for a request in every log line, in its answer and in what it causes.

A caller's `X-Request-Id` is taken over when it looks like an id, and a valid `traceparent` gives the trace; otherwise
both are made here. Source: W3C Trace Context, 3.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.requests import HTTPConnection
from starlette.types import Scope

from vibestream.kernel.ids import new_id

_SCOPE_KEY: Final = "vibestream.request_id"
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,128}")
_TRACEPARENT: Final = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")


@dataclass(frozen=True, slots=True)
class RequestId:
    """How a request is called: `request` by us and our clients, `trace` by every system it passes through."""

    request: str
    trace: str


def identify(scope: Scope) -> RequestId:
    """Give a request its ids, keep them in its scope, and return them."""
    request = trace = b""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            request = value
        elif name == b"traceparent" and (found := _TRACEPARENT.fullmatch(value)):
            trace = found[1]
    made = "" if request and trace else new_id().hex
    identified = RequestId(request.decode() or made, trace.decode() or made)
    scope[_SCOPE_KEY] = identified
    return identified


def request_id(connection: HTTPConnection) -> str:
    """Return a request's id, empty outside the edge."""
    identified = connection.scope.get(_SCOPE_KEY)
    return identified.request if isinstance(identified, RequestId) else ""
