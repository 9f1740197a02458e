"""Families, and what each listener's subscription brought in for a month."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.contexts.payment.subscriptions.conftest import PAYER, Fan, deferred
from tests.factories.settling import usd
from tests.factories.subscriptions import FAMILY, PREMIUM, PREMIUM_YEARLY, START, utc
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.subscriptions import service
from vibestream.contexts.payment.subscriptions.service import SubscriberRevenue
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import USD
from vibestream.platform.database import Tx

DAY = timedelta(days=1)
END = utc(2026, 12, 24, 12)
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


async def joined(fan: Fan) -> UserId:
    invited = await service.invite(fan.tx, user_id=fan.user_id, now=fan.now)
    member = UserId(new_id())
    await service.join(fan.tx, user_id=member, token=invited.token, now=fan.now)
    return member


async def plan_of(fan: Fan, user_id: UserId) -> str:
    return (await service.entitlements(fan.tx, user_id=user_id, now=fan.now)).plan


@pytest.mark.parametrize("how", ["lower", "spaced", "bare", "misread"])
async def test_a_code_is_understood_however_it_is_typed(fan: Fan, tx: Tx, how: str):
    await fan.subscribes(FAMILY)
    code = (await service.invite(tx, user_id=fan.user_id, now=fan.now)).token
    typed = {
        "lower": code.lower(),
        "spaced": f"  {code.replace('-', ' ')} ",
        "bare": code.replace("-", ""),
        "misread": code.replace("0", "o").replace("1", "l"),
    }[how]
    member = UserId(new_id())
    await service.join(tx, user_id=member, token=typed, now=fan.now)

    assert await plan_of(fan, member) == "family"


async def test_codes_differ_and_only_their_hash_is_kept(fan: Fan, tx: Tx):
    await fan.subscribes(FAMILY)
    codes = {(await service.invite(tx, user_id=fan.user_id, now=fan.now)).token for _ in range(5)}
    kept = await tx.values("SELECT row_to_json(i)::text FROM payment.family_invitation i")

    assert len(codes) == 5
    assert {len(code) for code in codes} == {24}
    assert not any(part in row for row in kept for code in codes for part in (code, code.replace("-", "")))


async def test_a_family_is_six_and_an_open_invitation_keeps_a_seat(fan: Fan, tx: Tx):
    await fan.subscribes(FAMILY)
    members = [await joined(fan) for _ in range(4)]
    open_one = await service.invite(tx, user_id=fan.user_id, now=fan.now)

    with pytest.raises(service.FamilyFull):
        await service.invite(tx, user_id=fan.user_id, now=fan.now)
    shown = await service.family(tx, user_id=fan.user_id, now=fan.now)
    assert shown is not None
    assert (shown.seats, [one.user_id for one in shown.members], len(shown.invitations)) == (6, members, 1)
    seen_by_member = await service.family(tx, user_id=members[0], now=fan.now)
    assert seen_by_member is not None
    assert seen_by_member.invitations == ()
    await service.join(tx, user_id=UserId(new_id()), token=open_one.token, now=fan.now)
    await service.remove_member(tx, user_id=fan.user_id, member=members[0], now=fan.now)
    await joined(fan)
    assert [await plan_of(fan, one) for one in members[:2]] == ["free", "family"]


async def test_an_invitation_lets_one_in_once_for_a_week(fan: Fan, tx: Tx):
    await fan.subscribes(FAMILY)
    used = await service.invite(tx, user_id=fan.user_id, now=START)
    withdrawn = await service.invite(tx, user_id=fan.user_id, now=START)
    old = await service.invite(tx, user_id=fan.user_id, now=START)
    await service.join(tx, user_id=UserId(new_id()), token=used.token, now=START)
    await service.withdraw_invitation(tx, user_id=fan.user_id, invitation_id=withdrawn.invitation.invitation_id)

    for token, at in ((used.token, START), (withdrawn.token, START), (old.token, START + 7 * DAY), ("x", START)):
        with pytest.raises(service.InvitationMissing):
            await service.join(tx, user_id=UserId(new_id()), token=token, now=at)
    with pytest.raises(service.InvitationMissing):
        await service.withdraw_invitation(tx, user_id=fan.user_id, invitation_id=withdrawn.invitation.invitation_id)


async def test_somebody_shares_one_subscription_at_a_time_and_not_their_own(fan: Fan, tx: Tx):
    await fan.subscribes(FAMILY)
    other = Fan(tx)
    await other.subscribes(FAMILY)
    member = await joined(fan)
    invited = await service.invite(tx, user_id=other.user_id, now=START)

    with pytest.raises(service.AlreadyInFamily):
        await service.join(tx, user_id=member, token=invited.token, now=START)
    with pytest.raises(service.AlreadyInFamily):
        await service.join(tx, user_id=other.user_id, token=invited.token, now=START)
    await service.leave(tx, user_id=member, now=START)
    await service.join(tx, user_id=member, token=invited.token, now=START)
    with pytest.raises(service.MemberMissing):
        await service.remove_member(tx, user_id=fan.user_id, member=member, now=START)
    await service.leave(tx, user_id=member, now=START)
    with pytest.raises(service.MemberMissing):
        await service.leave(tx, user_id=member, now=START)


async def test_a_plan_for_one_is_not_shared(fan: Fan, tx: Tx):
    with pytest.raises(service.SubscriptionMissing):
        await service.invite(tx, user_id=fan.user_id, now=START)
    assert await service.family(tx, user_id=fan.user_id, now=START) is None
    await fan.subscribes(PREMIUM)
    assert await service.family(tx, user_id=fan.user_id, now=START) is None
    with pytest.raises(service.NotShared):
        await service.invite(tx, user_id=fan.user_id, now=START)


async def test_members_lose_it_with_its_end_and_with_a_lesser_plan(fan: Fan, tx: Tx):
    await fan.subscribes(FAMILY)
    member = await joined(fan)
    await fan.changes_to(PREMIUM)
    await fan.at(END)
    assert await plan_of(fan, member) == "family"  # the grace is theirs as well

    await fan.pays(await fan.due_payment())

    assert await plan_of(fan, member) == "free"
    news = await tx.values(
        "SELECT data ->> 'plan' FROM platform.outbox WHERE type LIKE '%%subscription_changed' "
        "AND data ->> 'user_id' = %s ORDER BY seq",
        [str(member)],
    )
    assert news == ["family", "free"]


async def test_the_better_of_ones_own_and_a_shared_subscription_counts(fan: Fan, tx: Tx):
    await fan.subscribes(FAMILY)
    member = Fan(tx)
    await member.subscribes(PREMIUM)
    invited = await service.invite(tx, user_id=fan.user_id, now=START)
    await service.join(tx, user_id=member.user_id, token=invited.token, now=START)
    await service.cancel(tx, user_id=fan.user_id, now=START)

    await fan.at(END)

    member.now = END
    assert await member.plan() == "premium"


async def test_revenue_of_a_month_is_what_its_account_holds_by_listener(fan: Fan, tx: Tx):
    await fan.subscribes(PREMIUM, fee=62)
    yearly, shared = Fan(tx), Fan(tx)
    await yearly.subscribes(PREMIUM_YEARLY, fee=349)
    await shared.subscribes(FAMILY, fee=79)
    member = await joined(shared)

    found = await service.revenue_of_month(tx, month=NOVEMBER, currency=USD)

    assert {one.user_id: (one.gross.minor, one.fees.minor) for one in found} == {
        fan.user_id: (1_099, 62),
        yearly.user_id: (916, 30),  # 349 over twelve months is 29 each, and one more for the first
        shared.user_id: (850, 40),
        member: (849, 39),
    }
    assert sum(one.gross.minor for one in found) == (await deferred(tx, NOVEMBER))[0]
    assert [one.user_id for one in found] == sorted(one.user_id for one in found)
    assert await service.revenue_of_month(tx, month=date(2025, 1, 1), currency=USD) == []
    with pytest.raises(service.NotAMonth):
        await service.revenue_of_month(tx, month=date(2026, 11, 2), currency=USD)


async def test_what_comes_for_a_closed_month_is_earned_in_the_next(fan: Fan, tx: Tx):
    early = Fan(tx)
    await early.subscribes(PREMIUM)
    [closed] = await service.close_revenue_month(tx, month=NOVEMBER, currency=USD, now=START)
    assert closed == SubscriberRevenue(user_id=early.user_id, gross=usd(1_099), fees=usd(0))

    await fan.subscribes(PREMIUM)

    assert await deferred(tx, NOVEMBER, DECEMBER) == [1_099, 1_099]
    assert await service.close_revenue_month(tx, month=NOVEMBER, currency=USD, now=END) == [closed]


async def test_a_month_that_somebody_emptied_without_telling_us_counts_as_closed(fan: Fan, tx: Tx):
    await fan.subscribes(PREMIUM)
    await wallets.give(
        tx,
        key="closed by hand",
        kind="test",
        legs=[
            (service.deferred_account(month=NOVEMBER, currency=USD), usd(-1_099)),
            (AccountName(AccountKind.PLATFORM_REVENUE, "x", USD), usd(1_099)),
        ],
        details={},
        at=START,
    )

    other = Fan(tx)
    await other.subscribes(PREMIUM)

    assert await deferred(tx, NOVEMBER, DECEMBER) == [0, 1_099]


async def test_a_payer_chooses_another_gateway_and_the_first_is_called_off(fan: Fan, tx: Tx):
    ordered = await service.subscribe(tx, user_id=fan.user_id, terms=PREMIUM, currency=USD, payer=PAYER, now=START)
    again = await service.pay(tx, user_id=fan.user_id, payer=replace(PAYER, gateway=GatewayName.PAYPAL), now=START)

    assert ordered.payment is not None
    assert again.payment is not None
    assert again.payment.payment_id != ordered.payment.payment_id
    first = await checkout.payment(tx, payment_id=ordered.payment.payment_id)
    assert first.state is checkout.PaymentState.CANCELLED
