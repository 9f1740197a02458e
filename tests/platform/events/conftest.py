from __future__ import annotations

import pytest

from tests.factories.events import create_effects
from vibestream.platform.database import Database


@pytest.fixture
async def bus(owner_dsn: str, database: Database) -> Database:
    """A fresh database with a table of effects."""
    await create_effects(owner_dsn)
    return database
