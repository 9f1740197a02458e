from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.factories.events import create_effects
from tests.factories.till import Till, open_till, port_file
from vibestream.platform.runtime import Runtime


@pytest.fixture
async def shop(owner_dsn: str, runtime: Runtime) -> Runtime:
    """A runtime on a fresh database with a table of effects."""
    await create_effects(owner_dsn)
    return runtime


@pytest.fixture
async def till(shop: Runtime) -> AsyncIterator[Till]:
    async with open_till(port_file(shop)) as till:
        yield till
