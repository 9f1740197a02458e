"""Consent: nothing unless said, as easily withdrawn as given, kept line by line, and only to what was read."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from tests.factories.users import MADE_AT, User, make_user, open_session
from tests.http_client import ClientFor
from vibestream.contexts.user.consents import domain, service
from vibestream.contexts.user.consents.personal import PERSONAL
from vibestream.contexts.user.consents.service import Purpose, TextChanged
from vibestream.kernel.ids import SessionId, UserId, new_id
from vibestream.platform.database import Database, Tx

ANALYTICS = Purpose.ANALYTICS
CURRENT = domain.VERSIONS[ANALYTICS]


async def somebody(tx: Tx) -> tuple[User, SessionId]:
    user = await make_user(tx)
    return user, (await open_session(tx, user)).session_id


async def says(tx: Tx, user: User, session: SessionId, *, given: bool, minutes: int = 0) -> bool:
    """Give or withdraw, and return whether there is consent then."""
    now = MADE_AT + timedelta(minutes=minutes)
    if given:
        await service.give(tx, user_id=user.user_id, purpose=ANALYTICS, version=CURRENT, session_id=session, now=now)
    else:
        await service.withdraw(tx, user_id=user.user_id, purpose=ANALYTICS, session_id=session, now=now)
    return await service.has(tx, user_id=user.user_id, purpose=ANALYTICS)


async def test_to_nothing_is_consented_until_somebody_says_so_and_then_to_that_alone(tx: Tx):
    user, session = await somebody(tx)
    other, _ = await somebody(tx)
    assert [one.given for one in await service.standings(tx, user_id=user.user_id)] == [False, False, False]
    assert await says(tx, user, session, given=True)
    given = [one.purpose for one in await service.standings(tx, user_id=user.user_id) if one.given]
    assert given == [ANALYTICS]
    assert not await service.has(tx, user_id=other.user_id, purpose=ANALYTICS)
    assert not await service.has(tx, user_id=UserId(new_id()), purpose=ANALYTICS)
    everybody = [user.user_id, other.user_id]
    assert await service.which_have(tx, user_ids=everybody, purpose=ANALYTICS) == {user.user_id}
    assert await service.which_have(tx, user_ids=[], purpose=ANALYTICS) == set()


async def test_every_change_is_a_line_and_what_is_said_twice_is_one(tx: Tx):
    user, session = await somebody(tx)
    assert not await says(tx, user, session, given=False)
    assert await says(tx, user, session, given=True, minutes=1)
    assert await says(tx, user, session, given=True, minutes=2)
    assert not await says(tx, user, session, given=False, minutes=3)
    assert not await says(tx, user, session, given=False, minutes=4)
    assert await says(tx, user, session, given=True, minutes=5)
    kept = [dict(one) for one in await PERSONAL.export(tx, user.user_id)]
    assert [(one["given"], one["version"], one["session_id"]) for one in kept] == [
        (True, CURRENT, str(session)),
        (False, CURRENT, str(session)),
        (True, CURRENT, str(session)),
    ]
    assert [str(one["at"])[:16] for one in kept] == ["2026-11-24T09:01", "2026-11-24T09:03", "2026-11-24T09:05"]


async def test_the_last_word_counts_also_when_both_were_said_at_the_same_instant(tx: Tx):
    user, session = await somebody(tx)
    for given in (True, False, True, False):
        assert await says(tx, user, session, given=given) is given


async def test_a_consent_to_an_earlier_text_is_none_and_can_be_withdrawn_or_given_again(
    tx: Tx, monkeypatch: pytest.MonkeyPatch
):
    user, session = await somebody(tx)
    await says(tx, user, session, given=True)
    monkeypatch.setitem(domain.VERSIONS, ANALYTICS, CURRENT + 1)
    assert not await service.has(tx, user_id=user.user_id, purpose=ANALYTICS)
    (standing, *_) = await service.standings(tx, user_id=user.user_id)
    assert (standing.given, standing.outdated, standing.version) == (False, True, CURRENT + 1)
    with pytest.raises(TextChanged):
        await says(tx, user, session, given=True)
    await service.give(
        tx, user_id=user.user_id, purpose=ANALYTICS, version=CURRENT + 1, session_id=session, now=MADE_AT
    )
    assert await service.has(tx, user_id=user.user_id, purpose=ANALYTICS)


async def test_erased_every_consent_ends_and_the_lines_stay(tx: Tx):
    user, session = await somebody(tx)
    await says(tx, user, session, given=True)
    for _ in range(2):
        await PERSONAL.erase(tx, user.user_id)
    assert not await service.has(tx, user_id=user.user_id, purpose=ANALYTICS)
    lines = await tx.values("SELECT given FROM users.consent WHERE user_id = %s ORDER BY number", [user.user_id])
    assert lines == [True, False]


@pytest.mark.parametrize("statement", ["UPDATE users.consent SET given = true", "DELETE FROM users.consent"])
async def test_nobody_changes_a_line_not_even_the_owner(database: Database, owner_dsn: str, statement: str):
    async with database.begin() as tx:
        user, session = await somebody(tx)
        await says(tx, user, session, given=True)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.begin() as tx:
            await tx.execute(statement)
    with pytest.raises(psycopg.errors.RestrictViolation):
        async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
            await owner.execute(statement)


async def test_two_at_once_leave_one_of_their_words_and_no_error(database: Database):
    import asyncio

    async with database.begin() as tx:
        user, session = await somebody(tx)

    async def one(given: bool) -> None:
        async with database.begin() as tx:
            await says(tx, user, session, given=given)

    await asyncio.gather(*(one(number % 2 == 0) for number in range(10)))
    async with database.begin() as tx:
        last = await tx.values(
            "SELECT given FROM users.consent WHERE user_id = %s ORDER BY number DESC LIMIT 1", [user.user_id]
        )
        assert await service.has(tx, user_id=user.user_id, purpose=ANALYTICS) is last[0]


async def test_over_http_it_is_seen_given_and_withdrawn_by_its_owner(client_for: ClientFor, database: Database):
    async with database.begin() as tx:
        user, _ = await somebody(tx)
        other, _ = await somebody(tx)
    client, stranger = await client_for(user), await client_for(other)
    where = "/api/v1/me/consents/marketing_mail"
    unread = await client.put(where, json={"given": True, "version": 2})
    assert (unread.status_code, unread.json()["code"]) == (409, "consent.text_changed")
    given = await client.put(where, json={"given": True, "version": 1})
    assert (given.status_code, given.json()["given"]) == (200, True)
    listed = {one["purpose"]: one["given"] for one in (await client.get("/api/v1/me/consents")).json()["consents"]}
    assert listed == {"analytics": False, "personalisation": False, "marketing_mail": True}
    theirs = (await stranger.get("/api/v1/me/consents")).json()["consents"]
    assert [one["given"] for one in theirs] == [False, False, False]
    withdrawn = await client.put(where, json={"given": False})
    assert (withdrawn.status_code, withdrawn.json()["given"]) == (200, False)
    for body in ({}, {"given": 1, "version": 1}, {"given": True}, {"given": True, "version": 1, "user_id": "x"}):
        assert (await client.put(where, json=body)).status_code == 422
    assert (await client.put("/api/v1/me/consents/everything", json={"given": False})).status_code == 422
