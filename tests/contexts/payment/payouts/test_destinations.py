"""Where money goes: a change waits, its owner is told and can undo it, and Stripe's accounts are their owners' own."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx
import pytest

from tests.factories.bus import drain, registered
from tests.factories.gateways import Sandbox
from tests.factories.payouts import ask, make_payee, new_user, take_jobs, usd, waiting, work
from tests.factories.users import make_user
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.payouts import service
from vibestream.contexts.payment.payouts.service import (
    Destination,
    DestinationInvalid,
    NotACountry,
    NothingToUndo,
    NotOnboarded,
    NotPayable,
)
from vibestream.flows.tell_payees import SUBSCRIPTIONS
from vibestream.kernel.ids import UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.events.subscriptions import Consumers
from vibestream.platform.runtime import Runtime

PAYPAL, STRIPE = GatewayName.PAYPAL, GatewayName.STRIPE


async def change(tx: Tx, user_id: UserId, address: str, *, days: float = 0) -> Destination:
    return await service.set_destination(
        tx, user_id=user_id, method=PAYPAL, address=address, ready=True, now=utc_now() + timedelta(days=days)
    )


async def test_the_first_is_usable_at_once_and_the_same_again_is_no_change(tx: Tx):
    user = new_user()
    first = await change(tx, user, "a@one.example")
    assert first.usable_from == first.set_at
    assert await change(tx, user, " A@ONE.example", days=1) == first
    assert await service.destination(tx, user_id=user) == first


async def test_a_change_waits_72_hours_and_can_be_undone(tx: Tx):
    user = new_user()
    first = await change(tx, user, "a@one.example")
    second = await change(tx, user, "b@two.example", days=1)
    assert second.usable_from - second.set_at == timedelta(hours=72)

    restored = await service.undo_change(tx, user_id=user, now=utc_now() + timedelta(days=2))
    assert (restored.address, restored.usable_from) == ("a@one.example", restored.set_at)
    assert restored.destination_id != first.destination_id
    with pytest.raises(NothingToUndo):
        await service.undo_change(tx, user_id=user, now=utc_now() + timedelta(days=2))


async def test_undoing_goes_back_to_what_was_in_use_and_not_to_another_change(tx: Tx):
    user = new_user()
    await change(tx, user, "a@one.example")
    await change(tx, user, "b@two.example", days=1)
    await change(tx, user, "c@three.example", days=2)
    restored = await service.undo_change(tx, user_id=user, now=utc_now() + timedelta(days=3))
    assert restored.address == "a@one.example"


async def test_a_change_that_took_effect_is_changed_back_like_any_other(tx: Tx):
    user = new_user()
    await change(tx, user, "a@one.example")
    await change(tx, user, "b@two.example", days=1)
    with pytest.raises(NothingToUndo):
        await service.undo_change(tx, user_id=user, now=utc_now() + timedelta(days=4, minutes=1))
    back = await change(tx, user, "a@one.example", days=5)
    assert back.usable_from - back.set_at == timedelta(hours=72)


async def test_a_request_that_began_before_the_last_change_is_later_than_it_all_the_same(tx: Tx):
    user = new_user()
    first = await change(tx, user, "a@one.example", days=1)
    second = await change(tx, user, "b@two.example")
    assert second.set_at == first.set_at
    assert second.usable_from - second.set_at == timedelta(hours=72)


async def test_nothing_to_undo_for_somebody_new(tx: Tx):
    with pytest.raises(NothingToUndo):
        await service.undo_change(tx, user_id=new_user(), now=utc_now())


async def test_changes_at_once_leave_one(database: Database):
    user = new_user()

    async def one(number: int) -> Destination:
        async with database.begin() as tx:
            return await change(tx, user, f"a{number}@one.example")

    made = await asyncio.gather(*[one(number) for number in range(6)])
    async with database.begin() as tx:
        current = await service.destination(tx, user_id=user)
        assert current in made
        assert await tx.value("SELECT count(*) FROM payment.payout_destination WHERE replaced_at IS NULL") == 1
    assert sum(one.usable_from == one.set_at for one in made) == 1


async def test_a_payout_goes_where_it_was_asked_to_go(tx: Tx):
    payee = await make_payee(tx, 5_000)
    payout = await ask(tx, payee)
    await change(tx, payee.user_id, "thief@evil.example")
    found = await service.payout(tx, payout_id=payout.payout_id)
    assert found.address == payee.address


async def test_the_owner_of_the_account_is_told_once_per_change(database: Database, runtime: Runtime):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    async with database.begin() as tx:
        user = await make_user(tx, email="ana@example.org")
        await change(tx, user.user_id, "a@one.example")
        await change(tx, user.user_id, "b@two.example")
    await drain(database, consumers)
    await drain(database, consumers)

    jobs = await waiting(database)
    assert [(name, sorted(args)) for name, args in jobs] == [("user.mail_notification", ["delivery_id"])] * 2
    assert len({args["delivery_id"] for _, args in jobs}) == 2
    assert "example" not in str(jobs), "no address waits in a queue"
    async with database.begin() as tx:
        told = await tx.values("SELECT kind || ' ' || (facts ->> 'method') FROM users.notification WHERE user_id = %s",
                               [user.user_id])  # fmt: skip
    assert sorted(told) == ["destination_changed paypal", "destination_set paypal"]


async def onboard(runtime: Runtime, user_id: UserId, *, email: str = "payee@example.org", country: str = "US") -> str:
    return await service.begin_onboarding(
        runtime,
        user_id=user_id,
        email=email,
        name="Somebody",
        country=country,
        return_url="http://localhost:1/back",
        refresh_url="http://localhost:1/again",
        now=utc_now(),
    )


async def test_a_payee_opens_an_account_at_stripe_and_is_paid_there(paying: Runtime, gateways: Sandbox):
    user = new_user()
    with pytest.raises(NotOnboarded):
        await service.use_own_account(paying, user_id=user, now=utc_now())
    page = await onboard(paying, user)
    first = await service.use_own_account(paying, user_id=user, now=utc_now())
    assert (first.method, first.ready) == (STRIPE, False)
    async with paying.database.begin() as tx:
        await make_payee(tx, 5_000, method=STRIPE, address=first.address, user_id=user)
        (payable,) = await service.overview(tx, user_id=user, now=utc_now())
        assert (payable.payable, payable.obstacle) == (usd(0), "destination_unready")

    assert gateways.click(page, _button(gateways, page)).startswith("http://localhost:1/back")
    async with paying.database.begin() as tx:  # as the webhook says
        await service.note_account_changed(tx, gateway=STRIPE, account_ref=first.address)
    await work(paying)

    async with paying.database.begin() as tx:
        (payable,) = await service.overview(tx, user_id=user, now=utc_now())
        assert (payable.payable, payable.fee, payable.obstacle) == (usd(5_000), usd(37), None)


def _button(sandbox: Sandbox, page: str) -> str:
    from tests.factories.gateways import Form

    return Form(httpx.get(page, trust_env=False).text).buttons[0]


async def test_asked_again_it_is_the_same_account(paying: Runtime):
    user = new_user()
    assert await onboard(paying, user) != await onboard(paying, user), "each address is good for one visit"
    async with paying.database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM payment.payee_account") == 1


@pytest.mark.parametrize("country", ["", "us", "USA", "U1", "U\n"])
async def test_what_is_no_country_opens_nothing(paying: Runtime, country: str):
    with pytest.raises(NotACountry):
        await onboard(paying, new_user(), country=country)
    async with paying.database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM payment.payee_account") == 0


async def test_an_account_of_nobody_here_changes_nothing(paying: Runtime):
    await service.refresh_account(paying, gateway="stripe", account_ref="acct_nobody")
    await service.refresh_account(paying, gateway="paypal", account_ref="payee@example.org")
    assert await take_jobs(paying.database) == []


async def test_an_account_that_stripe_restricts_is_paid_nothing(paying: Runtime, gateways: Sandbox):
    user = new_user()
    gateways.click(page := await onboard(paying, user), _button(gateways, page))
    used = await service.use_own_account(paying, user_id=user, now=utc_now())
    assert used.ready
    gateways.payout("stripe", account=used.address, status="restricted")
    await service.refresh_account(paying, gateway="stripe", account_ref=used.address)
    async with paying.database.begin() as tx:
        payee = await make_payee(tx, 5_000, method=STRIPE, address=used.address, user_id=user)
        with pytest.raises(NotPayable) as refusal:
            await ask(tx, payee)
    assert refusal.value.reason == "destination_unready"


async def test_nonsense_is_no_destination(tx: Tx):
    with pytest.raises(DestinationInvalid):
        await change(tx, new_user(), "nobody")
