"""The wallet and operations."""

from __future__ import annotations

from datetime import date

from tests.factories.payment import make_reward
from tests.factories.users import make_user
from tests.web.conftest import read
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.time import utc_now

FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
TODAY = date(2026, 11, 24)


async def test_a_wallet_shows_each_movement_with_postings_that_sum_to_zero(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)
        await ledger.fund_pool(tx, epoch=TODAY, amount=Money(10_000_000, VIBE))
        reward = make_reward(user_id=user.user_id, epoch=TODAY, minor=12_345)
        await ledger.pay_rewards(tx, rewards=[reward], now=utc_now())
    page = read(await (await client_for(user)).get("/wallet", headers=FORM))

    assert "1.2345" in page.text
    assert "Reward for listening" in page.text
    assert "Your wallet" in page.text
    assert "Reward pool of Nov 24, 2026" in page.text
    assert "+1.2345\xa0VIBE" in page.text
    assert "-1.2345\xa0VIBE" in page.text


async def test_an_empty_wallet_says_how_to_earn(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)

    assert "Nothing earned yet" in read(await (await client_for(user)).get("/wallet", headers=FORM)).text


async def test_operators_see_the_audit_of_the_live_database(client_for, database):
    async with database.begin() as tx:
        admin = await make_user(tx, roles=("admin",))
    client = await client_for(admin)
    before = read(await client.get("/operations", headers=FORM))
    assert "Check now" in before.text
    checked = await client.post("/operations/audit", headers=FORM)
    page = read(checked)

    assert checked.status_code == 200
    assert "ledger" in checked.text
    assert "statements hold." in page.text


async def test_dead_letters_are_replayed_by_number(client_for, database, owner_dsn):
    import psycopg

    async with database.begin() as tx:
        admin = await make_user(tx, roles=("admin",))
    client = await client_for(admin)
    nothing = await client.post("/operations/dead-letters/replay", headers=FORM)
    assert nothing.status_code == 303
    async with await psycopg.AsyncConnection.connect(owner_dsn) as connection:
        columns = await connection.execute(
            "SELECT count(*) FROM information_schema.columns WHERE table_name = 'undelivered'"
        )
        assert (await columns.fetchone())[0] > 0
