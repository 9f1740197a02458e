"""A fan tips an artist: from the wallet, by a payment, by both; and it goes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.observed import observed_captured
from tests.factories.payment import make_wallet
from tests.factories.settling import AT, charged_back, held_by, usd, wallet_of
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.tips import service
from vibestream.contexts.payment.tips.domain import Tip, give_back
from vibestream.contexts.payment.tips.invariants import INVARIANTS
from vibestream.contexts.payment.tips.service import Payer, PayWith, TipState
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.contexts.payment.wallets.service import GiveBackReason, WalletTooLow
from vibestream.kernel.ids import ArtistId, PaymentId, TipId, UserId, new_id
from vibestream.kernel.money import EUR, USD, VIBE, Money
from vibestream.kernel.text import TextInvalid
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding

PAYER = Payer(return_to="/wallet")


@dataclass
class Stage:
    """A fan with some money, and an artist."""

    tx: Tx
    fan: UserId
    artist_id: ArtistId
    payee: UserId

    async def tips(self, minor: int = 500, pay_with: PayWith = PayWith.WALLET, **more: object) -> service.Given:
        asked: dict[str, object] = {
            "key": str(new_id()), "from_user": self.fan, "artist_id": self.artist_id, "amount": usd(minor), "message": "", "pay_with": pay_with,
            "payer": PAYER, "now": AT,
        }  # fmt: skip
        return await service.send(self.tx, **{**asked, **more})  # type: ignore[arg-type]  # by name

    async def pays(self, given: service.Given) -> None:
        assert given.payment is not None
        captured = await observed_captured(self.tx, given.payment.payment_id, at=AT)
        await service.settle(self.tx, captured=captured, now=AT)

    async def earned(self) -> tuple[int, int, int]:
        """What the artist has pending, has available and owes, in minor units."""
        kinds = (AccountKind.ROYALTIES_PENDING, AccountKind.ROYALTIES_AVAILABLE, AccountKind.PAYEE_DEBT)
        pending, available, debt = [await held_by(self.tx, kind, str(self.payee)) for kind in kinds]
        return pending, available, debt

    async def platform(self) -> int:
        return await held_by(self.tx, AccountKind.PLATFORM_REVENUE, "tips")

    async def tip(self) -> Tip:
        return (await service.sent(self.tx, user_id=self.fan, limit=1))[0]


@pytest.fixture
async def stage(tx: Tx) -> Stage:
    fan = (await make_wallet(tx, 2_000, currency=USD)).user_id
    artist_id, payee = ArtistId(new_id()), UserId(new_id())
    await service.register_artist(tx, artist_id=artist_id, user_id=payee, name="Río Lento", as_of=AT)
    return Stage(tx, fan, artist_id, payee)


async def test_a_tip_from_the_wallet_lands_at_once_less_the_platforms_share(stage: Stage, tx: Tx):
    given = await stage.tips(500, message="  Thank you!\r\n\r\n\r\n\r\nx ")

    assert (given.payment, given.tip.state, given.tip.message) == (None, TipState.PAID, "Thank you!\n\nx")
    assert await wallet_of(tx, stage.fan) == (1_500, 0)
    assert (await stage.earned(), await stage.platform()) == ((475, 0, 0), 25)  # 5 % is the platform's
    received = await service.received(tx, user_id=stage.payee, limit=10)
    assert [(one.tip_id, one.earned) for one in received] == [(given.tip.tip_id, usd(475))]
    news = await tx.value("SELECT data FROM platform.outbox WHERE type = 'vibestream.payment.tip_received'")
    assert (news["payee"], news["earned"]["minor"]) == (str(stage.payee), 475)


async def test_a_tip_by_a_payment_lands_when_it_is_captured_and_once(stage: Stage, tx: Tx):
    given = await stage.tips(500, PayWith.GATEWAY)
    assert (given.tip.state, await stage.earned()) == (TipState.WAITING, (0, 0, 0))
    assert await service.received(tx, user_id=stage.payee, limit=10) == []
    assert given.payment is not None
    captured = await observed_captured(tx, given.payment.payment_id, at=AT)

    for _ in range(2):
        await service.settle(tx, captured=captured, now=AT)

    assert ((await stage.tip()).state, await stage.earned(), await stage.platform()) == (TipState.PAID, (475, 0, 0), 25)
    assert await wallet_of(tx, stage.fan) == (2_000, 0)
    assert await tx.value("SELECT count(*) FROM platform.outbox WHERE type LIKE '%%tip_received'") == 1


async def test_the_wallet_pays_what_it_has_and_the_gateway_the_rest(stage: Stage, tx: Tx):
    given = await stage.tips(5_000, PayWith.WALLET_THEN_GATEWAY)

    assert given.payment is not None
    assert (given.payment.amount, await wallet_of(tx, stage.fan)) == (usd(3_000), (0, 2_000))
    await stage.pays(given)
    assert (await wallet_of(tx, stage.fan), await stage.earned(), await stage.platform()) == (
        (0, 0),
        (4_750, 0, 0),
        250,
    )


async def test_what_was_held_is_free_again_when_the_payment_comes_to_nothing(stage: Stage, tx: Tx):
    given = await stage.tips(5_000, PayWith.WALLET_THEN_GATEWAY)
    assert given.payment is not None

    for _ in range(2):
        await service.abandon(tx, payment_id=given.payment.payment_id)

    assert ((await stage.tip()).state, await wallet_of(tx, stage.fan)) == (TipState.ABANDONED, (2_000, 0))


async def test_a_payment_that_comes_after_all_still_reaches_the_artist(stage: Stage, tx: Tx):
    given = await stage.tips(5_000, PayWith.WALLET_THEN_GATEWAY)
    assert given.payment is not None
    await service.abandon(tx, payment_id=given.payment.payment_id)

    await stage.pays(given)

    assert ((await stage.tip()).state, await wallet_of(tx, stage.fan)) == (TipState.PAID, (0, 0))
    assert await stage.earned() == (4_750, 0, 0)


async def test_when_the_wallets_part_was_spent_meanwhile_the_payment_is_kept_for_its_payer(stage: Stage, tx: Tx):
    given = await stage.tips(5_000, PayWith.WALLET_THEN_GATEWAY)
    assert given.payment is not None
    await service.abandon(tx, payment_id=given.payment.payment_id)
    await stage.tips(1_000)

    await stage.pays(given)

    tips = await service.sent(tx, user_id=stage.fan, limit=5)
    assert [one.state for one in tips] == [TipState.PAID, TipState.ABANDONED]
    assert await wallet_of(tx, stage.fan) == (4_000, 0)
    assert await stage.earned() == (950, 0, 0)


async def test_what_may_not_be_given_is_refused_before_anything_moves(stage: Stage, tx: Tx):
    await service.register_artist(tx, artist_id=ArtistId(own := new_id()), user_id=stage.fan, name="Me", as_of=AT)

    for wrong, error in (
        ({"artist_id": ArtistId(new_id())}, service.ArtistUnknown),
        ({"artist_id": ArtistId(own)}, service.TipToOneself),
        ({"amount": usd(99)}, service.TipOutOfBounds),
        ({"amount": usd(0)}, service.TipOutOfBounds),
        ({"amount": usd(-500)}, service.TipOutOfBounds),
        ({"amount": usd(50_001)}, service.TipOutOfBounds),
        ({"amount": Money(500, VIBE)}, service.TipOutOfBounds),
        ({"amount": usd(2_001)}, WalletTooLow),
        ({"amount": Money(500, EUR)}, WalletTooLow),
        ({"message": "x" * 281}, TextInvalid),
        ({"message": "\u202egnp"}, TextInvalid),
    ):
        with pytest.raises(error):
            await stage.tips(**wrong)
    assert (await wallet_of(tx, stage.fan), await service.sent(tx, user_id=stage.fan, limit=5)) == ((2_000, 0), [])


async def test_older_news_of_an_artist_changes_nothing(stage: Stage, tx: Tx):
    await service.register_artist(
        tx, artist_id=stage.artist_id, user_id=stage.fan, name="x", as_of=AT - timedelta(days=1)
    )

    assert (await stage.tips()).tip.payee == stage.payee


async def paid_by_card(stage: Stage, minor: int = 1_000) -> PaymentId:
    given = await stage.tips(minor, PayWith.GATEWAY)
    await stage.pays(given)
    assert given.payment is not None
    return given.payment.payment_id


async def taken_back(stage: Stage, payment_id: PaymentId, minor: int, *, key: str = "dispute:1") -> None:
    await charged_back(stage.tx, key=f"books:{key}", amount=usd(minor))
    await service.take_back(
        stage.tx, key=key, payment_id=payment_id, amount=usd(minor), gateway="stripe",
        reason=GiveBackReason.DISPUTE_LOST, now=AT,
    )  # fmt: skip


async def test_a_lost_dispute_takes_from_both_what_each_had_gained(stage: Stage, tx: Tx):
    payment_id = await paid_by_card(stage)

    await taken_back(stage, payment_id, 1_000)

    assert (await stage.earned(), await stage.platform()) == ((0, 0, 0), 0)
    assert await held_by(tx, AccountKind.CHARGEBACK_LOSSES, "stripe") == 0
    assert (await stage.tip()).state is TipState.RETURNED


async def test_what_the_artist_has_no_more_is_carried_forward_against_them(stage: Stage, tx: Tx):
    payment_id = await paid_by_card(stage)  # 950 pending
    pending = AccountName(AccountKind.ROYALTIES_PENDING, str(stage.payee), USD)
    available = AccountName(AccountKind.ROYALTIES_AVAILABLE, str(stage.payee), USD)
    out = AccountName(AccountKind.PLATFORM_REVENUE, "elsewhere", USD)
    legs = [(pending, usd(-900)), (available, usd(300)), (out, usd(600))]
    await wallets.give(tx, key="away", kind="test", legs=legs, details={}, at=AT)

    await taken_back(stage, payment_id, 1_000)

    assert (await stage.earned(), await stage.platform()) == ((0, 0, -600), 0)
    assert await held_by(tx, AccountKind.CHARGEBACK_LOSSES, "stripe") == 0
    written = await tx.one(dict[str, int], "SELECT counted, taken, owed FROM payment.give_back")
    assert written == {"counted": 1_000, "taken": 400, "owed": 600}


async def test_a_dispute_that_is_won_after_all_gives_everything_back(stage: Stage, tx: Tx):
    payment_id = await paid_by_card(stage)
    await taken_back(stage, payment_id, 1_000)

    for _ in range(2):
        await service.restore(tx, payment_id=payment_id, amount=usd(1_000), now=AT)

    assert (await stage.earned(), await stage.platform()) == ((950, 0, 0), 50)
    assert (await stage.tip()).state is TipState.PAID
    settled = await wallets.settlement(tx, payment_id=payment_id)
    assert settled is not None
    assert settled.returned == usd(0)


async def test_a_refund_goes_back_to_the_payment_and_leaves_nothing_behind(stage: Stage, tx: Tx):
    payment_id = await paid_by_card(stage)
    tip = await stage.tip()

    given_back = await service.refund(tx, tip_id=tip.tip_id, requested_by=None, reason="by mistake", now=AT)

    assert given_back == usd(1_000)
    assert (await stage.earned(), await stage.platform()) == ((0, 0, 0), 0)
    assert (await checkout.payment(tx, payment_id=payment_id)).refunding == usd(1_000)
    assert await wallet_of(tx, stage.fan) == (2_000, 0)
    with pytest.raises(service.NotReturnable):
        await service.refund(tx, tip_id=tip.tip_id, requested_by=None, reason="again", now=AT)
    await taken_back(stage, payment_id, 1_000)  # the bank takes it as well: nobody gives twice
    assert await stage.earned() == (0, 0, 0)


async def test_a_tip_from_the_wallet_is_refunded_to_the_wallet(stage: Stage, tx: Tx):
    given = await stage.tips(500)

    await service.refund(tx, tip_id=given.tip.tip_id, requested_by=None, reason="by mistake", now=AT)

    assert (await wallet_of(tx, stage.fan), await stage.earned()) == ((2_000, 0), (0, 0, 0))
    with pytest.raises(service.TipMissing):
        await service.refund(tx, tip_id=TipId(new_id()), requested_by=None, reason="x", now=AT)


async def test_a_payment_that_no_tip_waits_for_is_kept_for_its_payer(stage: Stage, tx: Tx):
    view = await checkout.start(
        tx, key=f"stray:{new_id()}", user_id=stage.fan, purpose=checkout.Purpose.TIP, subject="x", amount=usd(300),
        description="Stray", return_to="/",
    )  # fmt: skip
    captured = await observed_captured(tx, view.payment_id, at=AT)

    await service.settle(tx, captured=captured, now=AT)
    await service.abandon(tx, payment_id=view.payment_id)

    assert await wallet_of(tx, stage.fan) == (2_300, 0)


async def test_lists_are_read_page_by_page(stage: Stage, tx: Tx):
    given = [(await stage.tips(100 + n)).tip.tip_id for n in range(3)]

    first = await service.sent(tx, user_id=stage.fan, limit=2)
    rest = await service.received(tx, user_id=stage.payee, before=first[-1].tip_id, limit=2)

    assert [one.tip_id for one in first] == [given[2], given[1]]
    assert [one.tip_id for one in rest] == [given[0]]
    assert await service.received(tx, user_id=stage.fan, limit=2) == []


@given(
    amount=st.integers(100, 10**8), share_bp=st.integers(0, 10_000), cuts=st.lists(st.integers(1, 10**8), max_size=8)
)
def test_many_small_returns_are_one_large_one(amount: int, share_bp: int, cuts: list[int]):
    share = usd(amount).share(rate_bp=share_bp)
    artists = platforms = returned = 0
    for cut in [*cuts, amount]:
        part = min(cut, amount - returned)
        tip = make_tip(amount, share, returned)
        artist, platform = give_back(tip, usd(part))
        assert artist.minor >= 0
        assert platform.minor >= 0
        assert artist + platform == usd(part)
        artists, platforms, returned = artists + artist.minor, platforms + platform.minor, returned + part

    assert (artists, platforms) == (amount - share.minor, share.minor)


def make_tip(amount: int, share: Money, returned: int) -> Tip:
    return Tip(
        tip_id=TipId(new_id()), from_user=UserId(new_id()), artist_id=ArtistId(new_id()), payee=UserId(new_id()),
        amount=usd(amount), platform_share=share, message="", state=TipState.PAID, from_wallet=usd(0), payment_id=None,
        hold_id=None, returned=usd(returned), made_at=AT, paid_at=AT,
    )  # fmt: skip


async def test_the_audit_sees_a_tip_that_says_what_the_books_do_not(stage: Stage, tx: Tx):
    await stage.tips(500)
    await paid_by_card(stage)
    [one] = INVARIANTS
    assert await one.check(tx) == Finding(ok=True, figure="2 paid tips", detail="")

    async with tx.savepoint():
        await tx.execute("UPDATE payment.tip SET transaction_id = NULL, paid_at = NULL, state = 'waiting'")
        (first, second) = await tx.values("SELECT tip_id FROM payment.tip ORDER BY tip_id")
        posted = await tx.values("SELECT id FROM payment.transaction WHERE kind = 'tip' ORDER BY recorded_at")
        for tip_id, transaction_id in zip((first, second), reversed(posted), strict=True):
            await tx.execute(
                "UPDATE payment.tip SET transaction_id = %s, paid_at = now(), state = 'paid' WHERE tip_id = %s",
                [transaction_id, tip_id],
            )
        swapped = await one.check(tx)
    assert not swapped.ok
    assert f"tip {first} of 500 gave its artist 950 and the platform 50" in swapped.detail
