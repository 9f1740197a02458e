"""Answers of the stand-ins, and the faults that befall them on their way."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.responses import HTMLResponse, Response, StreamingResponse

from vibestream.sandbox.gateways.faults import Fault, Taken
from vibestream.sandbox.gateways.world import World

BEFORE: Final = frozenset({Fault.HTML, Fault.ERROR_500, Fault.RATE_LIMITED, Fault.SLOW})
AFTER: Final = frozenset({Fault.TIMEOUT_AFTER_EFFECT, Fault.TRUNCATED})
_HELD_S: Final = 60.0
_PROXY_PAGE: Final = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a stand-in answers: a status and a JSON body (None: no body)."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The body as it is sent."""
        return "" if self.body is None else json.dumps(self.body)


class ProviderError(Exception):
    """What a provider answers instead of the object, in its own shape; nothing that the request had begun stays."""

    @property
    def answer(self) -> Answer:
        """The answer that says so."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One request to a provider: what faults call it, and the key under which only one may be under way."""

    provider: str
    name: str
    key: str | None = None
    busy: Answer = field(default=Answer(409, None))
    """What a second one with the key is answered while the first is under way."""


async def send(world: World, act: Act, work: Callable[[Taken | None], Answer]) -> Response:
    """Do one act in one transaction and answer it, with the faults that are switched on for it.

    `work` is given a fault that the provider itself answers (500 or 429), so that it can remember the answer as the provider
    does; the faults of proxies and connections are handled here. An answer that is held back leaves its key free: the work is
    done, only the answer is lost.
    """
    held = None if act.key is None else (act.provider, act.key)
    if held is not None and held in world.in_use:
        return _response(act.busy)
    if held is not None:
        world.in_use.add(held)
    try:
        done = await _do(world, act, work)
    finally:
        if held is not None:
            world.in_use.discard(held)
    if isinstance(done, Response):
        return done
    answer, lost = done
    if lost is None:
        return _response(answer)
    if lost.kind is Fault.TIMEOUT_AFTER_EFFECT:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(world.stopping.wait(), lost.seconds(_HELD_S))
    return _broken(answer, shown=answer.text[: len(answer.text) // 2] if lost.kind is Fault.TRUNCATED else " ")


async def _do(world: World, act: Act, work: Callable[[Taken | None], Answer]) -> Response | tuple[Answer, Taken | None]:
    """Return the answer and how it gets lost; or what a proxy in front answered instead."""
    with world.store.transaction():
        fault = world.faults.take(act.provider, BEFORE, act=act.name)
    if fault is not None and fault.kind is Fault.SLOW:
        await asyncio.sleep(fault.seconds(1.0))
        fault = None
    proxy = fault if fault is not None and fault.kind is Fault.HTML else None
    if proxy is None or proxy.effect:
        with world.store.transaction():
            answer = work(None if proxy else fault)
            lost = world.faults.take(act.provider, AFTER, act=act.name)
        if proxy is None:
            return answer, lost
    return HTMLResponse(_PROXY_PAGE, status_code=502)


def _response(answer: Answer) -> Response:
    return Response(answer.text, status_code=answer.status, headers=_headers(answer))


def _broken(answer: Answer, *, shown: str) -> Response:
    """Return a response that breaks off: the connection is closed before the promised length was sent."""

    async def parts() -> AsyncIterator[bytes]:
        yield shown.encode()

    length = str(len(answer.text.encode()) + 2)
    return StreamingResponse(parts(), status_code=answer.status, headers=_headers(answer) | {"content-length": length})


def _headers(answer: Answer) -> dict[str, str]:
    return answer.headers | ({} if answer.body is None else {"content-type": "application/json"})
