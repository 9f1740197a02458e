"""What an application leaves behind: nothing. A process may make one after the other, as these tests do."""

from __future__ import annotations

import gc
import weakref

from tests.http_client import open_client
from vibestream.app import create_app


async def test_an_application_that_nobody_uses_any_more_is_forgotten(settings, runtime):
    """FastAPI keeps callables in caches of the process; a handler that knows its application would keep that alive."""
    app = create_app(settings, runtime=runtime)
    async with open_client(app) as client:
        first = (await client.get("/api/openapi.json")).json()
        assert first == (await client.get("/api/openapi.json")).json()
        assert (await client.get("/")).status_code == 200
    assert "/api/v1/wallet" in first["paths"]
    left = weakref.ref(app)
    del app, client
    gc.collect()
    assert left() is None
