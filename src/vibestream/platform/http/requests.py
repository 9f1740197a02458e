"""A request whose body is bounded while it streams in, and whose JSON means one thing only.

Refused: a body larger than the route takes (before it is read when its length is announced), another content type or
encoding, invalid UTF-8, duplicate keys, NaN and infinities, numbers too long to be meant, lone surrogates and NUL in
strings (no database column holds them), and nesting that only an attack has.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import AsyncGenerator, Iterable
from typing import Any, Final

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from vibestream.kernel.errors import TooLarge, Unavailable, Unsupported

MAX_BODY_BYTES: Final = 1024 * 1024
"""The most that a route takes unless it says otherwise."""
MAX_DEPTH: Final = 32
IDLE_S: Final = 30.0
"""How long the next piece of a body may take to come."""
_MAX_DIGITS: Final = 40
_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKETS: Final = re.compile(rb"[\[\]{}]")
_NUL_OR_SURROGATE: Final = re.compile("[\x00\ud800-\udfff]")


class BodyTooLarge(TooLarge):
    """The body is larger than this route takes."""

    code = "http.body_too_large"

    def __init__(self, *, limit_bytes: int) -> None:
        super().__init__(f"The body may have at most {limit_bytes} bytes here.")
        self.limit_bytes = limit_bytes


class BodyTooSlow(Unavailable):
    """The body stopped coming."""

    code = "http.body_too_slow"
    http_status = 408


class UnsupportedMediaType(Unsupported):
    """The body's content type or encoding is not taken here."""

    code = "http.unsupported_media_type"


class MalformedBody(ValueError):
    """The body is not the JSON it claims to be; answered with 400."""

    code = "http.malformed_body"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class StreamedAlready(RuntimeError):
    """The body was streamed past and is gone: a defect of the handler that asks for it twice."""


class StrictRequest(Request):
    """A request with a bounded body and strict JSON."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, max_body_bytes: int = MAX_BODY_BYTES) -> None:
        super().__init__(scope, receive, send)
        self._max_body_bytes = max_body_bytes
        self._parsed: tuple[Any] | None = None

    @property
    def can_be_handled_again(self) -> bool:
        """Whether a second handler would see the same body: it was not streamed past, or is kept."""
        return not self._stream_consumed or hasattr(self, "_body")

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """Yield the body in pieces, the last of them empty.

        Raises:
            BodyTooLarge: its announced or its real length is over the route's limit.
            BodyTooSlow: the next piece did not come in time.
            ClientDisconnect: the caller hung up.
        """
        if hasattr(self, "_body"):
            yield self._body
            yield b""
            return
        if self._stream_consumed:
            raise StreamedAlready
        announced = self.headers.get("content-length", "0")
        if announced.isdecimal() and int(announced[:20]) > self._max_body_bytes:
            raise BodyTooLarge(limit_bytes=self._max_body_bytes)
        seen, more = 0, True
        while more:
            piece, more = await self._next_piece()
            seen += len(piece)
            if seen > self._max_body_bytes:
                raise BodyTooLarge(limit_bytes=self._max_body_bytes)
            if piece:
                yield piece
        yield b""

    async def _next_piece(self) -> tuple[bytes, bool]:
        try:
            async with asyncio.timeout(IDLE_S):
                message = await self._receive()
        except TimeoutError:
            raise BodyTooSlow(f"Nothing of the body came for {IDLE_S:.0f} s.") from None
        if message["type"] != "http.request":
            self._is_disconnected = True
            raise ClientDisconnect
        more = bool(message.get("more_body", False))
        self._stream_consumed = not more
        return bytes(message.get("body", b"")), more

    async def json(self) -> Any:
        """Return the body as strict JSON.

        Raises:
            MalformedBody: it is not.
        """
        if self._parsed is None:
            self._parsed = (parse_json(await self.body()),)
        return self._parsed[0]


def require_json_type(request: Request) -> None:
    """Return when the body is declared as UTF-8 JSON, unencoded.

    Raises:
        UnsupportedMediaType: it is declared as something else, or not at all.
    """
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.partition("charset=")[2].strip(' "').lower()
    if media_type.strip().lower() != "application/json" or charset not in {"", "utf-8", "utf8"}:
        raise UnsupportedMediaType("Send the body as application/json in UTF-8.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("Send the body without a content encoding.")


def parse_json(body: bytes) -> Any:
    """Return what the bytes say, if they say it unambiguously.

    Raises:
        MalformedBody: names the first thing that is wrong.
    """
    _check_depth(body)
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_bounded,
        )
    except UnicodeDecodeError as error:
        raise MalformedBody(f"The body is not UTF-8 at byte {error.start}.") from None
    except json.JSONDecodeError as error:
        raise MalformedBody(f"The body is not JSON: {error.msg} at character {error.pos}.") from None
    if b"\\u" in body:
        _check_strings(value)
    return value


def _check_depth(body: bytes) -> None:
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for bracket in _BRACKETS.finditer(_STRINGS.sub(b"", body)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            raise MalformedBody(f"The body nests deeper than {MAX_DEPTH} levels.")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise MalformedBody(f"The name {twice[:64]!r} occurs twice in one object.")
    return found


def _refuse_constant(name: str) -> float:
    raise MalformedBody(f"{name} is not a JSON number.")


def _finite(text: str) -> float:
    number = float(text)
    if len(text) > _MAX_DIGITS or not math.isfinite(number):
        raise MalformedBody("A number is out of range.")
    return number


def _bounded(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise MalformedBody("A number is out of range.")
    return int(text)


def _check_strings(value: Any) -> None:
    waiting: list[Any] = [value]
    while waiting:
        match waiting.pop():
            case str() as text if _NUL_OR_SURROGATE.search(text):
                raise MalformedBody("A string holds NUL or half a surrogate pair.")
            case dict() as mapping:
                waiting += [*mapping.keys(), *mapping.values()]
            case list() as items:
                waiting += items
            case _:
                pass


def require_form_charset(request: Request) -> None:
    """Return when a form is in UTF-8 as far as it says: another codec decodes to what no column holds, or fails.

    Raises:
        UnsupportedMediaType: it names another.
    """
    _, parameters = parse_options_header(request.headers.get("content-type", ""))
    if parameters.get(b"charset", b"utf-8").lower() not in {b"utf-8", b"utf8"}:
        raise UnsupportedMediaType("Send the form in UTF-8.")


def check_form(texts: Iterable[object]) -> None:
    """Return when no field of a form holds a NUL, which no database column takes.

    Raises:
        MalformedBody: one does.
    """
    if any(isinstance(text, str) and "\0" in text for text in texts):
        raise MalformedBody("A field holds a NUL character.")
