"""Fans with pages."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable

import pytest

from tests.factories.users import MADE_AT, User, make_user
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.fans.service import Switches
from vibestream.platform.database import Tx

OPEN = Switches(open=True, shows_taste=True, shows_follows=True, shows_badges=True)
CLOSED = Switches(open=False, shows_taste=True, shows_follows=True, shows_badges=True)
_numbers = itertools.count(1)

MakeFan = Callable[..., Awaitable[tuple[User, str]]]


async def make_fan(
    tx: Tx, *, handle: str | None = None, switches: Switches = OPEN, name: str = "Kito"
) -> tuple[User, str]:
    """Make an account with a page, and return it with the page's handle."""
    user = await make_user(tx, display_name=name)
    chosen = handle or f"fan-{next(_numbers)}-{user.user_id.hex[-6:]}"
    page = await fans.save_page(
        tx, user_id=user.user_id, handle=chosen, about="I listen.", taste="dub, nova", switches=switches, now=MADE_AT
    )
    return user, page.handle


@pytest.fixture
def fan() -> MakeFan:
    return make_fan
