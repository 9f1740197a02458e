"""The web server and the worker bring the gateways along, also when there is none."""

from __future__ import annotations

import httpx
import pytest

from tests.factories.gateways import Sandbox
from vibestream import app, worker
from vibestream.contexts.payment.gateways.service import GatewayName, Gateways
from vibestream.platform.config import Environment, load_settings


async def test_a_worker_without_keys_has_gateways_that_are_none(owner_dsn: str):
    settings = load_settings(environment=Environment.TEST, database_url=owner_dsn)

    async with worker.open_runtime(settings) as runtime:
        assert runtime.part(Gateways).configured == frozenset()


async def test_a_worker_with_the_sandboxs_keys_speaks_to_all_three(owner_dsn: str, gateways: Sandbox):
    async with worker.open_runtime(gateways.settings(database_url=owner_dsn)) as runtime:
        part = runtime.part(Gateways)
        assert part.configured == set(GatewayName)
        assert await part.get(GatewayName.PAYPAL).retrieve("NONE") is None


@pytest.mark.parametrize("keys", [False, True])
async def test_a_web_server_starts_and_ends_with_and_without_keys(owner_dsn: str, gateways: Sandbox, keys: bool):
    bare = load_settings(environment=Environment.TEST, database_url=owner_dsn, data_dir=gateways.data_dir)
    server = app.create_app(gateways.settings(database_url=owner_dsn) if keys else bare)

    async with (
        server.router.lifespan_context(server),
        httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://localhost") as client,
    ):
        assert (await client.get("/livez")).status_code == 200
