"""A locked account: who is in it is out, nobody gets in by any way, and its owner is told why."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.contexts.user.administration.conftest import NETWORK, Office
from tests.factories.users import DEVICE, PASSWORD, User, open_session, signed_in
from tests.http_client import ClientFor
from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.access.service import LastAdmin, Role
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.administration import service
from vibestream.contexts.user.administration.service import LockUnchanged, NoAdmin, OwnAccount
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.locks import service as locks
from vibestream.contexts.user.locks.invariants import INVARIANTS
from vibestream.contexts.user.locks.service import AccountLocked, LockReason, LockReasonUnknown
from vibestream.contexts.user.oauth import service as oauth
from vibestream.contexts.user.sessions import service as sessions
from vibestream.kernel.text import TextInvalid
from vibestream.kernel.time import utc_now
from vibestream.platform.runtime import Runtime


async def locks_it(office: Office, by: User, who: User, note: str = "Report 17") -> None:
    async with office.database.begin() as tx:
        await service.lock_account(
            tx,
            user_id=who.user_id,
            reason=LockReason.ABUSE,
            note=note,
            by=by.user_id,
            network=NETWORK,
            now=utc_now(),
        )


async def unlocks_it(office: Office, by: User, who: User, note: str = "Cleared") -> None:
    async with office.database.begin() as tx:
        await service.unlock_account(tx, user_id=who.user_id, note=note, by=by.user_id, network=NETWORK, now=utc_now())


async def signs_in(runtime: Runtime, who: User, password: str = PASSWORD) -> Any:
    return await accounts.sign_in(runtime, email=who.email, password=password, device=DEVICE, now=utc_now())


async def test_everybody_is_put_out_and_nobody_gets_in_until_it_is_unlocked(
    office: Office, runtime: Runtime, client_for: ClientFor
):
    inside = await client_for(office.other)
    async with office.database.begin() as tx:
        token = await oauth.make(
            tx,
            user_id=office.other.user_id,
            by=(await open_session(tx, office.other)).session_id,
            name="script",
            scopes=["profile"],
            days=30,
            now=utc_now(),
        )
    await locks_it(office, office.ana, office.other)

    assert (await inside.get("/api/v1/me")).status_code == 401
    async with office.database.begin() as tx:
        assert await sessions.sessions_of(tx, user_id=office.other.user_id, now=utc_now()) == []
        assert await oauth.authenticate(tx, token=token.secret, now=utc_now()) is None
    with pytest.raises(AccountLocked):
        await signs_in(runtime, office.other)
    with pytest.raises(accounts.SignInRefused):  # who does not know the password is told what they always are
        await signs_in(runtime, office.other, "wrong horse battery staple")

    await unlocks_it(office, office.bea, office.other)
    assert (await signs_in(runtime, office.other)).user_id == office.other.user_id


async def test_what_was_done_is_written_down_and_announced_with_the_reason_and_without_the_note(office: Office):
    await locks_it(office, office.ana, office.other, "Her neighbour called")
    await unlocks_it(office, office.bea, office.other)
    async with office.database.begin() as tx:
        log = await audit_log.entries_of(tx, user_id=office.other.user_id)
        told = await tx.values(
            "SELECT data::text FROM platform.outbox WHERE type = 'vibestream.user.account_lock_changed' ORDER BY seq"
        )
        kept = await locks.locks_of(tx, user_id=office.other.user_id)
    done = {(one.action.value, one.actor_id, one.detail) for one in log}
    assert {("account.locked", office.ana.user_id, "abuse"), ("account.unlocked", office.bea.user_id, "")} <= done
    assert "neighbour" not in "".join(one.detail for one in log) + "".join(told)
    assert ["abuse" in one for one in told] == [True, False]
    assert [(one.note, one.unlock_note) for one in kept] == [("Her neighbour called", "Cleared")]


async def test_it_is_locked_once_also_when_two_do_it_at_once(office: Office):
    results = await asyncio.gather(
        locks_it(office, office.ana, office.other), locks_it(office, office.bea, office.other), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in results) == ["LockUnchanged", "NoneType"]
    await unlocks_it(office, office.ana, office.other)
    with pytest.raises(LockUnchanged):
        await unlocks_it(office, office.ana, office.other)
    await locks_it(office, office.ana, office.other)


async def test_nobody_locks_themselves_and_nobody_who_is_no_admin_locks_anybody(office: Office):
    with pytest.raises(OwnAccount):
        await locks_it(office, office.ana, office.ana)
    with pytest.raises(NoAdmin):
        await locks_it(office, office.other, office.ana)
    with pytest.raises(NoAdmin):
        await unlocks_it(office, office.other, office.ana)


@pytest.mark.parametrize("note", ["", "   ", "x" * 501, "a\u202eb", "a\x00b"])
async def test_a_lock_says_why_in_a_line(office: Office, note: str):
    with pytest.raises(TextInvalid):
        await locks_it(office, office.ana, office.other, note)


@pytest.mark.parametrize("name", ["", "Abuse", "because", "%"])
def test_only_reasons_that_can_be_told_are_taken(name: str):
    with pytest.raises(LockReasonUnknown):
        locks.reason_named(name)


async def test_who_is_entering_while_it_is_locked_is_put_out_by_it(office: Office):
    """The session is opened and not yet committed: the lock waits, and ends it."""
    async with office.database.begin() as tx:
        opened = await open_session(tx, office.other)
        locking = asyncio.create_task(locks_it(office, office.ana, office.other))
        await asyncio.sleep(0.2)
        assert not locking.done()
    await locking
    async with office.database.begin() as tx:
        assert await sessions.authenticate(tx, token=opened.token, now=utc_now()) is None


async def test_who_enters_while_the_lock_is_not_committed_waits_and_is_refused(office: Office):
    async with office.database.begin() as tx:
        await locks.lock(
            tx,
            user_id=office.other.user_id,
            reason=LockReason.LEGAL,
            note="Order 3",
            by=office.ana.user_id,
            now=utc_now(),
        )
        entering = asyncio.create_task(enters(office))
        await asyncio.sleep(0.2)
        assert not entering.done()
    with pytest.raises(AccountLocked):
        await entering


async def enters(office: Office) -> str:
    async with office.database.begin() as tx:
        return await signed_in(tx, office.other)


async def test_the_audit_finds_somebody_who_is_in_a_locked_account(office: Office):
    (invariant,) = INVARIANTS
    await locks_it(office, office.ana, office.other)
    async with office.database.begin() as tx:
        assert (await invariant.check(tx)).ok
        await unlocks_it(office, office.bea, office.other)
        opened = await open_session(tx, office.other)
    async with office.database.begin() as tx:
        await tx.execute("UPDATE users.account_lock SET unlocked_at = NULL, unlocked_by = NULL, unlock_note = NULL")
        found = await invariant.check(tx)
    assert (found.ok, found.figure, found.detail) == (False, "1 locked accounts", str(opened.session_id))


async def test_of_two_admins_who_lock_each_other_at_once_one_is_left(office: Office):
    """Whoever was locked while their own decision waited decides no more: else nobody could unlock either."""
    for _ in range(5):
        done = await asyncio.gather(
            locks_it(office, office.ana, office.bea), locks_it(office, office.bea, office.ana), return_exceptions=True
        )
        assert sorted(type(one).__name__ for one in done) == ["NoAdmin", "NoneType"]
        async with office.database.begin() as tx:
            for who in (office.ana, office.bea):
                await locks.unlock(tx, user_id=who.user_id, note="Again", by=office.cara.user_id, now=utc_now())


async def test_an_admin_who_is_locked_is_not_one_that_others_can_leave_it_to(office: Office):
    await locks_it(office, office.ana, office.bea)
    await locks_it(office, office.ana, office.cara)
    async with office.database.begin() as tx:
        with pytest.raises(LastAdmin):
            await access.require_another_admin(tx, user_id=office.ana.user_id)
        with pytest.raises(LastAdmin):
            await access.revoke_role(tx, user_id=office.ana.user_id, role=Role.ADMIN, revoked_by=None, now=utc_now())
        assert await access.revoke_role(
            tx, user_id=office.bea.user_id, role=Role.ADMIN, revoked_by=None, now=utc_now()
        ), "who is locked can lose it"


async def test_where_every_admin_is_locked_the_command_line_makes_another(office: Office):
    async with office.database.begin() as tx:
        for who in (office.ana, office.bea, office.cara):
            await locks.lock(
                tx, user_id=who.user_id, reason=LockReason.ABUSE, note="17", by=office.ana.user_id, now=utc_now()
            )
    async with office.database.begin() as tx:
        made = await service.make_first_admin(tx, email=office.other.email, now=utc_now())
    assert made.user_id == office.other.user_id


async def test_what_a_locked_admin_proposed_is_done_by_nobody(office: Office):
    await office.asks(office.ana, office.other, Role.ADMIN)
    await locks_it(office, office.cara, office.ana)
    with pytest.raises(NoAdmin):
        await office.decides(office.bea, await office.newest())
    assert await office.roles(office.other) == set()
