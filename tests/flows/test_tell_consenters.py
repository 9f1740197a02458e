"""Whose consent ended with a text is told once; whoever withdrew, never agreed or agreed to the new one is not."""

from __future__ import annotations

from typing import Any

from tests.factories.users import User, make_user
from vibestream.contexts.user.consents import service as consents
from vibestream.contexts.user.consents import store
from vibestream.contexts.user.consents.service import Purpose
from vibestream.contexts.user.notifications import service as notifications
from vibestream.flows import tell_consenters
from vibestream.flows.tell_consenters import tell_ended
from vibestream.kernel.ids import SessionId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.runtime import Runtime

SECOND = {Purpose.ANALYTICS: 2, Purpose.MARKETING_MAIL: 1}


async def said(tx: Tx, user: User, *, given: bool, version: int = 1, purpose: Purpose = Purpose.ANALYTICS) -> None:
    await store.add(
        tx, user_id=user.user_id, purpose=purpose, given=given, version=version, session_id=SessionId(new_id()),
        now=utc_now(),
    )  # fmt: skip


async def told(database: Database) -> list[tuple[Any, ...]]:
    async with database.begin() as tx:
        return await tx.rows("SELECT user_id, kind, key FROM users.notification ORDER BY told_at")


async def test_each_is_told_once_per_text_and_by_mail_whatever_they_chose(database: Database):
    async with database.begin() as tx:
        ana, withdrew, newer, never, other, again = [await make_user(tx) for _ in range(6)]
        await said(tx, ana, given=True)
        await said(tx, withdrew, given=True)
        await said(tx, withdrew, given=False)
        await said(tx, newer, given=True)
        await said(tx, newer, given=True, version=2)
        await said(tx, other, given=True, purpose=Purpose.MARKETING_MAIL)
        await said(tx, again, given=False)
        await said(tx, again, given=True)
    assert never.user_id not in {ana.user_id, again.user_id}
    for _ in range(2):
        await tell_ended(database, versions=SECOND)

    expected = {(one.user_id, "consent_ended", "analytics:2") for one in (ana, again)}
    assert set(await told(database)) == expected
    assert len(await told(database)) == 2
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.notification_delivery WHERE state = 'waiting'") == 2
        (listed,) = await notifications.notifications_of(tx, user_id=ana.user_id, before=None, limit=9)
    words = notifications.said_of(listed, locale="es", url="https://vibe.example")
    assert words.body.startswith("El texto sobre las cifras de lo que escuchas cambió.")
    assert words.path == "/account/privacy"
    await tell_ended(database, versions={Purpose.ANALYTICS: 3})
    assert len(await told(database)) == 5  # both again, and whoever had agreed to the second


async def test_by_the_texts_of_today_whoever_agreed_to_them_is_not_told_and_the_job_tells_the_others(
    database: Database, runtime: Runtime
):
    now = consents.VERSIONS
    async with database.begin() as tx:
        ana, ben = await make_user(tx), await make_user(tx)
        for purpose, version in now.items():
            await said(tx, ana, given=True, version=version, purpose=purpose)
            await said(tx, ben, given=True, version=1, purpose=purpose)
    assert set(now) == set(Purpose)
    for _ in range(2):
        await tell_consenters.tell_consenters(runtime)
    changed = {f"{purpose.value}:{version}" for purpose, version in now.items() if version > 1}
    assert {(who, key) for who, _, key in await told(database)} == {(ben.user_id, key) for key in changed}
    assert len(await told(database)) == len(changed)


async def test_a_thousand_are_told_in_batches_that_go_on_where_one_was_killed(database: Database):
    async with database.begin() as tx:
        await tx.execute("INSERT INTO users.account SELECT gen_random_uuid(), now() FROM generate_series(1, 1201)")
        await tx.execute(
            "INSERT INTO users.address (user_id, email, lookup, verified_at)"
            " SELECT user_id, user_id || '@example.org', user_id || '@example.org', now() FROM users.account"
        )
        await tx.execute(
            "INSERT INTO users.consent (user_id, purpose, given, version, at, session_id)"
            " SELECT user_id, 'analytics', true, 1, now(), gen_random_uuid() FROM users.account"
        )
    async with database.begin() as tx:  # killed behind its first batch, it has told these and noted nothing else
        first = await consents.outdated(tx, purpose=Purpose.ANALYTICS, version=2, after=None, limit=500)
        await tell_consenters._tell(tx, first, purpose=Purpose.ANALYTICS, version=2)
    await tell_ended(database, versions=SECOND)
    before = await told(database)
    await tell_ended(database, versions=SECOND)

    assert len(first) == 500
    assert len(before) == len({row[0] for row in before}) == 1_201
    assert await told(database) == before
