"""What one could get in with, or guess from, is in nobody's copy: every secret that the database holds is searched for in every part."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import psycopg
import pytest
from psycopg import sql

from tests.architecture.things import make_thing
from tests.factories.factors import make_app
from tests.factories.receipts import closed, listened
from tests.factories.users import PASSWORD, User, make_user, open_session
from tests.http_client import ClientFor
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.contexts.listen_reward.receipts.domain.field import Field
from vibestream.contexts.listen_reward.receipts.domain.receipt import identity_commitment
from vibestream.contexts.user.oauth import service as oauth
from vibestream.flows.personal_data import PERSONAL_DATA
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime

THINGS: Final = (
    *("passkey", "session", "notification", "app", "allowed app", "member", "release", "uploaded", "upload"),
    *("captured payment", "payout", "split", "transaction"),
)
SECRET: Final = re.compile(
    r"hash|secret|token|password|sealed|seed|digest|nonce|challenge$|cookie|signature|key|print|bucket"
)
"""How columns of text are called that hold no word of anybody; every column of bytes is one of them anyway."""
SHOWN: Final = {
    "music.asset.sha256": "the checksum of one's own recording",
    "music.upload.sha256": "the same, of what was sent",
    "users.export.sha256": "the checksum of an earlier copy, which its owner is shown",
    "listen_reward.identity.commitment": "the sign that one is known by in receipts; it is published",
    "listen_reward.receipt.commitment": "the same, in each receipt",
    "platform.outbox.key": "an id that orders events",
    "platform.inbox.key": "the same",
    "platform.undelivered.key": "the same",
    "users.notification.key": "the id of what it tells of",
}
"""Those whose values may be told, and why."""
FILLED: Final = {
    *("users.session.token_hash", "users.password.hash", "users.totp.sealed", "users.recovery_code.code_hash"),
    *("users.passkey.public_key", "users.passkey.credential_id", "users.personal_token.token_hash"),
    *("users.oauth_client.secret_hash", "users.password_reset.browser_hash", "users.known_device.device_hash"),
    *("users.security_log.hash", "platform.person_key.key", "payment.family_invitation.token_hash"),
    *("listen_reward.receipt.nonce", "listen_reward.receipt.leaf", "payment.payout.gateway_key"),
    "users.sign_in_attempts.bucket",
}
"""Those that have to hold something when the search begins, or it would say nothing of them."""
_LEAST: Final = 12
"""Characters or bytes; less than that stands anywhere by chance."""


async def columns_of(owner: psycopg.AsyncConnection[Any]) -> list[tuple[str, str, str, str]]:
    cursor = await owner.execute(
        "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns"
        " JOIN information_schema.tables USING (table_schema, table_name)"
        " WHERE table_type = 'BASE TABLE' AND data_type IN ('bytea', 'text', 'character varying')"
        " AND table_schema NOT IN ('pg_catalog', 'information_schema', 'jobs')"
    )
    found = await cursor.fetchall()
    return [row for row in found if row[3] == "bytea" or SECRET.search(row[2])]


async def secrets_of(owner: psycopg.AsyncConnection[Any]) -> dict[str, set[str]]:
    """Every secret of the database, by its column, in each way that it could be written down."""
    secrets: dict[str, set[str]] = {}
    for schema, table, column, _ in await columns_of(owner):
        name = f"{schema}.{table}.{column}"
        if name in SHOWN:
            continue
        query = sql.SQL("SELECT DISTINCT {} FROM {}").format(sql.Identifier(column), sql.Identifier(schema, table))
        cursor = await owner.execute(query)
        values = [value for (value,) in await cursor.fetchall() if value is not None and len(value) >= _LEAST]
        if values:
            secrets[name] = {way for value in values for way in ways_of(value)}
    return secrets


def ways_of(value: str | bytes) -> Iterator[str]:
    """How a value could stand in JSON: as it is, or as the hexadecimal or one of the base-64s or -32 of its bytes."""
    if isinstance(value, str):
        yield json.dumps(value)[1:-1].lower()
        return
    yield value.hex()
    whole = value[: len(value) // 15 * 15] or value[: len(value) // 3 * 3]  # padding and half characters left out
    for encode in (base64.b64encode, base64.urlsafe_b64encode, base64.b32encode):
        yield encode(whole).decode().rstrip("=").lower()


def secrets_in(records: Any, secrets: Mapping[str, set[str]]) -> set[str]:
    text = json.dumps(records, ensure_ascii=True, default=str).lower()
    return {name for name, ways in secrets.items() if any(way in text for way in ways)}


@pytest.fixture
async def given(runtime: Runtime, database: Database, client_for: ClientFor) -> tuple[User, dict[str, set[str]]]:
    """Somebody who has one of everything, and what they were shown once: the secrets themselves, in the clear."""
    shown: dict[str, set[str]] = {}
    async with database.begin() as tx:
        user = await make_user(tx, roles=["artist"])
    client = await client_for(user)
    entered = await client.post("/api/v1/sessions", json={"email": user.email, "password": PASSWORD})
    assert entered.status_code == 201, entered.text
    assert (await client.post("/api/v1/password-reset", json={"email": user.email})).status_code == 202
    for thing in THINGS:
        async with database.begin() as tx:
            await make_thing(thing, tx, user, runtime)
    async with database.begin() as tx:
        app = await make_app(tx, user, runtime.settings)
        token = await oauth.make(
            tx,
            user_id=user.user_id,
            by=(await open_session(tx, user)).session_id,
            name="Backup",
            scopes=["profile"],
            days=oauth.EXPIRY_DAYS[0],
            now=utc_now(),
        )
        await receipts.register_identity(
            tx,
            user_id=user.user_id,
            commitment=identity_commitment(Field(42)),
            today=utc_now().date().replace(year=2025),
        )
    await listened(database, user.user_id)
    await closed(database)
    shown["the app's secret"] = set(ways_of(app.secret))
    shown["recovery codes"] = {code.lower() for code in app.recovery}
    shown["the token"] = {token.secret.lower()}
    shown["cookies"] = {value.lower() for value in client.cookies.values()}
    shown["the password"] = {PASSWORD}
    return user, shown


async def test_no_part_tells_what_a_secret_column_holds_nor_a_secret_itself(
    given: tuple[User, dict[str, set[str]]], database: Database, owner_dsn: str
):
    user, shown = given
    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        secrets = await secrets_of(owner) | shown
    assert FILLED - secrets.keys() == set()
    told: dict[str, Any] = {}
    async with database.begin(read_only=True) as tx:
        for held in PERSONAL_DATA:
            told[held.name] = [dict(one) for one in await held.export(tx, user.user_id)]
    assert {name: found for name, records in told.items() if (found := secrets_in(records, secrets))} == {}
    for name, ways in secrets.items():  # a search that could not fail would say nothing
        for way in ways:
            assert name in secrets_in({**told, "leaked": f"\\x{way}"}, {name: ways}), name
