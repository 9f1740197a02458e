"""Every rule of retention, at its last moment and one second later, by a clock of the test's own; and what happens when one fails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
import pytest
from psycopg import sql

from tests.factories.users import make_user
from vibestream.flows.retention import rules_of
from vibestream.kernel.ids import new_id
from vibestream.kernel.time import utc_now
from vibestream.platform import retention
from vibestream.platform.config import load_settings
from vibestream.platform.database import Database, Tx
from vibestream.platform.jobs import declared_jobs
from vibestream.platform.retention import Rule, RuleFailed, is_late, keep_to, runs_of
from vibestream.platform.runtime import Runtime

AT: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND: Final = timedelta(seconds=1)
RULES: Final = rules_of(load_settings())
HASH: Final = "sha256(%(id)s::text::bytea)"
DAY_BEFORE: Final = "%(at)s::timestamptz - interval '1 day'"


@dataclass(frozen=True, slots=True)
class Case:
    """A row whose clock begins at `%(at)s`: its columns as expressions, and what says that it, or its content, is there."""

    table: str
    columns: dict[str, str]
    there: str = "true"


def expiring(table: str, **columns: str) -> Case:
    return Case(table, {"user_id": "%(user)s", "created_at": DAY_BEFORE, "expires_at": "%(at)s", **columns})


def webhook(there: str) -> Case:
    columns = {
        "webhook_id": "%(id)s",
        "gateway": "'stripe'",
        "event_ref": "%(id)s::text",
        "type": "'x'",
        "kind": "'payment'",
        "object_ref": "'x'",
        "sent_at": "%(at)s",
        "received_at": "%(at)s",
        "body": "'x'::bytea",
        "state": "'done'",
        "changed_at": "%(at)s",
    }
    return Case("payment.webhook", columns, there)


EVENT: Final = {
    "seq": "%(number)s",
    "xid": "3",
    "event_id": "%(id)s",
    "type": "'x'",
    "version": "1",
    "key": "'k'",
    "partition": "0",
    "data": "'{}'",
    "correlation_id": "%(id)s",
}
CASES: Final = {
    "user.sessions": expiring(
        "users.session", session_id="%(id)s", token_hash=HASH, last_seen_at=DAY_BEFORE, user_agent="''", network="''",
        idle_for="interval '1 day'",
    ),
    "user.sign_in_attempts": Case("users.sign_in_attempts", {"bucket": HASH, "taken": "1", "ends_at": "%(at)s"}),
    "user.resting_handles": Case("users.resting_handle", {"digest": HASH, "free_at": "%(at)s"}),
    "user.known_browsers": Case(
        "users.known_device", {"user_id": "%(user)s", "device_hash": HASH, "seen_at": "%(at)s"}
    ),
    "user.sign_ups": expiring(
        "users.sign_up", sign_up_id="%(id)s", browser_hash=HASH, decoy="true", locale="'en'", tries_left="1"
    ),
    "user.unverified": Case("users.account", {"user_id": "%(id)s", "created_at": "%(at)s"}, "EXISTS (SELECT FROM"
        " users.address a WHERE a.user_id = one.user_id AND a.verified_at IS NULL)"),
    "user.email_changes": expiring(
        "users.email_change", change_id="%(id)s", browser_hash=HASH, email="'a@b.c'", lookup="'a@b.c'", tries_left="1"
    ),
    "user.former_addresses": Case("users.email_undo", {
        "undo_id": "%(id)s", "user_id": "%(user)s", "email": "'a@b.c'", "code_hash": HASH, "made_at": DAY_BEFORE,
        "good_until": "%(at)s",
    }),
    "user.identity_requests": Case("users.identity_request", {
        "state_hash": HASH, "browser_hash": HASH, "provider": "'x'", "linking": "false", "onward": "'/'",
        "expires_at": "%(at)s",
    }),
    "user.wallet_challenges": Case("users.chain_wallet_challenge", {
        "nonce_hash": HASH, "browser_hash": HASH, "user_id": "%(user)s", "expires_at": "%(at)s",
    }),
    "user.second_steps": expiring(
        "users.second_step", step_id="%(id)s", browser_hash=HASH, password_print=HASH, tries_left="1"
    ),
    "user.passkey_challenges": expiring(
        "users.passkey_challenge", challenge=HASH, browser_hash=HASH, purpose="'register'"
    ),
    "user.password_resets": expiring(
        "users.password_reset", reset_id="%(id)s", address_hash=HASH, browser_hash=HASH, network="''", tries_left="1"
    ),
    "user.oauth_tokens": Case("users.personal_token", {
        "token_id": "%(id)s", "user_id": "%(user)s", "name": "'x'", "token_hash": HASH, "scopes": "'{x}'",
        "made_at": DAY_BEFORE, "expires_at": "%(at)s",
    }),
    "user.notifications": Case("users.notification", {
        "notification_id": "%(id)s", "user_id": "%(user)s", "kind": "'x'", "key": "%(id)s::text", "facts": "'{}'",
        "count": "1", "told_at": "%(at)s",
    }),
    "user.release_news": Case("users.release_news", {
        "news_id": "%(id)s", "release_id": "%(id)s", "artist_id": "%(id)s", "form": "'ep'", "state": "'done'",
        "began_at": "%(at)s", "told": "3",
    }),
    "user.push_subscriptions": Case("users.push_subscription", {  # of a session that is gone
        "subscription_id": "%(id)s", "user_id": "%(user)s", "session_id": "%(id)s", "endpoint_hash": HASH,
        "sealed": "'sealed.v1:x'", "user_agent": "''", "subscribed_at": "%(at)s",
    }),
    "user.exports": Case("users.export", {
        "export_id": "%(id)s", "user_id": "%(user)s", "locale": "'en'", "state": "'ready'", "total": "1",
        "asked_at": DAY_BEFORE, "ready_at": DAY_BEFORE, "expires_at": "%(at)s", "size": "1", "sha256": HASH,
    }, "state = 'ready'"),
    "user.team_invitations": Case("users.artist_invitation", {
        "invitation_id": "%(id)s", "artist_id": "%(id)s", "code_hash": HASH, "role": "'editor'", "made_by": "%(user)s",
        "made_at": DAY_BEFORE, "expires_at": "%(at)s",
    }),
    "user.label_invitations": Case("users.label_artist", {
        "relation_id": "%(id)s", "label_id": "%(user)s", "artist_id": "%(id)s", "role": "'editor'",
        "asked_by": "'label'", "asked_at": DAY_BEFORE, "expires_at": "%(at)s",
    }),
    "music.served": Case("music.served", {
        "listen_id": "%(id)s", "track_id": "%(id)s", "rung": "'x'", "first_segment": "1", "last_segment": "1",
        "first_at": "%(at)s", "last_at": "%(at)s",
    }),
    "listen_reward.origins": Case("listen_reward.score", {
        "listen_id": "%(id)s", "user_id": "%(user)s", "track_id": "%(id)s", "artist_id": "%(id)s", "scored_at": "%(at)s",
        "owner_user_id": "%(id)s", "network": f"substring({HASH} FOR 12)", "verdict": "'accept'", "quality": "1",
        "reasons": "'{}'", "features": "'{}'", "feature_set": "1", "policy": "1", "pair_pm": "0", "quick_pm": "0",
        "age_h": "0", "hidden_pm": "0",
    }, "network IS NOT NULL"),
    "listen_reward.unscored_origins": Case("listen_reward.listen", {
        "listen_id": "%(id)s", "user_id": "%(user)s", "track_id": "%(id)s", "player_id": "'x'", "opened_at": "%(at)s",
        "live": "false", "ended_at": "%(at)s", "network": f"substring({HASH} FOR 12)",
    }, "network IS NOT NULL"),
    "listen_reward.insiders": Case("listen_reward.insider", {
        "insider_id": "%(id)s", "artist_id": "%(id)s", "owner_user_id": "%(id)s", "user_id": "%(user)s",
        "through": "'team'", "since": DAY_BEFORE, "until": "%(at)s",
    }),
    "listen_reward.heartbeats": Case("listen_reward.heartbeat", {
        "listen_id": "%(id)s", "seq": "1", "at_ms": "1", "position_ms": "1", "state": "'playing'", "muted": "false",
        "visible": "true", "received_at": "%(at)s",
    }),
    "payment.risk_signals": Case("payment.risk_event", {
        "subject": "%(id)s::text", "kind": "'payment'", "user_id": "%(user)s", "at": "%(at)s", "amount": "1",
        "currency": "'USD'", "cents": "1", "purpose": "'x'", "country": "'ES'",
    }, "country IS NOT NULL"),
    "payment.family_invitations": Case("payment.family_invitation", {
        "invitation_id": "%(id)s", "subscription_id": "%(id)s", "token_hash": HASH, "state": "'accepted'",
        "made_at": DAY_BEFORE, "expires_at": "%(at)s",
    }),
    "payment.webhook_bodies": webhook("body IS NOT NULL"),
    "payment.webhooks": webhook("true"),
    "payment.webhook_proofs": Case("payment.webhook_proof", {
        "gateway": "'stripe'", "proof": "%(id)s::text", "body_hash": HASH, "received_at": "%(at)s"
    }),
    "platform.answers": Case("platform.idempotency_key", {
        "user_id": "%(user)s", "key": "%(id)s::text", "request_hash": HASH, "status": "200", "media_type": "''",
        "body": "'x'::bytea", "created_at": DAY_BEFORE, "expires_at": "%(at)s",
    }),
    "platform.events": Case(
        "platform.outbox", {**EVENT, "source": "'x'", "occurred_at": "%(at)s", "recorded_at": "%(at)s"}
    ),
    "platform.inbox": Case("platform.inbox", {
        "consumer": "'x'", "event_id": "%(id)s", "seq": "%(number)s", "xid": "3", "key": "'k'",
        "position": "%(number)s", "delivered_at": "%(at)s",
    }),
    "platform.discarded": Case("platform.undelivered", {
        **EVENT, "id": "%(number)s", "consumer": "'x'", "state": "'discarded'", "blocks": "false",
        "next_try_at": "'infinity'", "settled_at": "%(at)s",
    }),
    "platform.failed_jobs": Case("jobs.procrastinate_jobs", {
        "id": "%(number)s", "queue_name": "'x'", "task_name": "'user.mail_notification'", "status": "'failed'"
    }),
}  # fmt: skip
"""One for each rule."""
_WITH: Final = {
    "user.unverified": "INSERT INTO users.address (user_id, email, lookup) VALUES (%(id)s, %(id)s::text, %(id)s::text)",
    "platform.failed_jobs": "INSERT INTO jobs.procrastinate_events (job_id, type, at) VALUES (%(number)s, 'failed', %(at)s)",
}
"""What a row does not stand without."""


async def make(owner: psycopg.AsyncConnection[Any], rule: Rule, *, at: datetime, user: object, number: int) -> None:
    case = CASES[rule.name]
    names = sql.SQL(", ").join(map(sql.Identifier, case.columns))
    values = sql.SQL(", ").join(sql.SQL(one) for one in case.columns.values())
    statement = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})")
    given = {"at": at, "id": new_id(), "user": user, "number": number}
    await owner.execute("SET session_replication_role = replica")  # what a row refers to is of no matter here
    await owner.execute(statement.format(sql.Identifier(*case.table.split(".")), names, values), given)
    if rule.name in _WITH:
        await owner.execute(_WITH[rule.name], given)
    await owner.commit()


async def left(tx: Tx, rule: Rule) -> int:
    case = CASES[rule.name]
    query = sql.SQL("SELECT count(*) FROM {} AS one WHERE ").format(sql.Identifier(*case.table.split(".")))
    cursor = await tx.connection.execute(query + sql.SQL(case.there))
    (found,) = await cursor.fetchall()
    return int(found[0])


def test_every_rule_has_a_case_and_a_name_of_its_own():
    assert {rule.name for rule in RULES} == set(CASES)
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
async def test_it_stays_to_its_last_moment_and_is_gone_a_second_later(database: Database, owner_dsn: str, rule: Rule):
    async with database.begin() as tx:
        user = await make_user(tx, now=AT)
        before = await left(tx, rule)
    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        for number, at in enumerate((AT, AT + timedelta(days=1)), 1):
            await make(owner, rule, at=at, user=user.user_id, number=number)
    for now, gone, stay in ((AT + rule.kept, 0, 2), (AT + rule.kept + SECOND, 1, 1), (AT + rule.kept + SECOND, 0, 1)):
        assert await keep_to(database, rules=[rule], now=now) == {rule.name: gone}
        async with database.begin() as tx:
            assert await left(tx, rule) - before == stay


async def test_all_of_them_run_together_as_the_worker_does_and_when_is_kept(runtime: Runtime, database: Database):
    began = utc_now()
    assert await runs(database) == {}
    await declared_jobs()["retention"](runtime)
    found = await runs(database)
    assert set(found) == {rule.name for rule in RULES}
    assert all(one.ran_at is not None and began <= one.ran_at <= utc_now() for one in found.values())


async def runs(database: Database) -> dict[str, retention.Ran]:
    async with database.begin() as tx:
        return await runs_of(tx)


async def test_one_that_fails_keeps_no_other_from_its_turn_and_is_late_until_it_runs(database: Database):
    async def broken(tx: Tx, *, before: datetime, most: int) -> int:
        return int(await tx.value("SELECT 1 / 0"))

    first, second, third = RULES[:3]
    await keep_to(database, rules=[second], now=AT)
    with pytest.raises(RuleFailed) as failed:
        await keep_to(database, rules=[first, replace(second, drop=broken), third], now=AT + SECOND)
    assert failed.value.rules == (second.name,)
    found = await runs(database)
    assert [found[one.name].ran_at for one in (first, second, third)] == [AT + SECOND, AT, AT + SECOND]
    assert (found[second.name].failed_at, found[second.name].error) == (AT + SECOND, "DivisionByZero")
    late = [is_late(found[one.name], now=AT + 2 * SECOND) for one in (first, second, third)]
    assert late == [False, True, False]
    await keep_to(database, rules=[second], now=AT + 3 * SECOND)
    assert not is_late((await runs(database))[second.name], now=AT + 3 * SECOND)


async def test_what_never_ran_or_not_for_hours_is_late(database: Database):
    await keep_to(database, rules=RULES[:1], now=AT)
    ran = (await runs(database))[RULES[0].name]
    assert is_late(None, now=AT)
    assert not is_late(ran, now=AT + timedelta(hours=3))
    assert is_late(ran, now=AT + timedelta(hours=3, seconds=1))


async def test_many_are_dropped_in_several_transactions_and_all_are_counted(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(retention, "MOST", 7)
    rule = next(one for one in RULES if one.name == "user.sign_in_attempts")
    async with database.begin() as tx:
        await tx.execute(
            "INSERT INTO users.sign_in_attempts (bucket, taken, ends_at)"
            " SELECT sha256(n::text::bytea), 1, %s FROM generate_series(1, 30) AS n",
            [AT],
        )
    assert await keep_to(database, rules=[rule], now=AT + SECOND) == {rule.name: 30}
    assert await keep_to(database, rules=[rule], now=AT + SECOND) == {rule.name: 0}
    ran = (await runs(database))[rule.name]
    assert (ran.dropped, ran.total) == (0, 30)
