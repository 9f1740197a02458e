"""Payouts over HTTP: a payee's own, and finance's console."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.factories.payouts import Payee, ask, earn, has, make_payee, new_user
from tests.platform.http.conftest import make_principal
from vibestream.contexts.payment.payouts import service
from vibestream.kernel.ids import UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.access import Principal
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime

MINE, OPERATIONS = "/api/v1/payouts", "/api/v1/operations/payouts"


def person(*roles: str) -> Principal:
    return replace(make_principal(*roles), proved_at=utc_now())


async def rich(database: Database, user_id: UserId, minor: int = 5_000) -> Payee:
    async with database.begin() as tx:
        return await make_payee(tx, minor, user_id=user_id)


def key() -> dict[str, str]:
    return {"idempotency-key": str(uuid4())}


async def test_a_payee_sees_what_they_have_asks_for_it_and_follows_it(
    client_for: Any, database: Database, runtime: Runtime
):
    me = person()
    payee = await rich(database, me.user_id)
    client = await client_for(me)

    shown = (await client.get(MINE)).json()
    assert shown["destination"]["address"] == payee.address
    assert shown["balances"] == [
        {
            "currency": "USD",
            "pending": "0.00",
            "available": "50.00",
            "in_transit": "0.00",
            "debt": "0.00",
            "payable": "50.00",
            "fee": "0.25",
            "minimum": "5.00",
            "obstacle": None,
        }
    ]

    once, asked = key(), {"currency": "USD", "amount": "20.00"}
    first = await client.post(MINE, json=asked, headers=once)
    again = await client.post(MINE, json=asked, headers=once)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    made = first.json()
    assert (made["gross"], made["fee"], made["net"], made["state"]) == ("20.00", "0.25", "19.75", "requested")
    async with database.begin() as tx:
        assert await has(tx, me.user_id) == (3_000, 2_000, 0)
    await service.screen_payout(runtime, payout_id=made["payout_id"])

    assert [one["payout_id"] for one in (await client.get(f"{MINE}/history")).json()["items"]] == [made["payout_id"]]
    story = (await client.get(f"{MINE}/{made['payout_id']}")).json()
    assert [event["kind"] for event in story["timeline"]] == ["requested", "approved"]
    assert "actor" not in story["timeline"][0]
    assert story["timeline"][0]["transaction_id"] is not None


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"currency": "USD", "amount": "50.01"}, 409, "payouts.above_available"),
        ({"currency": "USD", "amount": "4.99"}, 422, "payouts.below_minimum"),
        ({"currency": "USD", "amount": "0"}, 422, "payouts.below_minimum"),
        ({"currency": "USD", "amount": "-20.00"}, 422, "payouts.below_minimum"),
        ({"currency": "USD", "amount": "20.001"}, 422, None),
        ({"currency": "USD", "amount": "1e3"}, 422, None),
        ({"currency": "USD", "amount": "92233720368547758.08"}, 422, "money.amount_out_of_range"),
        ({"currency": "USD", "amount": 20}, 422, "http.invalid_input"),
        ({"currency": "USD", "amount": 20.0}, 422, "http.invalid_input"),
        ({"currency": "XXX", "amount": "20.00"}, 422, "money.unknown_currency"),
        ({"currency": "JPY", "amount": "2000"}, 409, "payouts.not_payable"),
        ({"currency": "USD", "user_id": str(uuid4())}, 422, "http.invalid_input"),
        ({}, 422, "http.invalid_input"),
    ],
)
async def test_what_cannot_be_paid_is_refused_with_a_reason(
    client_for: Any, database: Database, body: dict[str, object], status: int, code: str | None
):
    me = person()
    await rich(database, me.user_id)
    client = await client_for(me)
    answer = await client.post(MINE, json=body, headers=key())
    assert answer.status_code == status, answer.text
    assert code is None or answer.json()["code"] == code
    async with database.begin() as tx:
        assert await has(tx, me.user_id) == (5_000, 0, 0)


async def test_nobody_sees_or_cancels_what_is_anothers(client_for: Any, database: Database):
    payee = await rich(database, new_user())
    async with database.begin() as tx:
        payout = await ask(tx, payee)
    client = await client_for(person())
    assert (await client.get(f"{MINE}/{payout.payout_id}")).status_code == 404
    assert (await client.post(f"{MINE}/{payout.payout_id}/cancel")).status_code == 404
    assert (await client.get(f"{MINE}/history")).json()["items"] == []


@pytest.mark.parametrize("roles", [(), ("artist",)])
async def test_the_console_is_finances_alone(client_for: Any, database: Database, roles: tuple[str, ...]):
    payee = await rich(database, new_user(), 500_000)
    async with database.begin() as tx:
        payout = await ask(tx, payee, 200_000)
    client = await client_for(person(*roles))
    for path in ("", f"/{payout.payout_id}"):
        assert (await client.get(OPERATIONS + path)).status_code == 403
    for deed in ("approve", "reject", "not-sent", "look-up"):
        answer = await client.post(f"{OPERATIONS}/{payout.payout_id}/{deed}", json={"reason": "x", "payout_ref": "x"})
        assert answer.status_code == 403
    async with database.begin() as tx:
        assert (await service.payout(tx, payout_id=payout.payout_id)).state.value == "requested"


async def test_two_people_of_finance_approve_a_large_payout_and_its_payee_may_not(client_for: Any, database: Database):
    payee_too = person("finance")
    payee = await rich(database, payee_too.user_id, 500_000)
    async with database.begin() as tx:
        payout = await ask(tx, payee, 200_000)
        await service.note_reviewed(tx, payout_id=payout.payout_id, released=True, now=utc_now())
    clients = [await client_for(who) for who in (payee_too, person("finance"), person("admin"))]
    at = f"{OPERATIONS}/{payout.payout_id}"

    answers = [await client.post(f"{at}/approve") for client in clients]

    assert [answer.status_code for answer in answers] == [403, 200, 200]
    assert answers[0].json()["code"] == "payouts.own"
    assert [answer.json()["state"] for answer in answers[1:]] == ["requested", "approved"]
    late = await clients[1].post(f"{at}/reject", json={"reason": "Too late."})
    assert (late.status_code, late.json()["code"]) == (409, "payouts.wrong_state")
    listed = (await clients[1].get(f"{OPERATIONS}?state=approved&user_id={payee.user_id}")).json()["items"]
    assert [one["payout_id"] for one in listed] == [str(payout.payout_id)]
    story = (await clients[1].get(at)).json()
    assert [event["kind"] for event in story["timeline"]] == [
        *("requested", "screened", "released", "agreed", "agreed", "approved"),
    ]


async def test_finance_refuses_in_words_and_the_money_is_back(client_for: Any, database: Database):
    payee = await rich(database, new_user(), 500_000)
    async with database.begin() as tx:
        payout = await ask(tx, payee, 200_000)
    client = await client_for(person("finance"))
    at = f"{OPERATIONS}/{payout.payout_id}"
    assert (await client.post(f"{at}/reject", json={"reason": ""})).status_code == 422
    assert (await client.post(f"{at}/not-sent")).status_code == 409
    answer = await client.post(f"{at}/reject", json={"reason": "Papers are missing."})
    assert (answer.status_code, answer.json()["state"]) == (200, "rejected")
    async with database.begin() as tx:
        assert await has(tx, payee.user_id) == (500_000, 0, 0)


async def test_the_destination_is_set_changed_and_undone(client_for: Any, database: Database):
    me = person()
    async with database.begin() as tx:
        await earn(tx, me.user_id, 5_000)
    client = await client_for(me)
    at = f"{MINE}/destination"
    assert (await client.put(at, json={"method": "paypal", "address": "nobody"})).status_code == 422
    assert (await client.put(at, json={"method": "coinbase", "address": "x@y.org"})).status_code == 422
    assert (await client.put(at, json={"method": "paypal"})).status_code == 422
    first = (await client.put(at, json={"method": "paypal", "address": "Me@Home.example"})).json()
    assert (first["address"], first["usable_from"]) == ("me@home.example", first["set_at"])
    await client.put(at, json={"method": "paypal", "address": "other@home.example"})
    refused = await client.post(MINE, json={"currency": "USD"}, headers=key())
    assert (refused.status_code, refused.json()["facts"]["reason"]) == (409, "destination_waits")
    assert (await client.post(f"{at}/undo")).json()["address"] == "me@home.example"
    assert (await client.post(f"{at}/undo")).status_code == 409
    assert (await client.post(MINE, json={"currency": "USD"}, headers=key())).status_code == 201


@pytest.mark.parametrize("ago", [None, timedelta(minutes=5, seconds=1)])
async def test_money_is_sent_nowhere_by_whoever_has_not_shown_that_it_is_theirs(
    client_for: Any, database: Database, ago: timedelta | None
):
    me = replace(person(), proved_at=None if ago is None else utc_now() - ago)
    payee = await rich(database, me.user_id)
    client = await client_for(me)
    asked = await client.post(MINE, json={"currency": "USD", "amount": "20.00"}, headers=key())
    moved = await client.put(f"{MINE}/destination", json={"method": "paypal", "address": "mallory@example.org"})

    for refused in (asked, moved):
        assert (refused.status_code, refused.json()["code"]) == (403, "access.proof_too_old")
    shown = (await client.get(MINE)).json()
    assert shown["destination"]["address"] == payee.address
    assert shown["balances"][0]["available"] == "50.00"


async def test_a_page_asks_for_the_proof_and_carries_the_form(client_for: Any, database: Database):
    me = replace(person(), proved_at=None)
    await rich(database, me.user_id)
    client = await client_for(me)
    html = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    prompt = await client.post("/studio/payouts/destination", data={"address": "mallory@example.org"}, headers=html)

    assert prompt.status_code == 403
    assert 'name="proof_again" value="/studio/payouts/destination"' in prompt.text
    assert 'name="address" value="mallory@example.org"' in prompt.text
    assert "mallory" not in (await client.get(MINE)).text
