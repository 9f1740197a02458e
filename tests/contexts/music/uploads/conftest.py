"""Artists and a client that speaks tus, in process, over routes of uploads alone."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from tests.http_client import Directory, open_client
from vibestream.contexts.music.packaging.service import original_key
from vibestream.contexts.music.uploads.routes import router
from vibestream.kernel.ids import SessionId, UserId, new_id
from vibestream.platform.access import Principal
from vibestream.platform.database import Database
from vibestream.platform.http.application import build
from vibestream.platform.http.edge import Edge
from vibestream.platform.runtime import Runtime

TUS = "/api/v1/tus"
OFFSET_STREAM = "application/offset+octet-stream"


def checksum(algorithm: str, data: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


def metadata(**pairs: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


@dataclass
class Tus:
    """A tus client that hides nothing: every answer is the raw response."""

    client: httpx2.AsyncClient
    principal: Principal
    defaults: dict[str, str] = field(default_factory=lambda: {"Tus-Resumable": "1.0.0"})

    async def create(self, size: object = None, *, content: Any = None, **headers: str | bytes) -> httpx2.Response:
        given = {} if size is None else {"Upload-Length": str(size)}
        return await self.client.post(TUS, headers={**self.defaults, **given, **_spelled(headers)}, content=content)

    async def begin(self, size: int, **headers: str) -> str:
        response = await self.create(size, **headers)
        assert response.status_code == 201, response.text
        return str(response.headers["Location"])

    async def patch(self, url: str, offset: object, content: Any, **headers: str) -> httpx2.Response:
        sent = {**self.defaults, "Upload-Offset": str(offset), "Content-Type": OFFSET_STREAM, **_spelled(headers)}
        return await self.client.patch(url, headers=sent, content=content)

    async def head(self, url: str, **headers: str) -> httpx2.Response:
        return await self.client.head(url, headers={**self.defaults, **_spelled(headers)})

    async def offset(self, url: str) -> int:
        response = await self.head(url)
        assert response.status_code == 200, response.status_code
        return int(response.headers["Upload-Offset"])

    async def delete(self, url: str) -> httpx2.Response:
        return await self.client.delete(url, headers=self.defaults)

    async def view(self, url: str) -> dict[str, Any]:
        response = await self.client.get(url.replace(TUS, "/api/v1/uploads"))
        assert response.status_code == 200, response.text
        shown: dict[str, Any] = response.json()
        return shown


def _spelled(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


TusFor = Callable[..., Awaitable[Tus]]


@pytest.fixture
async def serve_uploads(directory: Directory) -> AsyncIterator[Callable[[Runtime], Awaitable[FastAPI]]]:
    """Return a function that starts an application of nothing but uploads over a runtime."""
    async with AsyncExitStack() as stack:

        async def serve(runtime: Runtime) -> FastAPI:
            app = build(Edge.of(runtime, authenticate=directory), routers=[router])
            await stack.enter_async_context(app.router.lifespan_context(app))
            return app

        yield serve


@pytest.fixture
async def uploads_app(serve_uploads: Callable[[Runtime], Awaitable[FastAPI]], runtime: Runtime) -> FastAPI:
    return await serve_uploads(runtime)


@pytest.fixture
async def tus_for(uploads_app: FastAPI, directory: Directory) -> AsyncIterator[TusFor]:
    """Return a function that makes a signed-in tus client: an artist's, or of the given roles.

    `app=` names another application than `uploads_app`, `like=` a client whose artist it is.
    """
    async with AsyncExitStack() as stack:

        async def make(*roles: str, app: FastAPI = uploads_app, like: Tus | None = None) -> Tus:
            made = Principal(UserId(new_id()), SessionId(new_id()), frozenset({"fan", *(roles or ("artist",))}))
            principal = like.principal if like else made
            client = await stack.enter_async_context(open_client(app))
            cookie = app.state.edge.session_cookie.name
            client.cookies.set(cookie, directory.token_for(principal), domain="testserver.local")
            return Tus(client, principal)

        yield make


@pytest.fixture
async def tus(tus_for: TusFor) -> Tus:
    """An artist's tus client."""
    return await tus_for()


@pytest.fixture
def kept(runtime: Runtime, database: Database) -> Kept:
    return Kept(runtime, database)


@dataclass
class Kept:
    """What the server really keeps: looked up on disk and in the database, not asked for."""

    runtime: Runtime
    database: Database

    @property
    def folder(self) -> Path:
        return self.runtime.settings.data_dir / "uploads"

    def files(self) -> list[str]:
        """Every file of the folder of unfinished uploads but the one that names it."""
        return sorted(path.name for path in self.folder.iterdir() if path.name != "place")

    def part(self, url: str) -> Path:
        return self.folder / f"{url.rsplit('/', 1)[1]}.part"

    async def original(self, data: bytes) -> bytes | None:
        """The stored original of these bytes, None when there is none."""
        key = original_key(hashlib.sha256(data).hexdigest())
        return await self.runtime.objects.get_bytes(key) if await self.runtime.objects.stat(key) else None

    async def originals(self) -> list[str]:
        return [key async for key in self.runtime.objects.list_keys("originals")]

    async def row(self, url: str) -> tuple[int, str]:
        """An upload's offset and state as its row says."""
        async with self.database.begin() as tx:
            found = await tx.one(
                lambda received_bytes, state: (int(received_bytes), str(state)),
                "SELECT received_bytes, state FROM music.upload WHERE upload_id = %s",
                [url.rsplit("/", 1)[1]],
            )
        assert found is not None
        return found

    async def events(self) -> list[dict[str, Any]]:
        """What was announced about uploads."""
        async with self.database.begin() as tx:
            return await tx.all(
                lambda data: data,
                "SELECT data FROM platform.outbox WHERE type = 'vibestream.music.upload_completed' ORDER BY occurred_at",
            )
