"""Profiles with pictures, over the whole application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.contexts.user.fans.conftest import make_fan
from tests.factories.users import User
from tests.http_client import ClientFor
from vibestream.contexts.user.fans.service import Switches
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime

OWN = "/api/v1/me/picture"
SWITCHED_ON = Switches(open=True, shows_taste=True, shows_follows=True, shows_badges=True)


def of_artist(artist_id: UUID, place: str = "portrait") -> str:
    return f"/api/v1/artists/{artist_id}/pictures/{place}"


@dataclass
class Person:
    """Somebody with a page, and their browser."""

    user: User
    handle: str
    client: httpx2.AsyncClient

    async def give(self, data: bytes, path: str = OWN) -> list[str]:
        """Give a picture, and return the addresses of its sizes, the largest first."""
        answer = await self.client.put(path, content=data)
        assert answer.status_code == 200, answer.text
        sizes: list[dict[str, Any]] = answer.json()["sizes"]
        return [str(one["url"]) for one in sizes]


@pytest.fixture
async def kito(database: Database, client_for: ClientFor) -> Person:
    """A fan whose page is open."""
    async with database.begin() as tx:
        user, handle = await make_fan(tx, handle="kito")
    return Person(user, handle, await client_for(user))


async def stored(runtime: Runtime) -> list[str]:
    """The keys of every object of a picture."""
    return sorted([key async for key in runtime.objects.list_keys("pictures")])
