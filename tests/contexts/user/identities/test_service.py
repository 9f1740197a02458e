"""Whose an account elsewhere is: decided by issuer and subject, once, whatever happens at the same time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.factories.users import DEVICE, User, make_user, principal_of
from vibestream.contexts.user.identities import personal, service
from vibestream.contexts.user.identities.domain.values import Claimed, Proofs, name_of
from vibestream.contexts.user.identities.invariants import INVARIANTS
from vibestream.contexts.user.identities.service.waiting import keep_waiting, take_waiting, waiting
from vibestream.contexts.user.identities.store import identities
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Settings
from vibestream.platform.database import Database, Tx

ANA = Claimed(provider="ours", issuer="https://login.example", subject="ana", email="ana@example.org", name="Ana")
OTHER = Claimed(provider="theirs", issuer="https://other.example", subject="ana", email="ana@example.org")


async def connect(tx: Tx, user: User, claimed: Claimed = ANA) -> service.Identity:
    return await service.link(tx, claimed=claimed, user_id=user.user_id, device=DEVICE, now=utc_now())


async def test_one_subject_at_two_issuers_is_two_people(tx: Tx):
    one, two = await make_user(tx), await make_user(tx)
    await connect(tx, one)
    await connect(tx, two, OTHER)
    found = [await identities.find(tx, issuer=who.issuer, subject="ana") for who in (ANA, OTHER)]
    assert [identity.user_id for identity in found if identity] == [one.user_id, two.user_id]
    assert await identities.find(tx, issuer=ANA.issuer, subject="Ana") is None


async def test_of_people_who_connect_the_same_at_once_one_does(database: Database):
    async with database.begin() as tx:
        people = [await make_user(tx) for _ in range(6)]

    async def try_it(user: User) -> bool:
        try:
            await database.run(lambda tx: connect(tx, user))
        except service.IdentityTaken:
            return False
        return True

    assert sorted(await asyncio.gather(*map(try_it, people))) == [False] * 5 + [True]


async def test_of_two_ways_in_that_are_removed_at_once_one_stays(database: Database):
    async with database.begin() as tx:
        user = await make_user(tx)
        made = [await connect(tx, user, who) for who in (ANA, OTHER)]
        await tx.execute("DELETE FROM users.password WHERE user_id = %s", [user.user_id])
        principal = await principal_of(tx, user)

    async def take_away(identity: service.Identity) -> bool:
        async def work(tx: Tx) -> None:
            await service.remove(
                tx, principal=principal, identity_id=identity.identity_id, device=DEVICE, now=utc_now()
            )

        try:
            await database.run(work)
        except service.LastWayIn:
            return False
        return True

    assert sorted(await asyncio.gather(*map(take_away, made))) == [False, True]


async def test_a_connection_of_somebody_else_is_not_there(tx: Tx):
    owner, stranger = await make_user(tx), await make_user(tx)
    made = await connect(tx, owner)
    with pytest.raises(service.IdentityMissing):
        await service.remove(
            tx, principal=await principal_of(tx, stranger), identity_id=made.identity_id, device=DEVICE, now=utc_now()
        )
    assert len(await service.connected(tx, user_id=owner.user_id)) == 1


async def test_an_eleventh_is_not_connected(tx: Tx):
    user = await make_user(tx)
    for number in range(10):
        await connect(tx, user, Claimed(provider="ours", issuer=ANA.issuer, subject=str(number)))
    with pytest.raises(service.IdentitiesFull):
        await connect(tx, user)


async def test_what_waits_is_known_by_the_browser_alone_encrypted_and_taken_once(tx: Tx, settings: Settings):
    now = utc_now()
    await keep_waiting(tx, settings=settings, browser_token="mine", claimed=ANA, now=now)
    [stored] = await tx.values("SELECT sealed FROM users.identity_waiting")
    assert b"ana" not in bytes(stored)
    assert await waiting(tx, settings=settings, browser_token="yours", now=now) is None
    assert await waiting(tx, settings=settings, browser_token="mine", now=now + timedelta(minutes=30)) is None
    assert await take_waiting(tx, settings=settings, browser_token="mine", now=now) == ANA
    with pytest.raises(service.NothingWaiting):
        await take_waiting(tx, settings=settings, browser_token="mine", now=now)


async def test_it_is_told_and_forgotten(tx: Tx):
    user = await make_user(tx)
    await connect(tx, user)
    [told] = await personal.PERSONAL.export(tx, user.user_id)
    assert (told["issuer"], told["subject"], told["label"]) == (ANA.issuer, "ana", "ana@example.org")
    await personal.PERSONAL.erase(tx, user.user_id)
    assert await personal.PERSONAL.export(tx, user.user_id) == []


async def test_the_audit_sees_a_connection_of_an_account_that_nobody_proved(tx: Tx):
    await connect(tx, await make_user(tx))
    assert (await INVARIANTS[0].check(tx)).ok
    await connect(tx, await make_user(tx, verified=False), OTHER)
    assert not (await INVARIANTS[0].check(tx)).ok


@pytest.mark.parametrize(
    ("details", "label", "name"),
    [
        ({"email": "a@b.example", "name": "Ana"}, "a@b.example", "Ana"),
        ({"email": "a@b.example"}, "a@b.example", "a"),
        ({"name": "A\u202eb\n"}, "Ab", "Ab"),
        ({}, "7", ""),
        ({"email": "x" * 400}, "x" * 254, "x" * 80),
    ],
)
def test_what_an_issuer_says_is_shown_without_what_cannot_be_shown(details: dict[str, Any], label: str, name: str):
    claimed = Claimed(provider="ours", issuer="https://a.example", subject="7", **details)
    assert (claimed.label, name_of(claimed)) == (label, name)


def test_proofs_belong_to_one_state_and_one_key():
    """The challenge is checked against RFC 7636's definition by the peer; here that nothing is shared."""
    made = [Proofs.of(state, key=key) for state in ("a", "b") for key in (b"k" * 32, b"l" * 32)]
    texts = {text for one in made for text in (one.nonce, one.verifier, one.challenge)}
    assert len(texts) == 12
    assert {len(text) for text in texts} == {43}
    assert Proofs.of("a", key=b"k" * 32) == made[0]
