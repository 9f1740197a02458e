"""Who gets a role: one admin for most, two for admin and finance, nobody for themselves, and always an admin left."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.contexts.user.administration.conftest import Office
from tests.factories.users import make_user
from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.access.service import Role
from vibestream.contexts.user.accounts.service import AccountMissing
from vibestream.contexts.user.administration import service
from vibestream.contexts.user.administration.service import (
    AdminExists,
    AlreadyProposed,
    NoAdmin,
    NotProved,
    OwnAccount,
    ProposalOver,
    RoleUnchanged,
    SameAdmin,
    Step,
)
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx


@pytest.mark.parametrize("role", [Role.ARTIST, Role.LABEL, Role.MODERATOR])
async def test_one_admin_gives_and_takes_what_does_little_harm_and_it_is_told(office: Office, role: Role):
    assert await office.asks(office.ana, office.other, role) is Step.DONE
    assert await office.roles(office.other) == {role.value}
    with pytest.raises(RoleUnchanged):
        await office.asks(office.ana, office.other, role)
    assert await office.asks(office.bea, office.other, role, grants=False) is Step.DONE
    with pytest.raises(RoleUnchanged):
        await office.asks(office.bea, office.other, role, grants=False)
    async with office.database.begin() as tx:
        log = await audit_log.entries_of(tx, user_id=office.other.user_id)
        told = await tx.values(
            "SELECT data FROM platform.outbox WHERE type = 'vibestream.user.role_changed' ORDER BY seq"
        )
    assert [(one.action.value, one.actor_id) for one in reversed(log)] == [
        ("role.granted", office.ana.user_id),
        ("role.revoked", office.bea.user_id),
    ]
    assert [(one["role"], one["granted"]) for one in told] == [(role.value, True), (role.value, False)]


@pytest.mark.parametrize("role", [Role.FINANCE, Role.ADMIN])
async def test_two_admins_decide_about_what_does_much_harm(office: Office, role: Role):
    assert await office.asks(office.ana, office.other, role) is Step.PROPOSED
    proposal = await office.newest()
    assert await office.roles(office.other) == set()
    with pytest.raises(SameAdmin):
        await office.decides(office.ana, proposal)
    await office.decides(office.bea, proposal)
    assert await office.roles(office.other) == {role.value}
    with pytest.raises(ProposalOver):
        await office.decides(office.cara, proposal)
    async with office.database.begin() as tx:
        log = [one.action.value for one in await audit_log.entries_of(tx, user_id=office.other.user_id)]
        granted_by = await tx.value(
            "SELECT granted_by FROM users.role_grant WHERE user_id = %s", [office.other.user_id]
        )
    assert {"role.proposed", "role.approved", "role.granted"} <= set(log)
    assert granted_by == office.ana.user_id


async def test_nobody_decides_about_themselves(office: Office):
    for role, grants in ((Role.FINANCE, True), (Role.ADMIN, False), (Role.MODERATOR, True)):
        with pytest.raises(OwnAccount):
            await office.asks(office.ana, office.ana, role, grants=grants)
    await office.asks(office.ana, office.bea, Role.ADMIN, grants=False)
    proposal = await office.newest()
    for agrees in (True, False):
        with pytest.raises(OwnAccount):
            await office.decides(office.bea, proposal, agrees=agrees)
    assert await office.roles(office.bea) == {"admin"}


async def test_whoever_is_no_admin_decides_nothing_by_whatever_session(office: Office):
    with pytest.raises(NoAdmin):
        await office.asks(office.other, office.bea, Role.MODERATOR)
    await office.asks(office.ana, office.other, Role.ADMIN)
    proposal = await office.newest()
    async with office.database.begin() as tx:
        fan = await make_user(tx)
    for agrees in (True, False):
        with pytest.raises(NoAdmin):
            await office.decides(fan, proposal, agrees=agrees)


async def test_what_a_former_admin_proposed_is_not_approved(office: Office):
    await office.asks(office.ana, office.other, Role.ADMIN)
    proposal = await office.newest()
    async with office.database.begin() as tx:
        await access.revoke_role(
            tx, user_id=office.ana.user_id, role=Role.ADMIN, revoked_by=office.bea.user_id, now=utc_now()
        )
    with pytest.raises(NoAdmin):
        await office.decides(office.bea, proposal)
    await office.decides(office.bea, proposal, agrees=False)
    assert await office.roles(office.other) == set()


async def test_one_change_of_a_role_waits_at_a_time_and_a_week_ends_it(office: Office):
    await office.asks(office.ana, office.other, Role.FINANCE)
    first = await office.newest()
    with pytest.raises(AlreadyProposed):
        await office.asks(office.bea, office.other, Role.FINANCE)
    with pytest.raises(ProposalOver):
        await office.decides(office.bea, first, now=first.expires_at)
    async with office.database.begin() as tx:
        await tx.execute("UPDATE users.role_proposal SET outcome = NULL WHERE proposal_id = %s", [first.proposal_id])
        await service.change_role(
            tx,
            user_id=office.other.user_id,
            role=Role.FINANCE,
            grants=True,
            by=office.bea.user_id,
            network="",
            now=first.expires_at + timedelta(seconds=1),
        )
        found = await service.proposals(tx, user_id=office.other.user_id)
    assert [one.outcome for one in found] == [None, "expired"]


async def test_whoever_proposed_it_may_take_it_back_and_it_can_be_proposed_again(office: Office):
    await office.asks(office.ana, office.other, Role.ADMIN)
    await office.decides(office.ana, await office.newest(), agrees=False)
    assert await office.asks(office.bea, office.other, Role.ADMIN) is Step.PROPOSED


async def test_approved_twice_at_once_it_is_done_once(office: Office):
    await office.asks(office.ana, office.other, Role.ADMIN)
    proposal = await office.newest()
    results = await asyncio.gather(
        office.decides(office.bea, proposal), office.decides(office.cara, proposal), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in results) == ["Proposal", "ProposalOver"]


async def test_of_admins_who_take_each_others_role_at_once_one_always_remains(office: Office):
    """Ana, Bea and Cara: each is to be removed by the other two. Whoever is out already takes nobody along."""
    pairs = [
        (office.ana, office.bea, office.cara),
        (office.bea, office.cara, office.ana),
        (office.cara, office.ana, office.bea),
    ]
    waiting = []
    for by, about, second in pairs:
        await office.asks(by, about, Role.ADMIN, grants=False)
        waiting.append((second, await office.newest()))
    results = await asyncio.gather(*(office.decides(*one) for one in waiting), return_exceptions=True)
    left = [who for who in (office.ana, office.bea, office.cara) if await office.roles(who) == {"admin"}]
    assert len(left) == 2
    assert sorted(type(one).__name__ for one in results) == ["NoAdmin", "NoAdmin", "Proposal"]


async def test_the_last_admin_is_not_removed_by_anybody_not_even_the_command_line(office: Office):
    async with office.database.begin() as tx:
        for one in (office.ana, office.bea):
            await access.revoke_role(tx, user_id=one.user_id, role=Role.ADMIN, revoked_by=None, now=utc_now())
        with pytest.raises(access.LastAdmin):
            await access.revoke_role(tx, user_id=office.cara.user_id, role=Role.ADMIN, revoked_by=None, now=utc_now())


async def test_an_account_that_nobody_proved_or_that_is_not_there_gets_nothing(office: Office, database: Database):
    async with database.begin() as tx:
        unproved = await make_user(tx, verified=False)
    with pytest.raises(NotProved):
        await office.asks(office.ana, unproved, Role.MODERATOR)
    nobody = type(unproved)(user_id=UserId(new_id()), email="", password="", display_name="")
    with pytest.raises(AccountMissing):
        await office.asks(office.ana, nobody, Role.MODERATOR)


async def test_the_first_admin_is_made_once(tx: Tx):
    ana, bea = await make_user(tx, email="ana@example.org"), await make_user(tx, email="bea@example.org")
    await make_user(tx, email="cara@example.org", verified=False)
    with pytest.raises(NotProved):
        await service.make_first_admin(tx, email="cara@example.org", now=utc_now())
    assert (await service.make_first_admin(tx, email=" ANA@example.org", now=utc_now())).user_id == ana.user_id
    with pytest.raises(AdminExists):
        await service.make_first_admin(tx, email=bea.email, now=utc_now())
