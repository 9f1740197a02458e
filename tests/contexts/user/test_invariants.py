"""The invariants hold of what the services make, and see what they must not."""

from __future__ import annotations

import pytest

from tests.contexts.user.fans.conftest import make_fan
from tests.factories.users import MADE_AT, make_artist, make_user, signed_in
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.profiles import invariants as profiles
from vibestream.contexts.user.sessions import invariants as sessions
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding

HANDLES, HOLDERS, APART = profiles.INVARIANTS
(VERIFIED,) = sessions.INVARIANTS


async def test_what_the_services_make_is_in_order(tx: Tx):
    artist = await make_artist(tx, handle="r1o-wom.0_x")
    await signed_in(tx, artist)
    assert await HANDLES.check(tx) == Finding(ok=True, figure="1 artists")
    assert await VERIFIED.check(tx) == Finding(ok=True, figure="1 open sessions")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE users.artist_profile SET handle = 'another'",
        "DELETE FROM users.artist_handle",
        "UPDATE users.artist_handle SET skeleton = 'rio1ento'",
    ],
)
async def test_sees_a_handle_that_is_not_held(tx: Tx, damage: str):
    await make_artist(tx, handle="rio-1ento")
    await tx.execute(damage)
    found = await HANDLES.check(tx)
    assert not found.ok
    assert found.detail in {"another", "rio-1ento"}


async def test_sees_a_session_of_an_account_that_was_never_proved(tx: Tx):
    await signed_in(tx, await make_user(tx, verified=False))
    assert not (await VERIFIED.check(tx)).ok


async def test_sees_a_handle_that_another_account_holds(tx: Tx):
    artist, (owner, _) = await make_artist(tx, handle="rio-1ento"), await make_fan(tx, handle="vela")
    assert await HOLDERS.check(tx) == Finding(ok=True, figure="2 handles")
    await tx.execute("UPDATE users.handle_holder SET user_id = %s WHERE user_id = %s", [artist.user_id, owner.user_id])
    assert await HOLDERS.check(tx) == Finding(ok=False, figure="2 handles", detail="vela")


async def test_sees_a_follow_that_outlived_a_block(tx: Tx):
    artist, (me, _) = await make_artist(tx), await make_fan(tx)
    await fans.follow_artist(tx, user_id=me.user_id, handle=artist.handle, now=MADE_AT)
    assert await APART.check(tx) == Finding(ok=True, figure="0 blocks")
    await tx.execute(
        "INSERT INTO users.block (blocker_id, blocked_id, since) VALUES (%s, %s, %s)",
        [me.user_id, artist.user_id, MADE_AT],
    )
    assert await APART.check(tx) == Finding(ok=False, figure="1 blocks", detail="1 follows outlived one")
