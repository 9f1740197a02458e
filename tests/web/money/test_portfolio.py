"""One's portfolio: plainly empty where shares are not offered, one's own where they are; and every cent once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.factories.payment import make_liquidity, make_posting, make_wallet, vibe
from tests.factories.users import make_user, signed_in
from tests.http_client import open_client
from tests.web.conftest import read
from tests.web.finance.conftest import make_captured
from vibestream.app import create_app
from vibestream.contexts.payment.checkout.service import Purpose
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import MonthSum
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import USD, VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.runtime import Runtime
from vibestream.web.pages.money.patterns import What, sums_of
from vibestream.web.portfolio import Holding, Holdings, holdings_in

HTML = {"Accept": "text/html"}
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


def usd(minor: int) -> Money:
    return Money(minor, USD)


def held(**more: Any) -> Holding:
    known: dict[str, Any] = {"title": "Nebula", "href": "/tracks/1", "shares": 20, "as_of": NOVEMBER}
    return Holding(**{**known, "paid": usd(1_000), "worth": usd(900), "income": usd(250), **more})


class Kept:
    """Somebody who knows what one person holds."""

    def __init__(self, user_id: UserId, *holdings: Holding) -> None:
        self._user_id, self._holdings = user_id, holdings

    async def holdings_of(self, tx: Tx, *, user_id: UserId) -> Sequence[Holding]:
        assert await tx.value("SELECT 1") == 1
        return self._holdings if user_id == self._user_id else ()


async def test_without_shares_on_offer_the_page_says_so_and_shows_none(client_for, database):
    async with database.begin() as tx:
        fan = await make_user(tx)

    shown = read(await (await client_for(fan)).get("/account/portfolio", headers=HTML))

    assert "Shares of songs are not offered here yet" in shown.text
    assert f"Nothing in {utc_now().year}" in shown.text
    assert shown.all("table") == []


async def test_what_the_ownership_context_says_is_shown_to_its_holder_alone(settings, runtime, directory, database):
    async with database.begin() as tx:
        fan, other = await make_user(tx), await make_user(tx)
        tokens = [await signed_in(tx, fan), await signed_in(tx, other)]
    offered = replace(runtime, parts={**runtime.parts, Holdings: Kept(fan.user_id, held())})
    app = create_app(settings, runtime=offered, authenticate=directory)
    pages = []
    async with app.router.lifespan_context(app):
        for token in tokens:
            async with open_client(app) as client:
                client.cookies.set(app.state.edge.session_cookie.name, token, domain="testserver.local")
                pages.append(read(await client.get("/account/portfolio", headers=HTML)).text)

    assert [word for word in ("Nebula", "$10.00", "$9.00", "$2.50", "$1.50") if word not in pages[0]] == []
    assert "You can lose money" in pages[0]
    assert "Nebula" not in pages[1]
    assert "You hold no shares" in pages[1]


def test_a_gain_is_said_only_where_there_is_a_price_and_one_currency():
    assert held().gain == usd(150)
    assert held(worth=usd(100)).gain == usd(-650)
    assert held(worth=None).gain is None
    assert held(income=Money(5, VIBE)).gain is None


async def test_a_part_that_is_no_holdings_is_none(runtime: Runtime):
    assert holdings_in(runtime) is None
    assert holdings_in(replace(runtime, parts={Holdings: object()})) is None


async def test_what_one_paid_is_shown_in_its_month_and_nobody_elses(client_for, database: Database):
    async with database.begin() as tx:
        fan, other = await make_user(tx), await make_user(tx)
        await make_captured(tx, fan.user_id, 2_500)
        await make_captured(tx, other.user_id, 7_700)

    shown = read(await (await client_for(fan)).get("/account/portfolio", headers=HTML))

    assert "$25.00" in shown.text
    assert "$77.00" not in shown.text
    assert (
        "Nothing in 2024" in read(await (await client_for(fan)).get("/account/portfolio?year=2024", headers=HTML)).text
    )


def test_each_cent_counts_once_and_under_what_it_was_for():
    class Payment:
        def __init__(self, purpose: Purpose, captured: int, *, refunded: int = 0, disputed: int = 0) -> None:
            self.purpose, self.started_at = purpose, datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
            self.captured, self.refunded, self.disputed = usd(captured), usd(refunded), usd(disputed)

    payments: Any = [
        Payment(Purpose.WALLET_TOP_UP, 5_000, refunded=1_000),
        Payment(Purpose.SUBSCRIPTION, 999),
        Payment(Purpose.TIP, 300, disputed=300),
        Payment(Purpose.WALLET_TOP_UP, 0),
    ]
    months = [
        MonthSum(NOVEMBER, "top_up", usd(4_000), usd(0)),
        MonthSum(NOVEMBER, "tip", usd(700), usd(200)),
        MonthSum(NOVEMBER, "tip_return", usd(50), usd(100)),
        MonthSum(DECEMBER, "reward", vibe(40), vibe(0)),
        MonthSum(DECEMBER, "royalty_run", usd(900), usd(0)),
        MonthSum(DECEMBER, "royalty_recall", usd(0), usd(900)),
        MonthSum(DECEMBER, "payout", usd(0), usd(900)),
    ]

    assert sums_of(payments, months) == {
        (NOVEMBER, What.TOP_UPS, USD): 4_000,
        (NOVEMBER, What.SUBSCRIPTIONS, USD): 999,
        (NOVEMBER, What.TIPS, USD): 150,
        (NOVEMBER, What.TIPS_RECEIVED, USD): 600,
        (DECEMBER, What.REWARDS, VIBE): 40,
    }


async def test_what_moves_between_ones_own_accounts_is_neither_gained_nor_lost(tx: Tx):
    source = await make_liquidity(tx)
    fan = await make_wallet(tx)
    other = await make_wallet(tx)
    pending = await make_wallet(tx, user_id=fan.user_id, pending=True)
    for kind, legs in (
        ("reward", ((source, -100), (pending.account_id, 100))),
        ("release", ((pending.account_id, -100), (fan.account_id, 100))),
        ("tip", ((fan.account_id, -30), (other.account_id, 30))),
        ("tip", ((source, -7), (fan.account_id, 7))),
    ):
        await ledger.post(tx, posting=make_posting(*legs, kind=kind))
    now = utc_now()
    month = now.astimezone(UTC).date().replace(day=1)

    async def months(since: datetime, until: datetime) -> list[MonthSum]:
        return await ledger.months_of_person(tx, user_id=fan.user_id, since=since, until=until)

    assert await months(now - timedelta(hours=1), now + timedelta(hours=1)) == [
        MonthSum(month, "reward", vibe(100), vibe(0)),
        MonthSum(month, "tip", vibe(7), vibe(30)),
    ]
    assert await months(now + timedelta(hours=1), now + timedelta(hours=2)) == []
