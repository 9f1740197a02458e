"""Texts under a person's key: what opens, what does not, and what a destroyed key leaves."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from vibestream.platform import person_keys
from vibestream.platform.database import Tx

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


async def seal(tx: Tx, user_id: UUID, text: str = "198.51.100.0/24", place: str = "a:1") -> str:
    return await person_keys.seal(tx, user_id=user_id, text=text, belongs_to=place)


async def opened(tx: Tx, user_id: UUID, text: str, place: str = "a:1") -> str:
    keys = await person_keys.keys_of(tx, user_ids=[user_id])
    return person_keys.unseal(keys, user_id=user_id, text=text, belongs_to=place)


async def test_what_is_sealed_is_unreadable_and_opens_for_its_person_at_its_place_alone(tx: Tx):
    ana, ben = uuid4(), uuid4()
    sealed = await seal(tx, ana)
    await seal(tx, ben)

    assert sealed.startswith("sealed.v1:")
    assert "198.51" not in sealed
    assert await opened(tx, ana, sealed) == "198.51.100.0/24"
    assert await opened(tx, ben, sealed) == ""
    assert await opened(tx, ana, sealed, place="a:2") == ""


async def test_the_same_text_is_never_sealed_alike(tx: Tx):
    ana = uuid4()
    assert await seal(tx, ana) != await seal(tx, ana)


async def test_a_destroyed_key_takes_all_with_it_and_no_other_is_ever_made(tx: Tx):
    ana = uuid4()
    sealed = await seal(tx, ana)
    await person_keys.destroy(tx, user_id=ana, now=NOW)
    await person_keys.destroy(tx, user_id=ana, now=NOW)

    assert await opened(tx, ana, sealed) == ""
    assert await seal(tx, ana) == ""
    assert await tx.values("SELECT key FROM platform.person_key WHERE user_id = %s", [ana]) == [None]


async def test_a_key_can_be_destroyed_before_it_was_made(tx: Tx):
    ana = uuid4()
    await person_keys.destroy(tx, user_id=ana, now=NOW)
    assert await seal(tx, ana) == ""


async def test_what_is_empty_or_was_never_sealed_stays_as_it_is(tx: Tx):
    ana = uuid4()
    assert await seal(tx, ana, text="") == ""
    assert await opened(tx, ana, "192.0.2.0/24") == "192.0.2.0/24"
