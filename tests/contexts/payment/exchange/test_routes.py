"""Exchange over HTTP: by a person, and by finance."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.exchange import make_earner
from tests.factories.payment import make_wallet
from tests.factories.users import make_user
from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.access.service import Role
from vibestream.kernel.ids import new_id
from vibestream.kernel.money import EUR
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database

OPERATIONS = "/api/v1/operations"


@pytest.fixture
async def finance(client_for: Any, database: Database) -> Any:
    async with database.begin() as tx:
        keeper = await make_user(tx)
        await access.grant_role(tx, user_id=keeper.user_id, role=Role.FINANCE, granted_by=None, now=utc_now())
    return await client_for(keeper)


@pytest.fixture
async def colleague(client_for: Any, database: Database) -> Any:
    """Somebody else who looks after money."""
    async with database.begin() as tx:
        user = await make_user(tx, roles=("finance",))
    return await client_for(user)


@pytest.fixture
async def ana(client_for: Any, database: Database) -> Any:
    """Signed in, with 100 euros and 6,000 points."""
    async with database.begin() as tx:
        user = await make_user(tx)
        await make_wallet(tx, 100_00, user_id=user.user_id, currency=EUR)
        await make_earner(tx, vibe=60_000_000, user_id=user.user_id)
    return await client_for(user)


def rate(base: str, quote: str, value: str, **more: Any) -> dict[str, Any]:
    return {"base": base, "quote": quote, "rate": value, "spread_bp": 100, "source": "a central bank", **more}


async def published(finance: Any, colleague: Any, asked: Any) -> Any:
    """What is answered to one who publishes what another proposed; or to the proposal, when that is refused."""
    proposed = await finance.post(f"{OPERATIONS}/exchange/rates/proposals", json=asked)
    if proposed.status_code != 201:
        return proposed
    return await colleague.post(f"{OPERATIONS}/exchange/rates", json={"proposal": proposed.json()["proposal"]})


def sell(amount: str, currency: str, buy: str) -> dict[str, Any]:
    return {"sell": {"amount": amount, "currency": currency}, "buy": buy}


async def set_up(finance: Any, colleague: Any) -> None:
    for asked in (rate("EUR", "USD", "1.25"), rate("VIBE", "USD", "0.01")):
        assert (await published(finance, colleague, asked)).status_code == 201
    funding = {"money": {"amount": "200.00", "currency": "USD"}, "source_kind": "liquidity", "reason": "start"}
    for _ in range(2):
        answer = await finance.post(
            f"{OPERATIONS}/exchange/reserves", json=funding, headers={"Idempotency-Key": "k" * 200}
        )
        assert answer.status_code == 200, answer.text


async def balances(client: Any) -> dict[str, str]:
    return {one["currency"]: one["available"] for one in (await client.get("/api/v1/wallet")).json()["balances"]}


async def test_a_person_asks_for_a_quote_and_takes_it_once(finance: Any, colleague: Any, ana: Any):
    await set_up(finance, colleague)
    rates = (await ana.get("/api/v1/exchange/rates")).json()["rates"]
    assert [(one["base"], one["quote"], one["rate"], one["spread_bp"]) for one in rates] == [
        ("EUR", "USD", "1.25", 100), ("VIBE", "USD", "0.01", 100),
    ]  # fmt: skip

    asked = await ana.post("/api/v1/exchange/quotes", json=sell("40", "EUR", "USD"))
    offer = asked.json()
    path = f"/api/v1/exchange/quotes/{offer['quote_id']}"
    done = await ana.post(f"{path}/execute")
    again = await ana.post(f"{path}/execute")

    assert (asked.status_code, offer["buy"], offer["transaction_id"]) == (
        201,
        {"amount": "49.50", "currency": "USD"},
        None,
    )
    assert done.status_code == 200
    assert done.json() == again.json() == (await ana.get(path)).json()
    assert done.json()["transaction_id"] is not None
    assert await balances(ana) == {"EUR": "60.00", "USD": "49.50", "VIBE": "6000.0000"}
    assert (await finance.get(path)).status_code == 404

    undone = await finance.post(f"{OPERATIONS}/exchange/quotes/{offer['quote_id']}/reverse", json={"reason": "mistake"})
    assert undone.status_code == 200
    assert await balances(ana) == {"EUR": "100.00", "USD": "0.00", "VIBE": "6000.0000"}


async def test_points_are_redeemed_and_finance_sees_what_is_owed(finance: Any, colleague: Any, ana: Any):
    await set_up(finance, colleague)
    offer = (await ana.post("/api/v1/exchange/quotes", json=sell("1000", "VIBE", "USD"))).json()
    assert (await ana.post(f"/api/v1/exchange/quotes/{offer['quote_id']}/execute")).status_code == 200
    expiry = {"amount": "4000", "source_kind": "reward_pool", "source_subject": "2026-11-24", "reason": "epoch over"}
    expired = await finance.post(f"{OPERATIONS}/points/expiries", json=expiry, headers={"Idempotency-Key": "expiry-1"})
    assert expired.status_code == 200, expired.text

    report = (await finance.get(f"{OPERATIONS}/points")).json()
    assert report.pop("rate")["rate"] == "0.01"
    assert report == {
        "issued": "10000.0000", "in_pools": "0.0000", "outstanding": "5000.0000", "redeemed": "1000.0000",
        "expired": "4000.0000", "owed": "50.00", "set_aside": "50.10", "coverage_bp": 10_020,
    }  # fmt: skip
    limit = await ana.post("/api/v1/exchange/quotes", json=sell("10000", "VIBE", "USD"))
    assert (limit.status_code, limit.json()["code"]) == (429, "exchange.redemption_limit")
    assert "9000.0000 VIBE" in limit.json()["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (sell("0", "EUR", "USD"), 422),
        (sell("-1", "EUR", "USD"), 422),
        (sell("1.001", "EUR", "USD"), 422),
        (sell("1e5", "EUR", "USD"), 422),
        (sell("NaN", "EUR", "USD"), 422),
        (sell("99999999999999999999999", "EUR", "USD"), 422),
        (sell("92233720368547758.07", "EUR", "USD"), 422),
        (sell("1", "GOLD", "USD"), 422),
        (sell("1", "EUR", "EUR"), 409),
        (sell("1", "EUR", "VIBE"), 409),
        (sell("1", "EUR", "JPY"), 409),
        (sell("180", "EUR", "USD"), 409),
        (sell("1", "VIBE", "USD"), 422),
        ({**sell("1", "EUR", "USD"), "more": 1}, 422),
        ({"sell": {"amount": 1, "currency": "EUR"}, "buy": "USD"}, 422),
        ({"sell": "1 EUR", "buy": "USD"}, 422),
        ([], 422),
    ],
)
async def test_odd_wishes_are_refused(finance: Any, colleague: Any, ana: Any, body: Any, status: int):
    await set_up(finance, colleague)
    assert (await ana.post("/api/v1/exchange/quotes", json=body)).status_code == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (rate("USD", "EUR", "0.8"), 422),
        (rate("EUR", "EUR", "1"), 422),
        (rate("EUR", "USD", "0"), 422),
        (rate("EUR", "USD", "-1"), 422),
        (rate("EUR", "USD", "1.2", spread_bp=10_000), 422),
        (rate("EUR", "USD", "1.2", spread_bp="1"), 422),
        (rate("EUR", "USD", "1.2", effective_from="2020-01-01T00:00:00Z"), 422),
        (rate("EUR", "USD", "1.2", effective_from="2099-01-01T00:00:00"), 422),
        (rate("EUR", "USD", "1.2", effective_from="2099-01-01T00:00:00Z", effective_until="2098-01-01T00:00:00Z"), 422),
        (rate("EUR", "USD", "1.2", effective_from="2099-01-01T00:00:00Z"), 201),
    ],
)
async def test_rates_are_checked(finance: Any, colleague: Any, body: Any, status: int):
    answer = await published(finance, colleague, body)
    assert answer.status_code == status, answer.text
    assert len((await finance.get(f"{OPERATIONS}/exchange/rates")).json()["items"]) == (status == 201)


async def test_a_rate_takes_two_people_and_is_published_once(finance: Any, colleague: Any):
    asked = rate("EUR", "USD", "1.25")
    proposed = (await finance.post(f"{OPERATIONS}/exchange/rates/proposals", json=asked)).json()
    body = {"proposal": proposed["proposal"]}
    own = await finance.post(f"{OPERATIONS}/exchange/rates", json=body)
    nothing_yet = (await finance.get(f"{OPERATIONS}/exchange/rates")).json()["items"]
    done = [await colleague.post(f"{OPERATIONS}/exchange/rates", json=body) for _ in range(2)]
    changed = proposed["proposal"][:-6] + ("AAAAAA" if proposed["proposal"][-6:] != "AAAAAA" else "BBBBBB")
    forged = await colleague.post(f"{OPERATIONS}/exchange/rates", json={"proposal": changed})
    kept = (await finance.get(f"{OPERATIONS}/exchange/rates")).json()["items"]

    assert (own.status_code, own.json()["code"]) == (403, "exchange.own_proposal")
    assert nothing_yet == []
    assert [one.status_code for one in done] == [201, 201]
    assert done[0].json() == done[1].json()
    assert (forged.status_code, forged.json()["code"]) == (404, "exchange.unknown_proposal")
    assert [(one["base"], one["quote"], one["rate"]) for one in kept] == [("EUR", "USD", "1.25")]


async def test_finance_alone_sets_rates_and_moves_reserves(ana: Any, client: Any):
    some = str(new_id())
    for path, body in (
        ("exchange/rates/proposals", rate("EUR", "USD", "1")),
        ("exchange/rates", {"proposal": "x"}),
        ("exchange/reserves", {"money": {"amount": "1", "currency": "USD"}, "source_kind": "liquidity", "reason": "x"}),
        (f"exchange/quotes/{some}/reverse", {"reason": "x"}),
        ("points/expiries", {"amount": "1", "source_kind": "wallet", "source_subject": some, "reason": "x"}),
    ):
        key = {"Idempotency-Key": "k" * 8}
        assert (await ana.post(f"{OPERATIONS}/{path}", json=body, headers=key)).status_code == 403
        assert (await client.post(f"{OPERATIONS}/{path}", json=body, headers=key)).status_code == 401
    for path in ("exchange/rates", "points"):
        assert (await ana.get(f"{OPERATIONS}/{path}")).status_code == 403
    for path in ("rates", f"quotes/{some}"):
        assert (await client.get(f"/api/v1/exchange/{path}")).status_code == 401
    assert (await ana.post(f"/api/v1/exchange/quotes/{some}/execute")).status_code == 404


async def test_finance_takes_nobodys_money_into_a_reserve(finance: Any, ana: Any):
    body = {
        "money": {"amount": "1", "currency": "EUR"},
        "source_kind": "wallet",
        "source_subject": "x",
        "reason": "theft",
    }
    answer = await finance.post(f"{OPERATIONS}/exchange/reserves", json=body, headers={"Idempotency-Key": "k" * 8})
    assert (answer.status_code, answer.json()["code"]) == (422, "exchange.invalid_source")
