"""Asking for payouts: whose money, how much, once, and who has to agree."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.factories.payouts import (
    LONG_AGO,
    Payee,
    ask,
    books,
    earn,
    has,
    later,
    make_payee,
    new_user,
    usd,
    violations,
    waiting,
)
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.ledger.service import AccountKind, InsufficientFunds
from vibestream.contexts.payment.payouts import service
from vibestream.contexts.payment.payouts.service import (
    AboveAvailable,
    BelowMinimum,
    NotPayable,
    OwnPayout,
    Payout,
    PayoutState,
    RequestKeyReused,
    UnknownPayout,
    WrongState,
)
from vibestream.kernel.ids import PayoutId, UserId, new_id
from vibestream.kernel.money import EUR, VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx


async def test_what_is_asked_for_leaves_the_balance_at_once_and_is_sent_by_a_job(database: Database):
    async with database.begin() as tx:
        payee = await make_payee(tx, 5_000)
        payout = await ask(tx, payee, 2_000)

    assert (payout.state, payout.gross, payout.fee, payout.net) == (
        PayoutState.APPROVED,
        usd(2_000),
        usd(25),
        usd(1_975),
    )
    assert (payout.gateway_key, payout.address) == (f"payout:{payout.payout_id}", payee.address)
    async with database.begin() as tx:
        assert await has(tx, payee.user_id) == (3_000, 2_000, 0)
    assert await waiting(database) == [("payment.send_payout", {"payout_id": str(payout.payout_id)})]
    assert await violations(database) == {}


async def test_the_same_key_is_the_same_payout_for_ever(tx: Tx):
    payee = await make_payee(tx, 5_000)
    first = await ask(tx, payee, 2_000, key="mine")
    assert await ask(tx, payee, 2_000, key="mine") == first
    assert await ask(tx, payee, None, key="mine") == first
    for different in ({"minor": 2_001}, {"currency": EUR}):
        with pytest.raises(RequestKeyReused):
            await ask(tx, payee, key="mine", **different)
    other = await make_payee(tx, 5_000)
    with pytest.raises(RequestKeyReused):
        await ask(tx, other, 2_000, key="mine")
    assert await has(tx, payee.user_id) == (3_000, 2_000, 0)


async def test_what_is_owed_is_taken_first(database: Database):
    async with database.begin() as tx:
        payee = await make_payee(tx, 5_000)
        await earn(tx, payee.user_id, -1_200, kind=AccountKind.PAYEE_DEBT)
        payout = await ask(tx, payee)

    async with database.begin() as tx:
        assert payout.gross == usd(3_800)
        assert await has(tx, payee.user_id) == (0, 3_800, 0)
    assert await violations(database) == {}


@pytest.mark.parametrize(
    ("minor", "error"), [(499, BelowMinimum), (0, BelowMinimum), (-500, BelowMinimum), (5_001, AboveAvailable)]
)
async def test_an_amount_that_cannot_be_paid_moves_nothing(tx: Tx, minor: int, error: type[Exception]):
    payee = await make_payee(tx, 5_000)
    with pytest.raises(error):
        await ask(tx, payee, minor)
    assert await has(tx, payee.user_id) == (5_000, 0, 0)


@pytest.mark.parametrize(("currency", "reason"), [(VIBE, "currency"), (EUR, None)])
async def test_only_money_that_the_method_pays_out_is(tx: Tx, currency: object, reason: str | None):
    payee = await make_payee(tx, 0)
    await earn(tx, payee.user_id, Money(50_000_000, currency))  # type: ignore[arg-type]  # a currency
    if reason is None:
        assert (await ask(tx, payee, currency=currency)).gross == Money(50_000_000, EUR)
        return
    with pytest.raises(NotPayable) as refusal:
        await ask(tx, payee, currency=currency)
    assert refusal.value.reason == reason


async def test_nothing_is_paid_without_a_destination_or_to_one_that_was_just_changed(tx: Tx):
    nowhere = Payee(new_user(), GatewayName.PAYPAL, "")
    await earn(tx, nowhere.user_id, 5_000)
    with pytest.raises(NotPayable) as refusal:
        await ask(tx, nowhere)
    assert refusal.value.reason == "no_destination"

    payee = await make_payee(tx, 5_000)
    await service.set_destination(
        tx, user_id=payee.user_id, method=GatewayName.PAYPAL, address="thief@evil.example", ready=True, now=utc_now()
    )
    with pytest.raises(NotPayable) as refusal:
        await ask(tx, payee, now=later(hours=71))
    assert refusal.value.reason == "destination_waits"
    assert (await ask(tx, payee, now=later(hours=73))).address == "thief@evil.example"


async def test_two_requests_at_once_do_not_spend_the_same_money(database: Database):
    async with database.begin() as tx:
        payee = await make_payee(tx, 5_000)

    async def request() -> Payout:
        async with database.begin() as tx:
            return await ask(tx, payee, 3_000)

    outcomes = await asyncio.gather(*[request() for _ in range(4)], return_exceptions=True)

    assert sorted(type(one).__name__ for one in outcomes) == ["AboveAvailable"] * 3 + ["Payout"]
    async with database.begin() as tx:
        assert await has(tx, payee.user_id) == (2_000, 3_000, 0)


async def test_the_same_key_twice_at_once_is_one_payout(database: Database):
    async with database.begin() as tx:
        payee = await make_payee(tx, 5_000)

    async def request() -> Payout:
        async with database.begin() as tx:
            return await ask(tx, payee, 1_000, key="once")

    outcomes = await asyncio.gather(*[request() for _ in range(4)])

    assert len({one.payout_id for one in outcomes}) == 1
    async with database.begin() as tx:
        assert await has(tx, payee.user_id) == (4_000, 1_000, 0)


async def deny(tx: Tx, payee: Payee) -> None:
    await fraud.deny(
        tx,
        list_=fraud.DenyList.USER,
        value=str(payee.user_id),
        reason="a test",
        added_by=None,
        now=utc_now() - timedelta(days=1),
    )


async def large(tx: Tx, **more: Any) -> Payout:
    payee = await make_payee(tx, 500_000, since=LONG_AGO)
    return await ask(tx, payee, 200_000, **more)


async def released(tx: Tx, payout: Payout) -> Payout:
    """The payout after the risk review, which so much money is always given, has let it go on."""
    assert payout.under_review
    await service.note_reviewed(tx, payout_id=payout.payout_id, released=True, now=utc_now())
    return await service.payout(tx, payout_id=payout.payout_id)


async def approve(tx: Tx, payout: Payout, by: UserId) -> Payout:
    return await service.approve(tx, payout_id=payout.payout_id, approver=by, now=utc_now())


async def test_above_the_limit_two_different_people_agree_and_neither_the_payee_nor_who_asked(database: Database):
    asker, first, second = new_user(), new_user(), new_user()
    async with database.begin() as tx:
        payout = await released(tx, await large(tx, requested_by=asker))
        assert (payout.state, payout.approvals_needed) == (PayoutState.REQUESTED, 2)
        for nobody in (payout.user_id, asker):
            with pytest.raises(OwnPayout):
                await approve(tx, payout, nobody)
        assert (await approve(tx, payout, first)).state is PayoutState.REQUESTED
        assert (await approve(tx, payout, first)).state is PayoutState.REQUESTED, "one person counts once"
    assert await waiting(database) == []

    async with database.begin() as tx:
        assert (await approve(tx, payout, second)).state is PayoutState.APPROVED
        with pytest.raises(WrongState):
            await approve(tx, payout, new_user())
    assert await waiting(database) == [("payment.send_payout", {"payout_id": str(payout.payout_id)})]
    assert await violations(database) == {}
    async with database.begin() as tx:
        kinds = [(event.kind, event.actor) for event in await service.timeline(tx, payout_id=payout.payout_id)]
    assert kinds == [
        ("requested", asker),
        ("screened", None),
        ("released", None),
        ("agreed", first),
        ("agreed", second),
        ("approved", None),
    ]


ATTACKS = {
    "approved without a vote": "UPDATE payment.payout SET state = 'approved', version = version + 1",
    "sent without a vote": "UPDATE payment.payout SET state = 'sending', version = version + 1",
    "paid without a vote": "UPDATE payment.payout SET state = 'paid', payout_ref = 'x', version = version + 1",
    "a vote of the payee": """
        INSERT INTO payment.payout_vote SELECT payout_id, 'approve', user_id, user_id, requested_by, now()
        FROM payment.payout""",
    "a vote of who asked": """
        INSERT INTO payment.payout_vote SELECT payout_id, 'approve', requested_by, user_id, requested_by, now()
        FROM payment.payout""",
    "a vote about somebody else's": """
        INSERT INTO payment.payout_vote SELECT payout_id, 'approve', gen_random_uuid(), gen_random_uuid(), requested_by,
        now() FROM payment.payout""",
    "fewer approvals needed": "UPDATE payment.payout SET approvals_needed = 0",
    "another address": "UPDATE payment.payout SET address = 'thief@evil.example'",
    "a larger amount": "UPDATE payment.payout SET gross = gross * 2",
    "another payee": "UPDATE payment.payout SET user_id = gen_random_uuid()",
    "a version left out": "UPDATE payment.payout SET version = version + 2",
    "checked again": "UPDATE payment.payout SET state = 'screening', version = version + 1",
    "fewer approvals needed, properly": "UPDATE payment.payout SET approvals_needed = 0, version = version + 1",
    "another risk decision": "UPDATE payment.payout SET decision_id = gen_random_uuid(), version = version + 1",
    "a risk decision forgotten": "UPDATE payment.payout SET decision_id = NULL, version = version + 1",
    "no version": "UPDATE payment.payout SET failure = 'x'",
    "a payout forgotten": "DELETE FROM payment.payout",
    "an event forgotten": "DELETE FROM payment.payout_event",
    "an event changed": "UPDATE payment.payout_event SET kind = 'x'",
    "a vote forgotten": "DELETE FROM payment.payout_vote",
    "easier terms": "UPDATE payment.payout_terms SET four_eyes_above = 9223372036854775807",
    "a destination moved": "UPDATE payment.payout_destination SET address = 'thief@evil.example'",
    "a wait cut short": "UPDATE payment.payout_destination SET usable_from = set_at",
    "a payout that begins approved": """
        INSERT INTO payment.payout (payout_id, user_id, currency, gross, fee, method, destination_id, address, request_key,
            gateway_key, requested_at, decision_id, approvals_needed, under_review, state, version, changed_at)
        SELECT gen_random_uuid(), user_id, currency, gross, fee, method, destination_id, address, 'k', 'k', now(),
            decision_id, 0, false, 'approved', 1, now() FROM payment.payout""",
    "a payout that begins as checked": """
        INSERT INTO payment.payout (payout_id, user_id, currency, gross, fee, method, destination_id, address, request_key,
            gateway_key, requested_at, decision_id, approvals_needed, under_review, state, version, changed_at)
        SELECT gen_random_uuid(), user_id, currency, gross, fee, method, destination_id, address, 'k', 'k', now(),
            decision_id, 0, false, 'requested', 1, now() FROM payment.payout""",
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_the_application_cannot_get_round_it(tx: Tx, attack: str):
    await large(tx)
    refusals = (psycopg.errors.InsufficientPrivilege, psycopg.errors.IntegrityError)
    with pytest.raises(refusals):
        async with tx.savepoint():
            await tx.execute(ATTACKS[attack])
    assert await tx.value("SELECT state FROM payment.payout") == "requested"


async def test_no_vote_is_enough_while_the_risk_review_is_open(database: Database):
    async with database.begin() as tx:
        payout = await large(tx)
        for by in (new_user(), new_user()):
            assert (await approve(tx, payout, by)).state is PayoutState.REQUESTED
        with pytest.raises(psycopg.errors.CheckViolation):
            async with tx.savepoint():
                await tx.execute("UPDATE payment.payout SET state = 'approved', version = version + 1")
    assert await waiting(database) == []

    async with database.begin() as tx:
        for _ in range(2):
            await service.note_reviewed(tx, payout_id=payout.payout_id, released=True, now=utc_now())
        assert (await service.payout(tx, payout_id=payout.payout_id)).state is PayoutState.APPROVED
    assert await waiting(database) == [("payment.send_payout", {"payout_id": str(payout.payout_id)})]
    assert await violations(database) == {}


async def test_what_the_review_refuses_is_the_payees_again(database: Database):
    async with database.begin() as tx:
        payout = await large(tx)
        for decided in (False, True):  # the first word counts
            await service.note_reviewed(tx, payout_id=payout.payout_id, released=decided, now=utc_now())
        found = await service.payout(tx, payout_id=payout.payout_id)
        assert (found.state, found.failure) == (PayoutState.REJECTED, "refused_in_review")
        assert await has(tx, payout.user_id) == (500_000, 0, 0)
    assert await violations(database) == {}


async def test_one_vote_is_not_enough_for_two_even_by_hand(tx: Tx):
    payout = await released(tx, await large(tx))
    await approve(tx, payout, new_user())
    with pytest.raises(psycopg.errors.CheckViolation) as refusal:
        async with tx.savepoint():
            await tx.execute("UPDATE payment.payout SET state = 'approved', version = version + 1")
    assert refusal.value.diag.constraint_name == "approved_by_enough"


@pytest.mark.parametrize("how", ["reject", "cancel"])
async def test_what_is_refused_or_taken_back_is_the_payees_again(database: Database, how: str):
    async with database.begin() as tx:
        payout = await large(tx)
        if how == "reject":
            over = await service.reject(
                tx, payout_id=payout.payout_id, by=new_user(), reason="Papers are missing.", now=utc_now()
            )
        else:
            over = await service.cancel(tx, payout_id=payout.payout_id, user_id=payout.user_id, now=utc_now())
        assert over.state is PayoutState.REJECTED
        assert await has(tx, payout.user_id) == (500_000, 0, 0)
        assert await books(tx) == {}
        for again in (approve(tx, payout, new_user()), approve(tx, payout, new_user())):
            with pytest.raises(WrongState):
                await again
    assert await violations(database) == {}


async def test_nobody_takes_back_the_request_of_another(tx: Tx):
    payout = await large(tx)
    with pytest.raises(UnknownPayout):
        await service.cancel(tx, payout_id=payout.payout_id, user_id=new_user(), now=utc_now())
    with pytest.raises(UnknownPayout):
        await service.payout(tx, payout_id=payout.payout_id, user_id=new_user())
    assert await has(tx, payout.user_id) == (300_000, 200_000, 0)


async def test_what_the_risk_check_blocks_moves_nothing(database: Database):
    async with database.begin() as tx:
        payee = await make_payee(tx, 5_000)
        await deny(tx, payee)
        payout = await ask(tx, payee)

    assert (payout.state, payout.failure) == (PayoutState.REJECTED, "risk")
    async with database.begin() as tx:
        assert await has(tx, payee.user_id) == (5_000, 0, 0)
    assert await waiting(database) == []
    assert await violations(database) == {}


async def test_debts_larger_than_what_there_is_leave_nothing_to_pay(tx: Tx):
    payee = await make_payee(tx, 5_000)
    await earn(tx, payee.user_id, -9_000, kind=AccountKind.PAYEE_DEBT)
    with pytest.raises(BelowMinimum):
        await ask(tx, payee)
    assert await has(tx, payee.user_id) == (5_000, 0, 9_000)


async def test_somebody_without_royalties_gets_none(tx: Tx):
    payee = await make_payee(tx, 0)
    with pytest.raises((BelowMinimum, InsufficientFunds)):
        await ask(tx, payee)
    assert await service.payouts(tx, user_id=payee.user_id, limit=10) == []


async def test_a_payout_of_anybody_is_found_by_its_id_alone(tx: Tx):
    payout = await large(tx)
    assert await service.payout(tx, payout_id=payout.payout_id) == payout
    assert await service.payout(tx, payout_id=payout.payout_id, user_id=payout.user_id) == payout
    with pytest.raises(UnknownPayout):
        await service.payout(tx, payout_id=PayoutId(new_id()))
