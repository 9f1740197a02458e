"""The security log only grows."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from tests.factories.users import MADE_AT, make_user
from vibestream.contexts.user.audit_log import service
from vibestream.contexts.user.audit_log.service import Action
from vibestream.platform.database import Tx

CHANGES = (
    "UPDATE users.security_log SET detail = 'x'",
    "DELETE FROM users.security_log",
    "TRUNCATE users.security_log",
)


async def test_returns_an_accounts_entries_newest_first(tx: Tx):
    user, other = await make_user(tx), await make_user(tx)
    for minute, action in enumerate((Action.SIGNED_IN, Action.SIGNED_OUT, Action.SIGN_IN_REFUSED)):
        await service.record(
            tx, action=action, user_id=user.user_id, now=MADE_AT + timedelta(minutes=minute), network="192.0.2.0/24"
        )
    await service.record(tx, action=Action.SIGNED_IN, user_id=other.user_id, now=MADE_AT)
    entries = await service.entries_of(tx, user_id=user.user_id, limit=2)
    assert [entry.action for entry in entries] == [Action.SIGN_IN_REFUSED, Action.SIGNED_OUT]
    assert entries[0].network == "192.0.2.0/24"


@pytest.mark.parametrize("change", CHANGES)
async def test_the_application_cannot_change_it(tx: Tx, change: str):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await tx.execute(change)


@pytest.mark.parametrize("change", CHANGES)
async def test_not_even_the_owner_of_the_tables_changes_it_by_mistake(owner_dsn: str, change: str):
    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        with pytest.raises(psycopg.errors.RestrictViolation):
            await owner.execute(change)
