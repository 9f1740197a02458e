"""A captured top-up reaches the wallet once; what leaves again is taken back as far as it is there."""

from __future__ import annotations

import asyncio

import pytest

from tests.factories.payment import violations
from tests.factories.settling import AT, charged_back, held_by, make_captured, usd, wallet_of
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, InsufficientFunds
from vibestream.contexts.payment.wallets import service
from vibestream.contexts.payment.wallets.service import Captured, Destination, GiveBackReason
from vibestream.kernel.ids import PaymentId, RefundId, UserId, new_id
from vibestream.kernel.money import USD
from vibestream.platform.database import Database, Tx

REVENUE = AccountName(AccountKind.PLATFORM_REVENUE, "test", USD)


async def topped_up(tx: Tx, minor: int = 1_000) -> Captured:
    captured = await make_captured(tx, user_id=UserId(new_id()), minor=minor)
    assert await service.settle_into_wallet(tx, captured=captured) is not None
    return captured


async def spent(tx: Tx, captured: Captured, minor: int) -> None:
    await service.spend(
        tx,
        key=f"spent:{new_id()}",
        user_id=captured.user_id,
        amount=usd(minor),
        kind="test",
        into=[(REVENUE, usd(minor))],
        details={},
        at=AT,
    )


async def test_a_top_up_stands_in_the_wallet_and_its_escrow_is_empty(tx: Tx):
    captured = await topped_up(tx)

    assert await wallet_of(tx, captured.user_id) == (1_000, 0)
    assert await held_by(tx, AccountKind.PAYMENT_ESCROW, str(captured.payment_id)) == 0
    found = await service.settlement(tx, payment_id=captured.payment_id)
    assert found is not None
    assert (found.destination, found.amount, found.returned) == (Destination.WALLET, usd(1_000), usd(0))
    assert [
        one.payment_id
        for one in await service.settlements(tx, user_id=captured.user_id, destination=Destination.WALLET, limit=5)
    ] == [captured.payment_id]


async def test_a_payment_is_settled_once_wherever_it_is_meant_to_go_the_second_time(tx: Tx):
    captured = await topped_up(tx)

    assert await service.settle_into_wallet(tx, captured=captured) is None
    again = await service.settle(
        tx,
        captured=captured,
        destination=Destination.TIP,
        subject="x",
        kind="tip",
        into=[(REVENUE, captured.amount)],
        details={},
    )

    assert again is None
    assert await wallet_of(tx, captured.user_id) == (1_000, 0)


async def test_of_many_that_settle_at_the_same_moment_one_does(database: Database):
    async with database.begin() as tx:
        captured = await make_captured(tx, user_id=UserId(new_id()))

    async def settle() -> bool:
        return await database.run(lambda tx: _settled(tx, captured))

    done = await asyncio.gather(*(settle() for _ in range(8)))

    assert sum(done) == 1
    async with database.begin() as tx:
        assert await wallet_of(tx, captured.user_id) == (1_000, 0)
    assert await violations(database) == {}


async def _settled(tx: Tx, captured: Captured) -> bool:
    return await service.settle_into_wallet(tx, captured=captured) is not None


async def test_what_was_never_captured_is_not_settled(tx: Tx):
    made_up = Captured(payment_id=PaymentId(new_id()), user_id=UserId(new_id()), amount=usd(5), at=AT)

    with pytest.raises(InsufficientFunds):
        await service.settle_into_wallet(tx, captured=made_up)

    assert await service.settlement(tx, payment_id=made_up.payment_id) is None


@pytest.mark.parametrize(
    ("spent_before", "taken", "left", "losses"),
    [(0, 1_000, 0, 0), (400, 600, 0, -400), (1_000, 0, 0, -1_000)],
)
async def test_a_lost_dispute_takes_what_is_there_and_the_rest_is_a_loss(
    tx: Tx, spent_before: int, taken: int, left: int, losses: int
):
    captured = await topped_up(tx)
    if spent_before:
        await spent(tx, captured, spent_before)
    await charged_back(tx, key="d:1", amount=usd(1_000))

    for _ in range(2):
        await service.take_back(
            tx,
            key="dispute:1",
            payment_id=captured.payment_id,
            amount=usd(1_000),
            gateway="stripe",
            reason=GiveBackReason.DISPUTE_LOST,
            at=AT,
        )

    assert await wallet_of(tx, captured.user_id) == (left, 0)
    assert await held_by(tx, AccountKind.CHARGEBACK_LOSSES, "stripe") == losses
    written = await tx.one(
        dict[str, int],
        "SELECT wanted, counted, taken, owed FROM payment.give_back WHERE payment_id = %s",
        [captured.payment_id],
    )
    assert written == {"wanted": 1_000, "counted": 1_000, "taken": taken, "owed": 0}


async def test_a_payment_that_was_refunded_and_then_lost_is_taken_back_once(tx: Tx):
    captured = await topped_up(tx)
    await topped_up_more(tx, captured, 5_000)
    await service.note_refund(tx, payment_id=captured.payment_id, refund_id=RefundId(new_id()), amount=usd(700), at=AT)

    await service.take_back(
        tx,
        key="dispute:2",
        payment_id=captured.payment_id,
        amount=usd(1_000),
        gateway="stripe",
        reason=GiveBackReason.DISPUTE_LOST,
        at=AT,
    )

    assert await wallet_of(tx, captured.user_id) == (6_000 - 300, 0)
    found = await service.settlement(tx, payment_id=captured.payment_id)
    assert found is not None
    assert found.left == usd(0)


async def topped_up_more(tx: Tx, captured: Captured, minor: int) -> None:
    more = await make_captured(tx, user_id=captured.user_id, minor=minor)
    await service.settle_into_wallet(tx, captured=more)


async def test_while_a_top_up_is_disputed_what_is_there_of_it_is_held(tx: Tx):
    captured = await topped_up(tx)
    await spent(tx, captured, 300)

    for _ in range(2):
        await service.watch_dispute(tx, payment_id=captured.payment_id, amount=usd(1_000), news="n1", is_open=True)

    assert await wallet_of(tx, captured.user_id) == (0, 700)
    await service.watch_dispute(tx, payment_id=captured.payment_id, amount=usd(1_000), news="n2", is_open=False)
    assert await wallet_of(tx, captured.user_id) == (700, 0)


async def test_what_was_held_for_a_dispute_is_what_its_loss_takes(tx: Tx):
    captured = await topped_up(tx)
    await service.watch_dispute(tx, payment_id=captured.payment_id, amount=usd(1_000), news="n1", is_open=True)
    await topped_up_more(tx, captured, 50)
    await charged_back(tx, key="d:3", amount=usd(1_000))

    await service.take_back(
        tx,
        key="dispute:3",
        payment_id=captured.payment_id,
        amount=usd(1_000),
        gateway="stripe",
        reason=GiveBackReason.DISPUTE_LOST,
        at=AT,
    )

    assert await wallet_of(tx, captured.user_id) == (50, 0)
    assert await held_by(tx, AccountKind.CHARGEBACK_LOSSES, "stripe") == 0


async def test_a_refund_that_was_asked_for_is_counted_once_and_takes_nothing_more(tx: Tx):
    captured = await topped_up(tx)
    refund_id = RefundId(new_id())

    noted = [
        await service.note_refund(tx, payment_id=captured.payment_id, refund_id=refund_id, amount=usd(250), at=AT)
        for _ in range(2)
    ]

    assert noted == [True, False]
    assert await wallet_of(tx, captured.user_id) == (1_000, 0)
    found = await service.settlement(tx, payment_id=captured.payment_id)
    assert found is not None
    assert found.returned == usd(250)


async def test_a_payment_that_never_settled_is_not_taken_back(tx: Tx):
    await service.take_back(
        tx,
        key="dispute:4",
        payment_id=PaymentId(new_id()),
        amount=usd(5),
        gateway="stripe",
        reason=GiveBackReason.DISPUTE_LOST,
        at=AT,
    )

    assert await tx.value("SELECT count(*) FROM payment.give_back") == 0
