"""What an artist is called reaches the catalogue, over the real bus."""

from __future__ import annotations

from tests.factories.bus import drain, registered
from tests.factories.payment import make_wallet
from tests.factories.users import MADE_AT, make_artist
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.payment.tips import service as tips
from vibestream.contexts.payment.tips.service import PayWith
from vibestream.contexts.user.profiles import service as profiles
from vibestream.flows.register_artist import SUBSCRIPTIONS
from vibestream.kernel.ids import new_id
from vibestream.kernel.money import USD, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers


async def test_a_new_artist_and_each_change_of_name_arrive_in_the_catalogue(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    async with database.begin() as tx:
        artist = await make_artist(tx, name="Río Lento", handle="rio-lento")
    await drain(database, consumers)
    async with database.begin() as tx:
        (first,) = [one.artist for one in await catalogue.artists_of(tx, user_id=artist.user_id)]
        await profiles.change_artist(
            tx, artist_id=artist.artist_id, user_id=artist.user_id, name="Río Rápido", now=MADE_AT
        )
    await drain(database, consumers)
    await drain(database, consumers)

    async with database.begin() as tx:
        (changed,) = [one.artist for one in await catalogue.artists_of(tx, user_id=artist.user_id)]
    assert (first.artist_id, first.name, first.handle) == (artist.artist_id, "Río Lento", "rio-lento")
    assert (changed.artist_id, changed.name, changed.handle) == (artist.artist_id, "Río Rápido", "rio-lento")


async def test_tips_for_an_artist_reach_the_account_that_made_it(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    async with database.begin() as tx:
        artist = await make_artist(tx)
        fan = (await make_wallet(tx, 500, currency=USD)).user_id

    await drain(database, consumers)

    async with database.begin() as tx:
        given = await tips.send(
            tx,
            key=str(new_id()),
            from_user=fan,
            artist_id=artist.artist_id,
            amount=Money(500, USD),
            message="",
            pay_with=PayWith.WALLET,
            payer=tips.Payer(return_to="/"),
            now=utc_now(),
        )
    assert given.tip.payee == artist.user_id
