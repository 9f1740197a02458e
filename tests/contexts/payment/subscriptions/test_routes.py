"""Subscriptions, tips and top-ups over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx2
import pytest

from tests.factories.observed import observed_captured
from tests.factories.settling import AT
from tests.factories.users import make_artist, make_user
from tests.http_client import ClientFor
from vibestream.contexts.payment.subscriptions import service
from vibestream.contexts.payment.subscriptions.jobs import renew_subscriptions
from vibestream.contexts.payment.tips import service as tips
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.kernel.ids import PaymentId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime

ORDER = {"plan": "premium", "cycle": "monthly", "currency": "EUR"}


@pytest.fixture
async def fan(database: Database, client_for: ClientFor) -> httpx2.AsyncClient:
    async with database.begin() as tx:
        user = await make_user(tx)
    client: httpx2.AsyncClient = await client_for(user)
    return client


async def post(client: httpx2.AsyncClient, path: str, body: dict[str, Any] | None = None, status: int = 201) -> Any:
    answer = await client.post(f"/api/v1{path}", json=body or {}, headers={"Idempotency-Key": f"key-{new_id()}"})
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def captured(database: Database, payment: dict[str, Any]) -> None:
    async with database.begin() as tx:
        money = await observed_captured(tx, PaymentId(UUID(payment["payment_id"])), at=utc_now(), method=True)
        await service.settle(tx, captured=money, now=utc_now())


async def test_plans_are_shown_to_anybody(client: httpx2.AsyncClient):
    plans = (await client.get("/api/v1/plans")).json()["items"]

    assert [(one["code"], one["max_kbps"], one["lossless"], one["seats"]) for one in plans] == [
        ("free", 160, False, 1), ("premium", 320, True, 1), ("family", 320, True, 6),
    ]  # fmt: skip
    assert plans[0]["prices"] == []
    assert {"cycle": "yearly", "amount": "99.90", "currency": "EUR"} in plans[1]["prices"]


async def test_from_order_to_cancellation(fan: httpx2.AsyncClient, database: Database):
    nothing = (await fan.get("/api/v1/subscription")).json()
    assert (nothing["subscription"], nothing["entitlements"]["plan"], nothing["trial_available"]) == (
        None,
        "free",
        True,
    )

    ordered = await post(fan, "/subscription", ORDER)
    assert (ordered["subscription"]["state"], ordered["payment"]["amount"]) == ("incomplete", "9.99")
    await captured(database, ordered["payment"])
    standing = (await fan.get("/api/v1/subscription")).json()
    assert (standing["subscription"]["state"], standing["entitlements"]["lossless"]) == ("active", True)
    assert standing["subscription"]["renews_by_itself"] is True

    quote = (await fan.get("/api/v1/subscription/change?plan=family&cycle=monthly")).json()
    assert (quote["at_once"], quote["currency"]) == (True, "EUR")
    assert 0 < float(quote["charge"]) <= 6.0
    changed = await post(fan, "/subscription/change", {"plan": "family", "cycle": "monthly"}, 200)
    assert changed["payment"]["amount"] == changed["quote"]["charge"]
    await captured(database, changed["payment"])

    cancelled = await post(fan, "/subscription/cancel", status=200)
    assert (cancelled["plan"], cancelled["cancels"]) == ("family", True)
    assert (await post(fan, "/subscription/undo-cancel", status=200))["cancels"] is False
    invoices = (await fan.get("/api/v1/subscription/invoices")).json()["items"]
    assert [(one["kind"], one["state"]) for one in invoices] == [("change", "paid"), ("first", "paid")]


async def test_an_order_that_is_sent_twice_is_one(fan: httpx2.AsyncClient):
    headers = {"Idempotency-Key": f"key-{new_id()}"}
    answers = [await fan.post("/api/v1/subscription", json=ORDER, headers=headers) for _ in range(2)]

    assert [one.status_code for one in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert (await fan.post("/api/v1/subscription", json=ORDER)).status_code == 400  # no key


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"plan": "free"}, 422), ({"plan": "gold"}, 404), ({"currency": "JPY"}, 422), ({"currency": "XXX"}, 422),
        ({"cycle": "weekly"}, 422), ({"return_to": "//evil.example"}, 422), ({"amount": "0.01"}, 422), ({"plan": 7}, 422),
    ],
)  # fmt: skip
async def test_nonsense_orders_are_refused(fan: httpx2.AsyncClient, change: dict[str, Any], status: int):
    answer = await fan.post(
        "/api/v1/subscription", json={**ORDER, **change}, headers={"Idempotency-Key": f"key-{new_id()}"}
    )

    assert answer.status_code == status, answer.text
    assert (await fan.get("/api/v1/subscription")).json()["subscription"] is None


async def test_a_trial_and_a_family(fan: httpx2.AsyncClient, database: Database, client_for: ClientFor):
    async with database.begin() as tx:
        friend = await make_user(tx)
    friends: httpx2.AsyncClient = await client_for(friend)
    trial = await post(fan, "/subscription/trial", {"plan": "family", "cycle": "monthly", "currency": "EUR"})
    assert trial["state"] == "trialing"

    invited = await post(fan, "/subscription/family/invitations")
    await post(friends, "/subscription/family/join", {"token": invited["token"]}, 204)

    assert (await friends.get("/api/v1/subscription")).json()["entitlements"]["plan"] == "family"
    family = (await fan.get("/api/v1/subscription/family")).json()["family"]
    assert [one["user_id"] for one in family["members"]] == [str(friend.user_id)]
    second = await post(fan, "/subscription/family/invitations")
    gone = await fan.delete(f"/api/v1/subscription/family/invitations/{second['invitation_id']}")
    assert gone.status_code == 204
    assert (await fan.delete(f"/api/v1/subscription/family/members/{friend.user_id}")).status_code == 204
    assert (await friends.get("/api/v1/subscription/family")).json() == {"family": None}
    assert (await friends.post("/api/v1/subscription/family/leave")).status_code == 404


async def test_finance_sees_a_subscription_and_gives_the_rest_back(
    fan: httpx2.AsyncClient, database: Database, client_for: ClientFor
):
    async with database.begin() as tx:
        accountant = await make_user(tx, roles=["finance"])
    finance: httpx2.AsyncClient = await client_for(accountant)
    ordered = await post(fan, "/subscription", ORDER)
    await captured(database, ordered["payment"])
    path = f"/api/v1/operations/subscriptions/{ordered['subscription']['subscription_id']}"
    assert (await fan.get(path)).status_code == 403
    month = (await fan.get("/api/v1/subscription")).json()["subscription"]["period_start"][:7]

    revenue = (await finance.get(f"/api/v1/operations/subscription-revenue/{month}?currency=EUR")).json()
    assert (revenue["gross"], len(revenue["subscribers"])) == ("9.99", 1)
    traced = (await finance.get(path)).json()
    assert traced["invoices"][0]["payments"][0]["state"] == "taken"
    refunded = await finance.post(
        f"{path}/refunds", json={"reason": "left"}, headers={"Idempotency-Key": f"key-{new_id()}"}
    )
    assert (refunded.status_code, refunded.json()) == (202, {"amount": "9.99", "currency": "EUR"})
    assert (await fan.get("/api/v1/subscription")).json()["subscription"]["end_reason"] == "refunded"
    for wrong in ("2026-13", "x", "2026-11-01"):
        answer = await finance.get(f"/api/v1/operations/subscription-revenue/{wrong}")
        assert answer.status_code == 422
    assert (await finance.get(f"/api/v1/operations/subscriptions/{new_id()}")).status_code == 404


async def test_a_top_up_a_tip_and_both_sides_lists(fan: httpx2.AsyncClient, database: Database, client_for: ClientFor):
    async with database.begin() as tx:
        artist = await make_artist(tx)
        await tips.register_artist(tx, artist_id=artist.artist_id, user_id=artist.user_id, name=artist.name, as_of=AT)
    assert (await fan.get("/api/v1/wallet/top-up-bounds")).json()["items"][0]["currency"] == "EUR"
    started = await post(fan, "/wallet/top-ups", {"amount": "10.00", "currency": "EUR"})
    async with database.begin() as tx:
        money = await observed_captured(tx, PaymentId(UUID(started["payment_id"])), at=AT)
        await wallets.settle_into_wallet(tx, captured=money)

    given = await post(
        fan, "/tips", {"artist_id": str(artist.artist_id), "amount": "4.00", "currency": "EUR", "message": "Hi"}
    )
    assert (given["tip"]["state"], given["redirect_url"]) == ("paid", None)
    assert len((await fan.get("/api/v1/tips/sent")).json()["items"]) == 1
    artists: httpx2.AsyncClient = await client_for(artist.user)
    [received] = (await artists.get("/api/v1/tips/received")).json()["items"]
    assert (received["earned"], received["message"]) == ("3.80", "Hi")
    assert (await fan.get("/api/v1/tips/policy")).json()["items"][0]["platform_share_bp"] == 500

    [line] = (await fan.get("/api/v1/wallet/top-ups")).json()["items"]
    assert (line["amount"], line["refundable"]) == ("10.00", "6.00")
    await post(fan, f"/wallet/top-ups/{line['payment_id']}/refunds", {}, 202)
    [after] = (await fan.get("/api/v1/wallet/top-ups")).json()["items"]
    assert after["refundable"] == "0.00"
    assert (await fan.get("/api/v1/wallet/holds")).json() == {"items": []}


@pytest.mark.parametrize("amount", ["0", "-1", "1e3", "NaN", "Infinity", "1.001", "", "9007199254740993", "\u0661"])
async def test_odd_amounts_move_nothing(fan: httpx2.AsyncClient, amount: str):
    for path, more in (("/wallet/top-ups", {}), ("/tips", {"artist_id": str(new_id())})):
        answer = await fan.post(
            f"/api/v1{path}",
            json={"amount": amount, "currency": "EUR", **more},
            headers={"Idempotency-Key": f"key-{new_id()}"},
        )
        assert answer.status_code in {404, 422}, (path, answer.text)
    assert (await fan.get("/api/v1/payments")).json()["items"] == []


async def test_the_clock_ends_what_is_due_and_leaves_the_rest(
    fan: httpx2.AsyncClient, database: Database, runtime: Runtime
):
    ordered = await post(fan, "/subscription", ORDER)
    async with database.begin() as tx:
        await tx.execute("UPDATE payment.subscription SET made_at = made_at - interval '3 days'")

    await renew_subscriptions(runtime)

    standing = (await fan.get("/api/v1/subscription")).json()
    assert standing["subscription"]["end_reason"] == "abandoned"
    payment = (await fan.get(f"/api/v1/payments/{ordered['payment']['payment_id']}")).json()
    assert payment["state"] == "cancelled"
    await renew_subscriptions(runtime)
