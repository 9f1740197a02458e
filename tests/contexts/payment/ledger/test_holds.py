"""Holds: what is set aside is out of everybody's reach until it is resolved, which happens once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from tests.factories.payment import balance, make_hold, make_liquidity, make_wallets, transfer, vibe
from vibestream.contexts.payment.ledger import service
from vibestream.contexts.payment.ledger.service import (
    AccountCurrencyMismatch,
    CaptureExceedsHold,
    HoldExpired,
    HoldResolved,
    HoldState,
    InsufficientFunds,
    InvalidHold,
    InvalidPosting,
    KeyReused,
    NotGuarded,
    Status,
    UnknownAccount,
    UnknownHold,
    capture_hold,
    place_hold,
    post,
    post_batch,
    void_hold,
)
from vibestream.kernel.ids import AccountId, HoldId, new_id
from vibestream.kernel.money import USD, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx

SHORT = timedelta(milliseconds=300)
"""Long enough to be placed and looked at on a busy machine."""


async def over() -> None:
    await asyncio.sleep(SHORT.total_seconds())


async def written_held(tx: Tx, account: AccountId) -> int:
    """What the balance's row says is held, before anybody looks at the clock."""
    return int(await tx.value("SELECT held FROM payment.balance WHERE account_id = %s", [account]))


async def test_sets_an_amount_aside(tx: Tx):
    (a,) = await make_wallets(tx, 100)
    expires_at = datetime(2099, 1, 1, tzinfo=UTC)

    made = await place_hold(tx, key="k", account_id=a, amount=vibe(70), expires_at=expires_at, reason="share purchase")

    assert await balance(tx, a) == (30, 70)
    found = await service.hold(tx, hold_id=made)
    assert (found.hold_id, found.account_id, found.amount, found.reason) == (made, a, vibe(70), "share purchase")
    assert (found.state, found.expires_at, found.captured) == (HoldState.PENDING, expires_at, None)


async def test_holds_add_up_and_never_exceed_what_is_there(tx: Tx):
    (a,) = await make_wallets(tx, 100)
    await make_hold(tx, a, 60)
    with pytest.raises(InsufficientFunds):
        await make_hold(tx, a, 41)
    await make_hold(tx, a, 40)
    assert await balance(tx, a) == (0, 100)


async def test_the_same_hold_under_the_same_key_is_placed_once(tx: Tx):
    (a,) = await make_wallets(tx, 100)
    first = await make_hold(tx, a, 60, key="k")
    assert await make_hold(tx, a, 60, key="k", lasts=timedelta(hours=2)) == first
    assert await balance(tx, a) == (40, 60)


async def test_a_key_stands_for_its_hold_even_after_it_was_resolved(tx: Tx):
    (a,) = await make_wallets(tx, 100)
    first = await make_hold(tx, a, 60, key="k")
    await void_hold(tx, hold_id=first)
    assert await make_hold(tx, a, 60, key="k") == first
    assert await balance(tx, a) == (100, 0)


async def test_another_hold_under_the_same_key_is_refused(tx: Tx):
    a, b = await make_wallets(tx, 100, 100)
    await make_hold(tx, a, 60, key="k")
    for account, minor in ((a, 61), (b, 60)):
        with pytest.raises(KeyReused):
            await make_hold(tx, account, minor, key="k")
    assert await balance(tx, b) == (100, 0)


@pytest.mark.parametrize("minor", [0, -1])
async def test_a_hold_is_of_something(tx: Tx, minor: int):
    (a,) = await make_wallets(tx, 100)
    with pytest.raises(InvalidHold):
        await make_hold(tx, a, minor)


@pytest.mark.parametrize("text", [{"key": ""}, {"key": "k" * 201}, {"reason": ""}, {"reason": "r" * 101}], ids=str)
async def test_a_hold_has_a_key_and_a_reason(tx: Tx, text: dict[str, str]):
    (a,) = await make_wallets(tx, 100)
    with pytest.raises(InvalidHold):
        await place_hold(
            tx, account_id=a, amount=vibe(1), expires_at=utc_now() + SHORT, **{"key": "k", "reason": "r", **text}
        )


async def test_a_hold_ends_after_it_begins(tx: Tx):
    (a,) = await make_wallets(tx, 100)
    with pytest.raises(InvalidHold):
        await make_hold(tx, a, 1, lasts=timedelta(seconds=-1))
    assert await balance(tx, a) == (100, 0)


async def test_nothing_is_held_on_an_account_that_may_fall_below_zero(tx: Tx):
    with pytest.raises(NotGuarded):
        await make_hold(tx, await make_liquidity(tx), 1)


async def test_a_hold_fits_its_account(tx: Tx):
    (a,) = await make_wallets(tx, 100)
    with pytest.raises(AccountCurrencyMismatch):
        await place_hold(
            tx, key="k", account_id=a, amount=Money(1, USD), expires_at=utc_now() + timedelta(hours=1), reason="r"
        )
    with pytest.raises(UnknownAccount):
        await make_hold(tx, AccountId(new_id()), 1)


async def test_a_capture_takes_all_of_it(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    made = await make_hold(tx, a, 70)

    posted = await capture_hold(tx, hold_id=made, posting=transfer(a, b, 70))

    assert (await balance(tx, a), await balance(tx, b)) == ((30, 0), (70, 0))
    found = await service.hold(tx, hold_id=made)
    assert (found.state, found.captured, found.captured_by) == (HoldState.CAPTURED, vibe(70), posted.transaction_id)


async def test_a_capture_of_a_part_frees_the_rest(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    made = await make_hold(tx, a, 100)

    await capture_hold(tx, hold_id=made, posting=transfer(a, b, 1))

    assert (await balance(tx, a), await balance(tx, b)) == ((99, 0), (1, 0))
    assert await written_held(tx, a) == 0
    assert (await service.hold(tx, hold_id=made)).captured == vibe(1)
    await post(tx, posting=transfer(a, b, 99))


async def test_a_capture_may_take_the_last_of_the_account(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    made = await make_hold(tx, a, 100)
    await capture_hold(tx, hold_id=made, posting=transfer(a, b, 100))
    assert await balance(tx, a) == (0, 0)


async def test_a_capture_takes_no_more_than_is_held(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    made = await make_hold(tx, a, 50)
    with pytest.raises(CaptureExceedsHold):
        await capture_hold(tx, hold_id=made, posting=transfer(a, b, 51))
    assert await balance(tx, a) == (50, 50)
    assert (await service.hold(tx, hold_id=made)).state is HoldState.PENDING


async def test_a_capture_takes_from_the_account_that_is_held(tx: Tx):
    a, b, c = await make_wallets(tx, 100, 0, 100)
    made = await make_hold(tx, a, 50)
    for wrong in (transfer(c, b, 50), transfer(c, a, 50)):
        with pytest.raises(CaptureExceedsHold):
            await capture_hold(tx, hold_id=made, posting=wrong)
    assert await balance(tx, a) == (50, 50)


async def test_a_capture_leaves_other_holds_alone(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    mine = await make_hold(tx, a, 40)
    await make_hold(tx, a, 60)
    await capture_hold(tx, hold_id=mine, posting=transfer(a, b, 40))
    assert await balance(tx, a) == (0, 60)


async def test_a_refused_capture_holds_as_before(tx: Tx):
    a, b, c = await make_wallets(tx, 100, 0, 0)
    made = await make_hold(tx, a, 50)
    refused = transfer(c, b, 1, key="refused")
    posting = transfer(a, b, 50, key="k")
    both = service.Posting(
        transaction_id=posting.transaction_id,
        key="both",
        kind="test",
        legs=(*refused.legs, *posting.legs),
        captures=made,
    )
    outcomes = await post_batch(tx, postings=[both, transfer(a, c, 60), transfer(a, c, 50)])
    assert [one.status for one in outcomes] == [Status.INSUFFICIENT_FUNDS, Status.INSUFFICIENT_FUNDS, Status.POSTED]
    assert await balance(tx, a) == (0, 50)
    assert (await service.hold(tx, hold_id=made)).state is HoldState.PENDING


async def test_a_hold_is_resolved_once(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    captured, voided = await make_hold(tx, a, 10), await make_hold(tx, a, 10)
    await capture_hold(tx, hold_id=captured, posting=transfer(a, b, 10))
    await void_hold(tx, hold_id=voided)

    for made in (captured, voided):
        with pytest.raises(HoldResolved):
            await capture_hold(tx, hold_id=made, posting=transfer(a, b, 10))
    with pytest.raises(HoldResolved):
        await void_hold(tx, hold_id=captured)
    assert (await balance(tx, a), await balance(tx, b)) == ((90, 0), (10, 0))


async def test_a_hold_is_captured_once_within_a_batch(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    made = await make_hold(tx, a, 10)
    outcomes = await post_batch(tx, postings=[transfer(a, b, 5, captures=made), transfer(a, b, 5, captures=made)])
    assert [one.status for one in outcomes] == [Status.POSTED, Status.HOLD_RESOLVED]
    assert (await balance(tx, a), await balance(tx, b)) == ((95, 0), (5, 0))


async def test_repeating_a_capture_is_the_same_capture(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    made = await make_hold(tx, a, 10)
    first = await capture_hold(tx, hold_id=made, posting=transfer(a, b, 10, key="k"))
    again = await capture_hold(tx, hold_id=made, posting=transfer(a, b, 10, key="k"))
    assert (again.transaction_id, again.replayed) == (first.transaction_id, True)
    with pytest.raises(KeyReused):
        await post(tx, posting=transfer(a, b, 10, key="k"))
    assert await balance(tx, a) == (90, 0)


async def test_a_posting_captures_the_hold_that_it_names(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    one, other = await make_hold(tx, a, 10), await make_hold(tx, a, 10)
    with pytest.raises(InvalidPosting):
        await capture_hold(tx, hold_id=one, posting=transfer(a, b, 10, captures=other))
    await capture_hold(tx, hold_id=one, posting=transfer(a, b, 10, captures=one))


async def test_what_is_voided_can_be_spent_again(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    made = await make_hold(tx, a, 100)
    await void_hold(tx, hold_id=made)
    await void_hold(tx, hold_id=made)
    assert await balance(tx, a) == (100, 0)
    assert (await service.hold(tx, hold_id=made)).state is HoldState.VOIDED
    await post(tx, posting=transfer(a, b, 100))


async def test_there_is_no_such_hold(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    nothing = HoldId(new_id())
    with pytest.raises(UnknownHold):
        await service.hold(tx, hold_id=nothing)
    with pytest.raises(UnknownHold):
        await void_hold(tx, hold_id=nothing)
    with pytest.raises(UnknownHold):
        await capture_hold(tx, hold_id=nothing, posting=transfer(a, b, 1))


async def test_an_expired_hold_counts_for_nobody_who_reads(tx: Tx):
    (a,) = await make_wallets(tx, 100)
    made = await make_hold(tx, a, 70, lasts=SHORT)
    assert await balance(tx, a) == (30, 70)
    await over()
    assert await balance(tx, a) == (100, 0)
    assert (await service.hold(tx, hold_id=made)).state is HoldState.EXPIRED
    assert await written_held(tx, a) == 70, "nobody wrote yet"


async def test_an_expired_hold_does_not_keep_anybody_from_spending(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    await make_hold(tx, a, 70, lasts=SHORT)
    other = await make_hold(tx, a, 20)
    await over()
    with pytest.raises(InsufficientFunds):
        await post(tx, posting=transfer(a, b, 81))
    await post(tx, posting=transfer(a, b, 80))
    assert await balance(tx, a) == (0, 20)
    assert (await service.hold(tx, hold_id=other)).state is HoldState.PENDING


async def test_an_expired_hold_makes_room_for_another(tx: Tx):
    (a,) = await make_wallets(tx, 100)
    await make_hold(tx, a, 70, lasts=SHORT)
    await over()
    await make_hold(tx, a, 100)
    assert await balance(tx, a) == (0, 100)


async def test_an_expired_hold_is_neither_captured_nor_voided(tx: Tx):
    a, b = await make_wallets(tx, 100, 0)
    captured, voided = await make_hold(tx, a, 10, lasts=SHORT), await make_hold(tx, a, 10, lasts=SHORT)
    await over()
    with pytest.raises(HoldExpired):
        await void_hold(tx, hold_id=voided)
    with pytest.raises(HoldExpired):
        await capture_hold(tx, hold_id=captured, posting=transfer(a, b, 10))
    assert (await balance(tx, a), await balance(tx, b)) == ((100, 0), (0, 0))
    assert await written_held(tx, a) == 0


async def test_an_expired_hold_is_called_so_even_by_a_capture_that_would_not_fit_it(tx: Tx):
    a, b, c = await make_wallets(tx, 100, 0, 100)
    made = await make_hold(tx, a, 10, lasts=SHORT)
    await over()
    with pytest.raises(HoldExpired):
        await capture_hold(tx, hold_id=made, posting=transfer(c, b, 10))


async def test_expired_holds_are_tidied_up(tx: Tx):
    a, b = await make_wallets(tx, 100, 100)
    for account in (a, a, b):
        await make_hold(tx, account, 10, lasts=SHORT)
    standing = await make_hold(tx, b, 5)
    await over()

    assert await service.expire_holds(tx, most=100) == 3
    assert await service.expire_holds(tx, most=100) == 0

    assert (await written_held(tx, a), await written_held(tx, b)) == (0, 5)
    assert (await service.hold(tx, hold_id=standing)).state is HoldState.PENDING


async def test_tidying_up_leaves_alone_whom_somebody_is_busy_with(database: Database):
    async with database.begin() as tx:
        a, b = await make_wallets(tx, 100, 100)
        await make_hold(tx, a, 10, lasts=SHORT)
        await make_hold(tx, b, 10, lasts=SHORT)
    await over()
    async with database.begin() as busy:
        await post(busy, posting=transfer(a, b, 1))
        async with database.begin() as tidying:
            assert await service.expire_holds(tidying, most=100) == 0
    async with database.begin() as tx:
        assert (await written_held(tx, a), await written_held(tx, b)) == (0, 0), "the posting had done it"
