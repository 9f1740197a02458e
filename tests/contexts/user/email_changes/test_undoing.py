"""Putting an address back: what a thief has left behind, and what a code is not good for."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest

from tests.contexts.user.conftest import Inbox
from tests.contexts.user.email_changes.conftest import NEW, Make, Owner
from tests.factories.factors import make_app
from tests.factories.users import DEVICE, PASSWORD, make_user, principal_of
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.accounts.service import AddressTaken
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.email_changes import service
from vibestream.contexts.user.email_changes.service import UndoExpired
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.identities import service as identities
from vibestream.contexts.user.passkeys.service import passkeys_of
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.ways_in.service import Overtaken
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Settings
from vibestream.platform.database import Database, Tx
from vibestream.platform.runtime import Runtime


async def undo(database: Database, code: str, *, after: timedelta = timedelta()) -> None:
    async with database.begin() as tx:
        await service.undo_change(tx, code=code, device=DEVICE, now=utc_now() + after)


async def mailed(inbox: Inbox, to: str) -> str:
    found = re.search(r"undo-email#([A-Z2-7-]{23})$", (await inbox(to))[0].text, re.MULTILINE)
    assert found is not None
    return found[1]


async def moved(ana: Owner, email: str = NEW) -> None:
    await ana.asks(email)
    await ana.shows(await ana.made_code())


async def test_the_code_puts_the_address_back_and_leaves_the_thief_nothing(
    owner: Make, inbox: Inbox, database: Database, runtime: Runtime
):
    ana = await owner()
    await moved(ana)
    code = await mailed(inbox, "ana@example.org")
    async with database.begin() as tx:
        await add_passkey(tx, ana.user.user_id)
        await connect(tx, ana.user.user_id, "of-the-thief")
    await undo(database, code.lower().replace("-", " "))

    assert await ana.address() == "ana@example.org"
    async with database.begin() as tx:
        assert await sessions.sessions_of(tx, user_id=ana.user.user_id, now=utc_now()) == []
        assert await passkeys_of(tx, user_id=ana.user.user_id) == []
        assert await identities.connected(tx, user_id=ana.user.user_id) == []
        told = {one.action for one in await audit_log.entries_of(tx, user_id=ana.user.user_id)}
    assert {audit_log.Action.EMAIL_CHANGE_UNDONE, audit_log.Action.SESSION_ENDED} <= told
    for email in ("ana@example.org", NEW):
        with pytest.raises(accounts.SignInRefused):
            await accounts.sign_in(runtime, email=email, password=PASSWORD, device=DEVICE, now=utc_now())


async def test_what_is_from_before_and_an_app_stay(owner: Make, inbox: Inbox, database: Database, settings: Settings):
    ana = await owner()
    async with database.begin() as tx:
        await add_passkey(tx, ana.user.user_id)
        await connect(tx, ana.user.user_id, "of-the-owner")
        await make_app(tx, ana.user, settings)
    await moved(ana)
    await undo(database, await mailed(inbox, "ana@example.org"))
    async with database.begin() as tx:
        assert len(await passkeys_of(tx, user_id=ana.user.user_id)) == 1
        assert await factors.has_second(tx, user_id=ana.user.user_id)
        assert [one.subject for one in await identities.connected(tx, user_id=ana.user.user_id)] == ["of-the-owner"]


async def test_a_code_undoes_once_also_when_it_is_shown_twice_at_once(owner: Make, inbox: Inbox, database: Database):
    ana = await owner()
    await moved(ana)
    code = await mailed(inbox, "ana@example.org")
    results = await asyncio.gather(undo(database, code), undo(database, code), return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["NoneType", "UndoExpired"]


async def test_it_is_good_for_seven_days(owner: Make, inbox: Inbox, database: Database):
    ana = await owner()
    await moved(ana)
    code = await mailed(inbox, "ana@example.org")
    with pytest.raises(UndoExpired):
        await undo(database, code, after=timedelta(days=7))
    await undo(database, code, after=timedelta(days=6, hours=23))
    assert await ana.address() == "ana@example.org"


async def test_the_first_address_comes_back_whatever_was_changed_since_and_later_codes_are_void(
    owner: Make, inbox: Inbox, database: Database
):
    ana = await owner()
    await moved(ana)
    await moved(ana, "thief@example.net")
    first, second = await mailed(inbox, "ana@example.org"), await mailed(inbox, NEW)
    await undo(database, first)
    assert await ana.address() == "ana@example.org"
    with pytest.raises(UndoExpired):
        await undo(database, second)
    assert await ana.address() == "ana@example.org"


async def test_an_earlier_code_outlives_a_later_one(owner: Make, inbox: Inbox, database: Database):
    ana = await owner()
    await moved(ana)
    await moved(ana, "thief@example.net")
    first, second = await mailed(inbox, "ana@example.org"), await mailed(inbox, NEW)
    await undo(database, second)
    assert await ana.address() == NEW
    await undo(database, first)
    assert await ana.address() == "ana@example.org"


async def test_a_code_on_its_way_to_the_thief_is_void(owner: Make, inbox: Inbox, database: Database):
    ana = await owner()
    await moved(ana)
    await ana.asks("second@example.net")
    waiting = await ana.made_code()
    await undo(database, await mailed(inbox, "ana@example.org"))
    with pytest.raises(Overtaken):
        await ana.shows(waiting)
    async with database.begin() as tx:  # nor is it good for anybody who is signed in afterwards, with the same browser
        ana.principal = await principal_of(tx, ana.user)
    with pytest.raises(service.ChangeExpired):
        await ana.shows(waiting)


async def test_an_address_that_has_an_account_of_its_own_by_now_is_not_taken_from_it(
    owner: Make, inbox: Inbox, database: Database
):
    ana = await owner()
    await moved(ana)
    code = await mailed(inbox, "ana@example.org")
    async with database.begin() as tx:
        await make_user(tx, email="ana@example.org")
    with pytest.raises(AddressTaken):
        await undo(database, code)
    assert await ana.address() == NEW


async def test_an_unverified_claim_does_not_keep_it_from_coming_back(owner: Make, inbox: Inbox, database: Database):
    ana = await owner()
    await moved(ana)
    code = await mailed(inbox, "ana@example.org")
    async with database.begin() as tx:
        await make_user(tx, email="ana@example.org", verified=False)
    await undo(database, code)
    assert await ana.address() == "ana@example.org"


@pytest.mark.parametrize("code", ["", "%", "AAAAA-AAAAA-AAAAA-AAAAA", "' OR 1=1 --", "A" * 100_000])
async def test_what_was_never_mailed_undoes_nothing(database: Database, code: str):
    with pytest.raises(UndoExpired):
        await undo(database, code)


async def test_each_change_is_announced_without_an_address(owner: Make, inbox: Inbox, database: Database):
    ana = await owner()
    await moved(ana)
    await undo(database, await mailed(inbox, "ana@example.org"))
    async with database.begin() as tx:
        found = await tx.values("SELECT data::text FROM platform.outbox WHERE type = 'vibestream.user.email_changed'")
    assert len(found) == 2
    assert all("example" not in body for body in found)


async def add_passkey(tx: Tx, user_id: UserId) -> None:
    await tx.execute(
        "INSERT INTO users.passkey (passkey_id, user_id, credential_id, public_key, sign_count, aaguid, transports,"
        " backup_eligible, backed_up, name, made_at) VALUES (%s, %s, %s, %s, 0, %s, '{}', false, false, 'Phone', %s)",
        [new_id(), user_id, new_id().bytes, b"key", new_id(), utc_now()],
    )


async def connect(tx: Tx, user_id: UserId, subject: str) -> None:
    await tx.execute(
        "INSERT INTO users.identity (identity_id, user_id, provider, issuer, subject, label, linked_at)"
        " VALUES (%s, %s, 'elsewhere', 'https://issuer.example', %s, 'Ana', %s)",
        [new_id(), user_id, subject, utc_now()],
    )
