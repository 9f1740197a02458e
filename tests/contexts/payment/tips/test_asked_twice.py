"""A form for a tip that is sent twice gives one tip, whoever is faster; another person's key is nothing to it."""

from __future__ import annotations

import asyncio

import pytest

from tests.factories.payment import make_wallet
from tests.factories.settling import AT, usd, wallet_of
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.tips import service
from vibestream.contexts.payment.tips.service import Given, Payer, PayWith, TipKeyReused
from vibestream.contexts.payment.wallets.service import WalletTooLow
from vibestream.kernel.ids import ArtistId, UserId, new_id
from vibestream.kernel.money import USD
from vibestream.platform.database import Database, Tx

KEY = "page:01991f6e-7000-7000-8000-000000000001"


async def give(
    tx: Tx, fan: UserId, artist: ArtistId, *, minor: int = 500, message: str = "", pay_with: PayWith = PayWith.WALLET
) -> Given:
    return await service.send(
        tx,
        key=KEY,
        from_user=fan,
        artist_id=artist,
        amount=usd(minor),
        message=message,
        pay_with=pay_with,
        payer=Payer(return_to="/wallet"),
        now=AT,
    )


async def stage(tx: Tx, minor: int = 2_000) -> tuple[UserId, ArtistId]:
    fan = (await make_wallet(tx, minor, currency=USD)).user_id
    artist = ArtistId(new_id())
    await service.register_artist(tx, artist_id=artist, user_id=UserId(new_id()), name="Río Lento", as_of=AT)
    return fan, artist


async def test_the_second_is_answered_with_the_first_and_moves_nothing(tx: Tx):
    fan, artist = await stage(tx)
    first = await give(tx, fan, artist)
    second = await give(tx, fan, artist)

    assert second == first
    assert await wallet_of(tx, fan) == (1_500, 0)
    assert len(await service.sent(tx, user_id=fan, limit=5)) == 1


async def test_one_by_a_payment_is_answered_with_the_same_payment(tx: Tx):
    fan, artist = await stage(tx)
    first = await give(tx, fan, artist, pay_with=PayWith.GATEWAY)
    second = await give(tx, fan, artist, pay_with=PayWith.GATEWAY)

    assert (first.payment, second.payment) == (second.payment, first.payment)
    assert first.payment is not None
    assert [one.payment_id for one in await checkout.payments(tx, user_id=fan, limit=5)] == [first.payment.payment_id]


@pytest.mark.parametrize(
    "other", [{"minor": 600}, {"message": "Another"}, {"pay_with": PayWith.GATEWAY}], ids=lambda one: next(iter(one))
)
async def test_something_else_under_the_same_key_is_refused(tx: Tx, other: dict[str, object]):
    fan, artist = await stage(tx)
    await give(tx, fan, artist)

    with pytest.raises(TipKeyReused):
        await give(tx, fan, artist, **other)  # type: ignore[arg-type]  # by name

    assert await wallet_of(tx, fan) == (1_500, 0)


async def test_the_same_key_of_somebody_else_is_another_tip(tx: Tx):
    fan, artist = await stage(tx)
    other = (await make_wallet(tx, 2_000, currency=USD)).user_id
    first, second = await give(tx, fan, artist), await give(tx, other, artist)

    assert first.tip.tip_id != second.tip.tip_id
    assert (await wallet_of(tx, fan), await wallet_of(tx, other)) == ((1_500, 0), (1_500, 0))


async def test_one_that_was_refused_left_its_key_free(database: Database):
    async with database.begin() as tx:
        fan, artist = await stage(tx, 100)
    with pytest.raises(WalletTooLow):
        async with database.begin() as tx:
            await give(tx, fan, artist)
    async with database.begin() as tx:
        given = await give(tx, fan, artist, minor=100)

    assert given.tip.amount == usd(100)


async def test_ten_at_once_give_one(database: Database):
    async with database.begin() as tx:
        fan, artist = await stage(tx)

    async def send() -> object:
        return (await database.run(lambda tx: give(tx, fan, artist))).tip.tip_id

    found = await asyncio.gather(*(send() for _ in range(10)))
    async with database.begin() as tx:
        left = await wallet_of(tx, fan)

    assert len(set(found)) == 1
    assert left == (1_500, 0)
