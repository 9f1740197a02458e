"""Payments over HTTP: what a payer and what finance can do, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contexts.payment.checkout.conftest import Shop
from tests.factories.payment import as_owner
from tests.platform.http.conftest import make_principal
from vibestream.kernel.ids import new_id

PAYMENTS = "/api/v1/payments"
TOP_UPS = "/api/v1/wallet/top-ups"
OPERATIONS = "/api/v1/operations/payments"
BODY = {"amount": "10.00", "currency": "USD", "gateway": "stripe"}


def keyed(key: str | None = None) -> dict[str, str]:
    return {"Idempotency-Key": key or f"test-{new_id()}"}


async def test_a_payer_starts_follows_and_reads_a_top_up(client_for, stripe: Shop):
    payer = await client_for(make_principal())
    key = keyed()
    started = await payer.post(TOP_UPS, json=BODY, headers=key)
    assert started.status_code == 201
    body = started.json()
    assert (body["state"], body["amount"], body["currency"], body["redirect_url"]) == ("created", "10.00", "USD", None)
    again = await payer.post(TOP_UPS, json=BODY, headers=key)
    assert (again.status_code, again.json()["payment_id"]) == (201, body["payment_id"])
    await stripe.run_jobs()
    here = f"{PAYMENTS}/{body['payment_id']}"
    pending = (await payer.get(here)).json()
    assert (pending["state"], pending["redirect_url"][:4]) == ("pending", "http")
    stripe.sandbox.pay_by_card(pending["redirect_url"])
    await stripe.do(lambda tx: _drive(tx, body["payment_id"]))
    await stripe.run_jobs()
    assert (await payer.get(here)).json()["state"] == "captured"
    story = (await payer.get(f"{here}/timeline")).json()["timeline"]
    assert [one["type"] for one in story] == ["started", "attempted", "opened", "captured"]
    listed = (await payer.get(PAYMENTS)).json()["items"]
    assert [one["payment_id"] for one in listed] == [body["payment_id"]]
    assert (await payer.post(f"{here}/cancel")).status_code == 409


async def _drive(tx: Any, payment_id: str) -> None:
    from vibestream.contexts.payment.checkout.service.driving import drive
    from vibestream.platform.jobs import defer

    await defer(tx, drive, payment_id=payment_id, look_first=True)


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "0"},
        {"amount": "-1.00"},
        {"amount": "1.001"},
        {"amount": "1e3"},
        {"amount": "NaN"},
        {"amount": 10},
        {"amount": "90071992547409.93"},
        {"currency": "VIBE"},
        {"currency": "XXX"},
        {"gateway": "bank"},
        {"return_to": "https://evil.example"},
        {"return_to": "//evil.example"},
        {"country": "usa"},
        {"purpose": "tip"},
        {"keep_method": "yes"},
    ],
)
async def test_a_bad_request_is_refused_and_starts_nothing(client_for, stripe: Shop, change: dict[str, Any]):
    payer = await client_for(make_principal())
    answer = await payer.post(TOP_UPS, json=BODY | change, headers=keyed())
    assert answer.status_code == 422, answer.text
    assert (await payer.get(PAYMENTS)).json()["items"] == []


@pytest.mark.parametrize(
    ("amount", "currency", "status"),
    [("4.99", "USD", 422), ("5.00", "USD", 201), ("500.00", "USD", 201), ("500.01", "USD", 422), ("100", "JPY", 422)],
)
async def test_a_top_up_is_within_its_bounds(client_for, stripe: Shop, amount: str, currency: str, status: int):
    payer = await client_for(make_principal())
    answer = await payer.post(TOP_UPS, json=BODY | {"amount": amount, "currency": currency}, headers=keyed())
    assert answer.status_code == status, answer.text
    if status == 422:
        assert answer.json()["code"] == "top_ups.out_of_bounds"
    assert len((await payer.get(PAYMENTS)).json()["items"]) == (status == 201)


async def test_no_payment_is_started_but_where_something_is_sold(client_for, stripe: Shop):
    payer = await client_for(make_principal())
    assert (await payer.post(PAYMENTS, json=BODY, headers=keyed())).status_code == 405
    assert (await payer.get(PAYMENTS)).json()["items"] == []


async def test_a_key_is_remembered_after_the_edge_has_forgotten_it(client_for, stripe: Shop, owner_dsn: str):
    payer = await client_for(make_principal())
    key = keyed()
    first = (await payer.post(TOP_UPS, json=BODY, headers=key)).json()
    await as_owner(owner_dsn, "DELETE FROM platform.idempotency_key")

    again = await payer.post(TOP_UPS, json=BODY, headers=key)
    await as_owner(owner_dsn, "DELETE FROM platform.idempotency_key")
    other = await payer.post(TOP_UPS, json=BODY | {"amount": "11.00"}, headers=key)

    assert (again.status_code, again.json()["payment_id"]) == (201, first["payment_id"])
    assert other.status_code == 409
    assert len((await payer.get(PAYMENTS)).json()["items"]) == 1


async def test_a_key_is_needed_and_stands_for_one_request(client_for, stripe: Shop):
    payer = await client_for(make_principal())
    assert (await payer.post(TOP_UPS, json=BODY)).status_code == 400
    key = keyed()
    assert (await payer.post(TOP_UPS, json=BODY, headers=key)).status_code == 201
    assert (await payer.post(TOP_UPS, json=BODY | {"amount": "11.00"}, headers=key)).status_code == 422


async def test_nobody_reads_or_calls_off_anothers_payment(client_for, client, stripe: Shop):
    payer, other = await client_for(make_principal()), await client_for(make_principal())
    here = f"{PAYMENTS}/{(await payer.post(TOP_UPS, json=BODY, headers=keyed())).json()['payment_id']}"
    for answer in (await other.get(here), await other.get(f"{here}/timeline"), await other.post(f"{here}/cancel")):
        assert answer.status_code == 404
    assert (await client.get(here)).status_code == 401
    assert (await payer.get(OPERATIONS)).status_code == 403
    cancelled = await payer.post(f"{here}/cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")


async def test_finance_traces_a_payment_to_its_postings_and_refunds_it(client_for, stripe: Shop):
    finance = await client_for(make_principal("finance"))
    view = await stripe.paid("10.00")
    await stripe.settle(view)
    here = f"{OPERATIONS}/{view.payment_id}"

    asked = await finance.post(f"{here}/refunds", json={"amount": "4.00", "reason": "Wish"}, headers=keyed())
    assert asked.status_code == 202, asked.text
    beyond = await finance.post(f"{here}/refunds", json={"amount": "6.01", "reason": "Wish"}, headers=keyed())
    assert (beyond.status_code, beyond.json()["code"]) == (409, "checkout.refund_exceeds_payment")
    await stripe.run_jobs()

    traced = (await finance.get(here)).json()
    assert (traced["payment"]["state"], traced["payment"]["refunded"]) == ("partially_refunded", "4.00")
    moved = {one["type"]: [t["kind"] for t in one["transactions"]] for one in traced["timeline"] if one["transactions"]}
    assert moved == {
        "captured": ["payment_capture"],
        "fee_known": ["gateway_fee"],
        "refund_asked": ["refund_asked"],
        "refund_succeeded": ["refund"],
    }
    assert [one["kind"] for one in traced["elsewhere"]] == ["top_up"]
    postings = [p for one in traced["timeline"] for t in one["transactions"] for p in t["postings"]]
    assert [(p["kind"], p["amount"]) for p in postings[:2]] == [
        ("gateway_clearing", "-10.00"),
        ("payment_escrow", "10.00"),
    ]
    listed = await finance.get(OPERATIONS, params={"state": "partially_refunded", "gateway": "stripe", "limit": 1})
    assert [one["payment_id"] for one in listed.json()["items"]] == [str(view.payment_id)]
    assert (await finance.get(OPERATIONS, params={"state": "failed"})).json()["items"] == []
    assert (await finance.get(f"{OPERATIONS}/{new_id()}")).status_code == 404


async def test_the_platform_can_bear_a_refund(client_for, stripe: Shop):
    finance = await client_for(make_principal("finance"))
    view = await stripe.paid("10.00")
    await stripe.settle(view)
    for source, status in (("escrow", 409), ("platform", 202)):
        body = {"amount": "1.00", "reason": "Sorry", "source": source}
        answer = await finance.post(f"{OPERATIONS}/{view.payment_id}/refunds", json=body, headers=keyed())
        assert answer.status_code == status, answer.text
    assert await stripe.wallet(view) == stripe.amount("10.00")
    assert await stripe.violations() == {}
