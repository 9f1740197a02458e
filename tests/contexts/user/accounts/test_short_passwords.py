"""A password of eight characters is for an account with a second factor, and does not outlive it, whoever is faster."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.factories.factors import make_app
from tests.factories.users import DEVICE, MADE_AT, PASSWORD, User, make_user, principal_of
from vibestream.contexts.user.accounts import service
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.factors.service import FactorMissing
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.passwords.invariants import INVARIANTS
from vibestream.contexts.user.passwords.service import PasswordBreached, PasswordLength, PasswordShortAlone
from vibestream.kernel.time import utc_now
from vibestream.platform.access import Principal
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all
from vibestream.platform.runtime import Runtime

SHORT = "tram lilac"


async def made(database: Database, runtime: Runtime, *, second: bool) -> tuple[User, Principal]:
    async with database.begin() as tx:
        user = await make_user(tx)
        if second:
            await make_app(tx, user, runtime.settings)
        return user, await principal_of(tx, user)


async def change(runtime: Runtime, principal: Principal, new: str, *, current: str = PASSWORD) -> None:
    await service.change_password(runtime, principal=principal, current=current, new=new, device=DEVICE, now=utc_now())


async def remove(database: Database, principal: Principal) -> None:
    async with database.begin() as tx:
        await service.remove_app(tx, principal=principal, now=utc_now())


async def holds(database: Database) -> bool:
    return all(one.finding.ok for one in await check_all(database, INVARIANTS))


async def test_eight_characters_need_a_second_factor_which_then_stays(runtime: Runtime, database: Database):
    _, alone = await made(database, runtime, second=False)
    with pytest.raises(PasswordLength) as wrong:
        await change(runtime, alone, SHORT)
    assert wrong.value.least == 15

    _, both = await made(database, runtime, second=True)
    with pytest.raises(PasswordLength) as wrong:
        await change(runtime, both, "lilac 7")
    assert wrong.value.least == 8
    await change(runtime, both, SHORT)
    with pytest.raises(PasswordShortAlone):
        await remove(database, both)
    async with database.begin() as tx:
        assert await factors.has_second(tx, user_id=both.user_id)

    await change(runtime, both, "orchard bicycle thunder 7", current=SHORT)
    await remove(database, both)
    async with database.begin() as tx:
        assert not await factors.has_second(tx, user_id=both.user_id)
    assert await holds(database)


async def test_renewing_the_hash_of_a_short_one_does_not_make_it_long(runtime: Runtime, database: Database):
    _, both = await made(database, runtime, second=True)
    await change(runtime, both, SHORT)
    async with database.begin() as tx:
        old = await passwords.hash_of(tx, user_id=both.user_id)
        assert old is not None
        assert await passwords.upgrade(tx, user_id=both.user_id, old=old, new=passwords.HASHER.hash(SHORT))
    with pytest.raises(PasswordShortAlone):
        await remove(database, both)


async def test_choosing_a_short_one_while_the_factor_is_removed_leaves_one_of_the_two(
    runtime: Runtime, database: Database
):
    for _ in range(5):
        _, both = await made(database, runtime, second=True)
        done = await asyncio.gather(change(runtime, both, SHORT), _soon(database, both), return_exceptions=True)
        assert [type(one) for one in done] in (
            [FactorMissing, type(None)],
            [PasswordLength, type(None)],
            [type(None), PasswordShortAlone],
        ), done
        assert await holds(database)


async def _soon(database: Database, principal: Principal) -> None:
    await asyncio.sleep(0.15)
    await remove(database, principal)


async def test_what_is_broken_is_seen_by_the_audit(database: Database):
    async with database.begin() as tx:
        user = await make_user(tx)
        await passwords.set_password(
            tx, user_id=user.user_id, password_hash=passwords.HASHER.hash(SHORT), short=True, now=MADE_AT
        )
    (found,) = await check_all(database, INVARIANTS)
    assert (found.finding.ok, found.finding.detail) == (False, str(user.user_id))


async def test_a_stolen_password_is_refused_and_silence_is_taken_and_logged(
    runtime: Runtime, database: Database, tmp_path: Path
):
    user, principal = await made(database, runtime, second=False)
    stolen = tmp_path / "stolen.txt"
    stolen.write_text("ABF7AAD6438836DBE526AA231ABDE2D0EEF74D42:219\n")
    settings = runtime.settings
    runtime = replace(runtime, settings=settings.model_copy(update={"password_breach_file": stolen}))
    with pytest.raises(PasswordBreached):
        await change(runtime, principal, "correct horse battery staple")
    async with database.begin() as tx:
        assert await audit_log.entries_of(tx, user_id=user.user_id) == []

    gone = settings.model_copy(update={"password_breach_file": tmp_path / "gone.txt"})
    runtime = replace(runtime, settings=gone)
    await change(runtime, principal, "correct horse battery staple")
    async with database.begin() as tx:
        actions = {one.action for one in await audit_log.entries_of(tx, user_id=user.user_id)}
    assert actions == {audit_log.Action.PASSWORD_CHANGED, audit_log.Action.PASSWORD_UNCHECKED}
