"""Changing the address of an account, with mailboxes: as its owner, as a thief, and as two who want the same one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, LiteralString, TypeVar

import pytest

from tests.contexts.user.conftest import Inbox, code_in
from tests.contexts.user.email_changes.conftest import NEW, Make
from tests.factories.users import DEVICE, make_user, principal_of
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.accounts.service import AddressTaken, CodesLimited, CodeWrong
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.email_changes import service
from vibestream.contexts.user.email_changes.service import AddressUnchanged, ChangeExpired
from vibestream.contexts.user.recovery import service as recovery
from vibestream.contexts.user.sessions import service as sessions
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Params, Tx
from vibestream.platform.runtime import Runtime

T = TypeVar("T")


async def test_the_code_moves_the_account_tells_the_address_before_and_signs_out_elsewhere(
    owner: Make, inbox: Inbox, database: Database
):
    ana = await owner(locale="es")
    async with database.begin() as tx:
        elsewhere = await principal_of(tx, ana.user)
    await ana.asks(f"  {NEW.upper()} ")
    (letter,) = await inbox("ANA.RIO@example.net")
    assert letter.subject == "Tu código para la nueva dirección"
    assert await ana.address() == "ana@example.org"
    await ana.shows(code_in(letter))

    assert await ana.address() == "ANA.RIO@example.net"
    (told,) = await inbox("ana@example.org")
    assert told.subject == "La dirección de tu cuenta ha cambiado"
    assert "https://testserver/undo-email#" in told.text
    async with database.begin() as tx:
        open_now = [one.session_id for one in await sessions.sessions_of(tx, user_id=ana.user.user_id, now=utc_now())]
        assert open_now == [ana.principal.session_id]
        assert elsewhere.session_id not in open_now
        actions = [one.action.value for one in await audit_log.entries_of(tx, user_id=ana.user.user_id)]
        assert {"address.change_asked", "address.changed", "session.ended"} <= set(actions)
        found = await accounts.user_by_email(tx, email=NEW)
        assert found.user_id == ana.user.user_id
        with pytest.raises(accounts.AccountMissing):
            await accounts.user_by_email(tx, email="ana@example.org")


async def test_a_code_is_good_once_in_the_browser_and_for_the_account_that_asked(owner: Make, inbox: Inbox):
    ana, eve = await owner(), await owner("eve@example.org")
    await ana.asks(NEW)
    code = code_in((await inbox(NEW))[0])
    with pytest.raises(ChangeExpired):
        await ana.shows(code, token="another browser")
    with pytest.raises(ChangeExpired):
        await eve.shows(code, token=ana.token)
    await ana.shows(code)
    with pytest.raises(ChangeExpired):
        await ana.shows(code)
    assert await eve.address() == "eve@example.org"


async def test_five_wrong_codes_end_it_even_for_the_right_one(owner: Make):
    ana = await owner()
    await ana.asks(NEW)
    code = await ana.made_code()
    wrong = "00000000" if code != "00000000" else "11111111"
    left = []
    for _ in range(5):
        with pytest.raises(CodeWrong) as refused:
            await ana.shows(wrong)
        left.append(refused.value.tries_left)
    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(ChangeExpired):
        await ana.shows(code)
    assert await ana.address() == "ana@example.org"


async def test_a_code_expires_and_is_void_when_another_is_asked_for(owner: Make):
    ana = await owner()
    start = utc_now()
    await ana.asks(NEW, now=start)
    first, token = await ana.made_code(), ana.token
    with pytest.raises(ChangeExpired):
        await ana.shows(first, now=start + timedelta(minutes=10))
    await ana.asks("third@example.net", now=start + timedelta(seconds=1))
    with pytest.raises(ChangeExpired):
        await ana.shows(first, token=token)


async def test_an_address_that_has_an_account_is_asked_for_alike_and_its_owner_told_once_a_day(
    owner: Make, inbox: Inbox, database: Database
):
    ana, bea = await owner(), await owner("bea@example.org", locale="es")
    for _ in range(3):
        await ana.asks("Bea@example.org")
    (told,) = await inbox("bea@example.org")
    assert told.subject == "Alguien quiso usar tu dirección"
    assert await inbox("Bea@example.org") == await inbox("bea@example.org")
    with pytest.raises(CodeWrong):
        await ana.shows("12345678")
    # Even the right code, which was never sent, moves nothing.
    with pytest.raises(AddressTaken):
        await ana.shows(await ana.made_code())
    assert (await ana.address(), await bea.address()) == ("ana@example.org", "bea@example.org")
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.email_undo") == 0


class Counting(Tx):
    """A transaction that keeps what it is asked to run."""

    said: ClassVar[list[str]] = []

    async def execute(self, statement: LiteralString, params: Params = ()) -> int:
        self.said.append(statement)
        return await super().execute(statement, params)

    async def one(self, into: Callable[..., T], statement: LiteralString, params: Params = ()) -> T | None:
        self.said.append(statement)
        return await super().one(into, statement, params)

    async def value(self, statement: LiteralString, params: Params = ()) -> Any:
        self.said.append(statement)
        return await super().value(statement, params)

    async def values(self, statement: LiteralString, params: Params = ()) -> list[Any]:
        self.said.append(statement)
        return await super().values(statement, params)


async def test_asking_does_the_same_statements_whoever_has_the_address(owner: Make, database: Database):
    """The same work, counted: a duration is a matter of chance on a busy machine, the statements are not."""
    ana = await owner()
    await owner("bea@example.org")
    done = []
    for email in ("bea@example.org", "nobody@example.net"):
        async with database.begin() as tx:
            Counting.said.clear()
            counting = Counting(tx.connection)
            await service.ask_change(counting, principal=ana.principal, email=email, device=DEVICE, now=utc_now())
            done.append(list(Counting.said))
    assert done[0] == done[1]
    assert len(done[0]) > 6


async def test_an_unverified_claim_blocks_nobody(owner: Make, inbox: Inbox, database: Database):
    ana = await owner()
    async with database.begin() as tx:
        squatter = await make_user(tx, email=NEW, verified=False)
    await ana.asks(NEW)
    await ana.shows(code_in((await inbox(NEW))[0]))
    assert await ana.address() == NEW
    async with database.begin() as tx:
        with pytest.raises(accounts.AccountMissing):
            await accounts.account(tx, user_id=squatter.user_id)
        assert await tx.value("SELECT count(*) FROM users.fan_profile WHERE user_id = %s", [squatter.user_id]) == 0


async def test_of_two_accounts_that_prove_one_address_at_once_one_gets_it(owner: Make, database: Database):
    ana, bea = await owner(), await owner("bea@example.org")
    await ana.asks(NEW)
    await bea.asks(NEW)
    codes = await ana.made_code(), await bea.made_code()
    results = await asyncio.gather(ana.shows(codes[0]), bea.shows(codes[1]), return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["AddressTaken", "NoneType"]
    assert sorted([await ana.address(), await bea.address()]) in (
        ["ana.rio@example.net", "ana@example.org"],
        ["ana.rio@example.net", "bea@example.org"],
    )
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.address WHERE lookup = %s", [NEW]) == 1


async def test_somebody_who_signs_up_with_it_meanwhile_does_not_keep_it_from_who_proves_it(
    owner: Make, database: Database
):
    """The sign-up is made and not committed while the code is shown: it is waited for, and gives way."""
    ana = await owner()
    await ana.asks(NEW)
    code = await ana.made_code()
    async with database.begin() as tx:
        await make_user(tx, email=NEW, verified=False)
        showing = asyncio.create_task(ana.shows(code))
        await asyncio.sleep(0.2)
        assert not showing.done()
    await showing
    assert await ana.address() == NEW


async def test_two_who_swap_their_addresses_through_a_third_do_not_lock_each_other_out(owner: Make):
    ana, bea = await owner(), await owner("bea@example.org")
    for who, email in ((ana, NEW), (bea, "ana@example.org"), (ana, "bea@example.org")):
        await who.asks(email)
        await who.shows(await who.made_code())
    assert (await ana.address(), await bea.address()) == ("bea@example.org", "ana@example.org")


async def test_the_own_address_and_what_is_none_are_refused(owner: Make):
    ana = await owner()
    with pytest.raises(AddressUnchanged):
        await ana.asks("ANA@EXAMPLE.ORG")
    for text in ("", "ana", "a@b", "a@example.org\r\nBcc: b@example.org", "%@_", "a@" + "b" * 300 + ".org"):
        with pytest.raises(accounts.AddressInvalid):
            await ana.asks(text)


async def test_an_account_asks_five_times_an_hour_and_a_mailbox_gets_twenty(owner: Make, inbox: Inbox):
    ana = await owner()
    start = utc_now()
    for number in range(5):
        await ana.asks(f"other-{number}@example.net", now=start)
    with pytest.raises(CodesLimited):
        await ana.asks(NEW, now=start + timedelta(minutes=59))
    await ana.asks(NEW, now=start + timedelta(minutes=61))
    for number in range(4):
        one = await owner(f"person-{number}@example.org")
        for _ in range(5 if number < 3 else 4):
            await one.asks(NEW, now=start + timedelta(minutes=61))
    with pytest.raises(CodesLimited):
        await ana.asks(NEW, now=start + timedelta(minutes=62))


async def test_a_reset_that_was_mailed_to_the_address_before_is_void(
    owner: Make, inbox: Inbox, runtime: Runtime, database: Database
):
    ana = await owner()
    async with database.begin() as tx:
        started = await recovery.ask_reset(
            tx,
            signing_key=runtime.settings.signing_key(),
            email="ana@example.org",
            device=DEVICE,
            now=utc_now(),
        )
    code = code_in((await inbox("ana@example.org"))[0])
    await ana.asks(NEW)
    await ana.shows(await ana.made_code())
    with pytest.raises(recovery.ResetExpired):
        await recovery.reset_password(
            runtime,
            browser_token=started.browser_token,
            code=code,
            new="orchard bicycle thunder 7",
            second_factor="",
            device=DEVICE,
            now=utc_now(),
        )
