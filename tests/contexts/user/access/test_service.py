"""Granting and taking back roles."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories.users import MADE_AT, make_user
from vibestream.contexts.user.access import service
from vibestream.contexts.user.access.service import Role, UnknownRole
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.platform.database import Tx

LATER = MADE_AT + timedelta(minutes=1)


async def test_a_grant_holds_once_and_is_logged_once(tx: Tx):
    user, admin = await make_user(tx), await make_user(tx, roles=["admin"])
    for new in (True, False):
        granted = await service.grant_role(
            tx, user_id=user.user_id, role=Role.ADMIN, granted_by=admin.user_id, now=MADE_AT
        )
        assert granted is new
    assert await service.roles_of(tx, user_id=user.user_id) == {Role.ADMIN}
    (entry,) = await audit_log.entries_of(tx, user_id=user.user_id)
    assert (entry.action, entry.actor_id, entry.detail, entry.at) == (
        audit_log.Action.ROLE_GRANTED,
        admin.user_id,
        "admin",
        MADE_AT,
    )


async def test_a_role_is_taken_back_once(tx: Tx):
    user = await make_user(tx, roles=["artist", "admin"])
    await make_user(tx, roles=["admin"])
    for held in (True, False):
        revoked = await service.revoke_role(tx, user_id=user.user_id, role=Role.ADMIN, revoked_by=None, now=LATER)
        assert revoked is held
    assert await service.roles_of(tx, user_id=user.user_id) == {Role.ARTIST}
    newest, *_ = await audit_log.entries_of(tx, user_id=user.user_id)
    assert (newest.action, newest.detail) == (audit_log.Action.ROLE_REVOKED, "admin")


async def test_every_role_that_has_a_name_can_be_granted(tx: Tx):
    user = await make_user(tx)
    for name in ("artist", "label", "moderator", "finance", "admin"):
        assert await service.grant_role(
            tx, user_id=user.user_id, role=service.role_named(name), granted_by=None, now=MADE_AT
        )
    assert await service.roles_of(tx, user_id=user.user_id) == set(Role)


@pytest.mark.parametrize("name", ["", "Admin", "root", "fan", "admin ", "%"])
def test_only_roles_that_exist_can_be_named(name: str):
    with pytest.raises(UnknownRole):
        service.role_named(name)
