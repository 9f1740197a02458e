"""Setting an app up, showing its codes, and recovery: what is taken once, what is counted, what cannot be guessed."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.factories.factors import App, make_app, sealer_of, secret_of
from tests.factories.users import MADE_AT, User, make_user
from vibestream.contexts.user.factors import service
from vibestream.contexts.user.factors.domain import code_at, step_of
from vibestream.platform.config import Environment, Settings, load_settings
from vibestream.platform.database import Database, Tx

STEP = timedelta(seconds=30)


@pytest.fixture
def key(tmp_path: Path) -> Settings:
    return load_settings(environment=Environment.TEST, data_dir=tmp_path, secret_key="k" * 40)


async def show(tx: Tx, user: User, key: Settings, code: str, *, at: datetime = MADE_AT) -> service.Shown:
    return await service.show(tx, sealer=sealer_of(key), user_id=user.user_id, code=code, now=at)


async def wrong(tx: Tx, user: User, key: Settings, code: str, *, at: datetime = MADE_AT) -> service.FactorWrong:
    with pytest.raises(service.FactorWrong) as refused:
        await show(tx, user, key, code, at=at)
    return refused.value


async def test_an_app_asks_for_nothing_before_its_first_code_was_shown(tx: Tx, key: Settings):
    user = await make_user(tx)
    begun = await service.begin_totp(tx, sealer=sealer_of(key), user_id=user.user_id, label=user.email, now=MADE_AT)
    assert not await service.has_second(tx, user_id=user.user_id)
    with pytest.raises(service.FactorMissing):
        await show(tx, user, key, code_at(secret_of(begun.uri), step_of(MADE_AT)))

    code = code_at(secret_of(begun.uri), step_of(MADE_AT))
    codes = await service.confirm_totp(tx, sealer=sealer_of(key), user_id=user.user_id, code=code, now=MADE_AT)
    assert len(set(codes)) == 10
    assert await service.factors_of(tx, user_id=user.user_id) == service.Factors(MADE_AT, 10)
    await wrong(tx, user, key, code)  # the code that confirmed it is used up


async def test_begun_again_the_former_secret_is_void(tx: Tx, key: Settings):
    user, sealer = await make_user(tx), sealer_of(key)
    first = await service.begin_totp(tx, sealer=sealer, user_id=user.user_id, label="a", now=MADE_AT)
    second = await service.begin_totp(tx, sealer=sealer, user_id=user.user_id, label="a", now=MADE_AT)
    assert await service.pending_totp(tx, sealer=sealer, user_id=user.user_id, label="a", now=MADE_AT) == second
    old = code_at(secret_of(first.uri), step_of(MADE_AT))
    with pytest.raises(service.FactorWrong):
        await service.confirm_totp(tx, sealer=sealer, user_id=user.user_id, code=old, now=MADE_AT)


async def test_half_an_hour_later_it_is_begun_again(tx: Tx, key: Settings):
    user, sealer = await make_user(tx), sealer_of(key)
    begun = await service.begin_totp(tx, sealer=sealer, user_id=user.user_id, label="a", now=MADE_AT)
    late = MADE_AT + timedelta(minutes=30)
    assert await service.pending_totp(tx, sealer=sealer, user_id=user.user_id, label="a", now=late) is None
    with pytest.raises(service.FactorMissing):
        code = code_at(secret_of(begun.uri), step_of(late))
        await service.confirm_totp(tx, sealer=sealer, user_id=user.user_id, code=code, now=late)


async def test_a_confirmed_app_is_not_replaced_by_beginning_another(tx: Tx, key: Settings):
    user = await make_user(tx)
    app = await make_app(tx, user, key)
    with pytest.raises(service.FactorExists):
        await service.begin_totp(tx, sealer=sealer_of(key), user_id=user.user_id, label="a", now=MADE_AT)
    assert await show(tx, user, key, app.code(MADE_AT)) is service.Shown.TOTP


async def test_a_code_is_taken_once_and_none_before_it_after(tx: Tx, key: Settings):
    user = await make_user(tx)
    app = await make_app(tx, user, key)
    assert await show(tx, user, key, app.code(MADE_AT)) is service.Shown.TOTP
    await wrong(tx, user, key, app.code(MADE_AT))
    await wrong(tx, user, key, app.code(MADE_AT, steps=-1))
    assert await show(tx, user, key, app.code(MADE_AT, steps=1)) is service.Shown.TOTP
    await wrong(tx, user, key, app.code(MADE_AT, steps=1), at=MADE_AT + STEP)


async def test_of_the_same_code_shown_ten_times_at_once_one_is_taken(database: Database, key: Settings):
    async with database.begin() as tx:
        user = await make_user(tx)
        app = await make_app(tx, user, key)

    async def one(code: str) -> bool:
        try:
            await database.run(lambda tx: show(tx, user, key, code))
        except service.FactorWrong:
            return False
        return True

    assert sum(await asyncio.gather(*(one(app.code(MADE_AT)) for _ in range(10)))) == 1
    assert sum(await asyncio.gather(*(one(app.recovery[0]) for _ in range(10)))) == 1


async def test_a_code_of_somebody_else_is_wrong(tx: Tx, key: Settings):
    ana, kito = await make_user(tx), await make_user(tx)
    of_ana, of_kito = await make_app(tx, ana, key), await make_app(tx, kito, key)
    await wrong(tx, kito, key, of_ana.code(MADE_AT))
    await wrong(tx, kito, key, of_ana.recovery[0])
    assert await show(tx, kito, key, of_kito.recovery[0]) is service.Shown.RECOVERY
    assert await show(tx, ana, key, of_ana.recovery[0]) is service.Shown.RECOVERY


@pytest.mark.parametrize("code", ["", "000000000000000000000000", "a" * 10_000, "\x00", "\ud800", "%", "' OR 1=1"])
async def test_what_is_no_code_is_wrong(tx: Tx, key: Settings, code: str):
    user = await make_user(tx)
    await make_app(tx, user, key)
    await wrong(tx, user, key, code)


async def fail(tx: Tx, user: User, app: App, key: Settings, times: int, *, at: datetime) -> list[bool]:
    bad = next(code for code in ("000000", "111111", "222222", "333333") if code not in _around(app, at))
    return [(await wrong(tx, user, key, bad, at=at)).attacked for _ in range(times)]


def _around(app: App, at: datetime) -> set[str]:
    return {app.code(at, steps=away) for away in (-1, 0, 1)}


async def test_who_guesses_is_slowed_down_and_the_owner_enters_by_a_recovery_code(tx: Tx, key: Settings):
    user = await make_user(tx)
    app = await make_app(tx, user, key)
    assert await fail(tx, user, app, key, 10, at=MADE_AT) == [False] * 9 + [True]

    with pytest.raises(service.FactorLimited) as limited:  # even the right code is not looked at
        await show(tx, user, key, app.code(MADE_AT))
    assert limited.value.retry_after_s == 61
    assert await fail(tx, user, app, key, 1, at=MADE_AT + timedelta(minutes=1)) == [False]
    with pytest.raises(service.FactorLimited) as limited:
        await show(tx, user, key, "000000", at=MADE_AT + timedelta(minutes=1))
    assert limited.value.retry_after_s == 121

    assert await show(tx, user, key, app.recovery[3]) is service.Shown.RECOVERY
    assert await show(tx, user, key, app.code(MADE_AT)) is service.Shown.TOTP  # and the wait is over


async def test_a_right_code_begins_the_count_anew(tx: Tx, key: Settings):
    user = await make_user(tx)
    app = await make_app(tx, user, key)
    await fail(tx, user, app, key, 9, at=MADE_AT)
    await show(tx, user, key, app.code(MADE_AT))
    assert await fail(tx, user, app, key, 9, at=MADE_AT) == [False] * 9


async def test_recovery_codes_are_stored_hashed_and_new_ones_make_the_old_void(tx: Tx, key: Settings):
    user = await make_user(tx)
    app = await make_app(tx, user, key)
    stored = await tx.value("SELECT string_agg(r::text, ' ') FROM users.recovery_code r")
    assert not any(code in stored or code.replace("-", "") in stored for code in app.recovery)

    fresh = await service.new_recovery_codes(tx, user_id=user.user_id, now=MADE_AT)
    assert not set(fresh) & set(app.recovery)
    await wrong(tx, user, key, app.recovery[0])
    assert await show(tx, user, key, fresh[0]) is service.Shown.RECOVERY
    assert (await service.factors_of(tx, user_id=user.user_id)).recovery_left == 9


async def test_the_secret_is_not_in_the_database(tx: Tx, key: Settings):
    user = await make_user(tx)
    app = await make_app(tx, user, key)
    sealed = bytes(await tx.value("SELECT sealed FROM users.totp WHERE user_id = %s", [user.user_id]))
    assert app.secret not in sealed


async def test_a_sealed_secret_moved_to_another_account_opens_nothing(tx: Tx, key: Settings):
    ana, mallory = await make_user(tx), await make_user(tx)
    await make_app(tx, ana, key)
    known = await make_app(tx, mallory, key)
    await tx.execute(
        "UPDATE users.totp SET sealed = (SELECT sealed FROM users.totp WHERE user_id = %s) WHERE user_id = %s",
        [mallory.user_id, ana.user_id],
    )
    from vibestream.platform.sealed import SealUnknown

    with pytest.raises(SealUnknown):
        await show(tx, ana, key, known.code(MADE_AT))


async def test_removed_nothing_of_it_is_left(tx: Tx, key: Settings):
    user = await make_user(tx)
    await make_app(tx, user, key)
    await service.remove_totp(tx, user_id=user.user_id, now=MADE_AT)
    assert await service.factors_of(tx, user_id=user.user_id) == service.Factors(None, 0)
    assert await tx.value("SELECT count(*) FROM users.recovery_code") == 0
    for again in (
        service.remove_totp(tx, user_id=user.user_id, now=MADE_AT),
        service.new_recovery_codes(tx, user_id=user.user_id, now=MADE_AT),
    ):
        with pytest.raises(service.FactorMissing):
            await again


async def test_after_the_key_was_changed_secrets_are_sealed_by_the_new_one(tx: Tx, key: Settings, tmp_path: Path):
    user = await make_user(tx)
    app = await make_app(tx, user, key)
    new = {"environment": Environment.TEST, "data_dir": tmp_path, "secret_key": "n" * 40}
    both = load_settings(**new, accepted_secret_keys="k" * 40)
    assert await show(tx, user, both, app.code(MADE_AT)) is service.Shown.TOTP

    assert await service.reseal(tx, sealer=sealer_of(both), most=10) == 1
    assert await service.reseal(tx, sealer=sealer_of(both), most=10) == 0
    assert await show(tx, user, load_settings(**new), app.code(MADE_AT, steps=1)) is service.Shown.TOTP
    assert await service.reseal(tx, sealer=sealer_of(key), most=10) == 0  # what nobody can open is left alone
