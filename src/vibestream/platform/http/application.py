"""Building the ASGI application around an edge, and the tasks that run beside its requests."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from importlib.metadata import version
from types import FrameType
from typing import Any, Final

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match

from vibestream.kernel.errors import VibeStreamError
from vibestream.platform.access import ANYONE
from vibestream.platform.http import event_stream, operations
from vibestream.platform.http.description import described
from vibestream.platform.http.edge import Edge
from vibestream.platform.http.middleware import EdgeMiddleware
from vibestream.platform.http.problems import Answers, ProblemPage
from vibestream.platform.http.requests import MalformedBody
from vibestream.platform.http.routing import Router
from vibestream.platform.observability.metrics import BUILD
from vibestream.platform.observability.serving import metrics_served
from vibestream.platform.tasks import cancel_and_wait

VERSION: Final = version("vibestream")
_METHOD_NOT_ALLOWED: Final = 405
_log = structlog.get_logger()


_description: Final = Router()


@_description.get("/api/openapi.json", policy=ANYONE, include_in_schema=False)
async def describe(request: Request) -> Response:
    """Describe the interface; made once an application.

    Not a closure over the application: FastAPI keeps every handler in a cache of the process, and the application with
    it, for good. A run of tests that makes one for each of them then ends up in the garbage collector.
    """
    state = request.app.state
    if not hasattr(state, "description"):
        state.description = JSONResponse(described(request.app))
    answer: Response = state.description
    return answer


def build(edge: Edge, *, routers: Sequence[APIRouter], problem_page: ProblemPage | None = None) -> FastAPI:
    """Return the application that answers with these routers, and with what every process has."""
    app = FastAPI(
        title="VibeStream",
        version=VERSION,
        lifespan=_lifespan,
        openapi_url=None,
        redirect_slashes=False,  # its redirects are built from the Host header, which anybody can write
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.state.edge = edge
    answers = Answers(problem_page)

    async def answer(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code == _METHOD_NOT_ALLOWED:
            error = HTTPException(error.status_code, headers={"Allow": ", ".join(_allowed(request))})
        return await answers(request, error)

    for kind in (VibeStreamError, RequestValidationError, HTTPException, MalformedBody):
        app.add_exception_handler(kind, answer)
    app.add_middleware(EdgeMiddleware, edge=edge, answers=answers)
    for router in (operations.router, event_stream.router, _description, *routers):
        app.include_router(router)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    edge: Edge = app.state.edge
    BUILD.labels(VERSION).set(1)
    async with _beside(edge):
        with metrics_served(edge.settings.metrics_port), _going(edge):
            edge.started.set()
            _log.info("http.started", version=VERSION, environment=edge.settings.environment.value)
            yield


@contextlib.asynccontextmanager
async def _beside(edge: Edge) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(edge.live.run()), asyncio.create_task(edge.sampler.run())]
    for task in tasks:
        task.add_done_callback(_report)
    try:
        yield
    finally:
        await cancel_and_wait(*tasks)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("http.task_ended", exc_info=error)


@contextlib.contextmanager
def _going(edge: Edge) -> Iterator[None]:
    """End the event streams, and be ready for nothing more, as soon as the process is asked to go.

    The server first waits for its connections to end and only then tells the application, so streams, which never end
    by themselves, would keep it until it is killed. The server's own handler of the signal is called all the same.
    """
    loop = asyncio.get_running_loop()

    def go() -> None:
        edge.started.clear()
        edge.live.close("server_going")

    def chained(before: Any) -> Callable[[int, FrameType | None], None]:
        def handle(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(go)
            if callable(before):
                before(number, frame)

        return handle

    numbers = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
    before = {number: signal.getsignal(number) for number in numbers}
    for number in numbers:
        signal.signal(number, chained(before[number]))
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, before[number])
        go()


def _allowed(request: Request) -> list[str]:
    """Return every method that some route answers at this address; the framework names one route's only."""
    methods = set()
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        scope = {"type": "http", "method": method, "path": request.scope["path"], "root_path": "", "headers": []}
        routes: list[BaseRoute] = request.app.routes
        if any(route.matches(scope)[0] is Match.FULL for route in routes):
            methods.add(method)
    return sorted(methods)
