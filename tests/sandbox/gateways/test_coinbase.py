"""The stand-in of Coinbase Business."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc.jwk import ECKey

from tests.factories.gateways import Sandbox
from tests.sandbox.gateways.coinbase_client import PATH, Coinbase


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errorType"]


def test_a_checkout_is_paid_on_its_page_and_settled_with_a_fee(gateways: Sandbox, coinbase: Coinbase):
    opened = coinbase.open("12.50")
    assert (opened.status_code, opened.json()["status"], opened.json()["network"]) == (201, "ACTIVE", "base")

    assert gateways.click(opened.json()["url"], "pay") == "http://localhost:1/back"

    paid = coinbase.get(opened.json()["id"])
    assert (paid["status"], paid["amount"], paid["currency"]) == ("COMPLETED", "12.50", "USDC")
    assert paid["settlement"] == {"totalAmount": "12.50", "feeAmount": "0.12", "netAmount": "12.38", "currency": "USDC"}
    assert not [name for name in paid if name.startswith("sandbox_")]
    (line,) = [line for line in gateways.book("coinbase") if line["object"] == paid["id"]]
    assert (line["kind"], line["amount"], line["fee"], line["currency"]) == ("charge", 12_500_000, 120_000, "USDC")
    assert line["ours"] == "ours"


def test_a_refund_ends_later_and_never_exceeds_the_payment(gateways: Sandbox, coinbase: Coinbase):
    paid = coinbase.paid("10.00")

    first = coinbase.refund(paid["id"], "4.00", reason="Sorry")

    assert (first.status_code, first.json()["refund"]["status"]) == (200, "PENDING")
    assert kind_of(coinbase.refund(paid["id"], "6.01")) == (400, "invalid_request")
    assert coinbase.get(paid["id"])["status"] == "COMPLETED"
    gateways.settle("coinbase")
    part = coinbase.get(paid["id"])
    assert (part["status"], part["refundedAmount"], part["refunds"][0]["status"]) == (
        "PARTIALLY_REFUNDED",
        "4.00",
        "COMPLETED",
    )
    assert part["refunds"][0]["reason"] == "Sorry"
    coinbase.refund(paid["id"], "6.00")
    gateways.settle("coinbase")
    whole = coinbase.get(paid["id"])
    assert (whole["status"], whole["refundedAmount"]) == ("REFUNDED", "10.00")
    assert kind_of(coinbase.refund(paid["id"], "0.01")) == (400, "invalid_request")
    refs = [one["id"] for one in whole["refunds"]]
    assert sorted(line["amount"] for line in gateways.book("coinbase") if line["object"] in refs) == [
        -6_000_000,
        -4_000_000,
    ]


def test_a_refund_ends_by_itself_and_may_fail(gateways: Sandbox, coinbase: Coinbase):
    paid, failing = coinbase.paid("10.00"), coinbase.paid("10.00", wallet="refundfails")
    for one in (paid, failing):
        coinbase.refund(one["id"], "10.00")
    deadline = time.monotonic() + 10
    while {coinbase.get(one["id"])["refunds"][0]["status"] for one in (paid, failing)} != {"COMPLETED", "FAILED"}:
        assert time.monotonic() < deadline
        time.sleep(0.1)

    assert [coinbase.get(one["id"])["status"] for one in (paid, failing)] == ["REFUNDED", "COMPLETED"]
    assert coinbase.refund(failing["id"], "10.00").status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"amount": "0"},
        {"amount": "0.00"},
        {"amount": "-1.00"},
        {"amount": "1.001"},
        {"amount": "1e3"},
        {"amount": "01.00"},
        {"amount": str(2**53)},
        {"amount": 10},
        {"amount": None},
        {"currency": "USD"},
        {"currency": "usdc"},
        {"network": "ethereum"},
        {"metadata": {"a": 1}},
        {"metadata": "text"},
        {"description": "x" * 501},
        {"successRedirectUrl": "javascript:alert(1)"},
        {"expiresAt": "2020-01-01T00:00:00Z"},
        {"expiresAt": "soon"},
        {"sucessRedirectUrl": "http://localhost"},
    ],
)
def test_a_checkout_that_is_wrong_is_refused(coinbase: Coinbase, change: dict[str, Any]):
    assert kind_of(coinbase.open(**({"amount": "10.00"} | change))) == (400, "invalid_request")


def test_what_is_required_must_be_there(coinbase: Coinbase):
    bodies: list[Any] = [{}, {"amount": "1.00"}, {"currency": "USDC"}, [], "x"]
    for body in bodies:
        assert kind_of(coinbase.send("POST", PATH, body=body, key=str(uuid4()))) == (400, "invalid_request")


def test_one_key_opens_one_checkout_and_another_body_is_refused(gateways: Sandbox, coinbase: Coinbase):
    key = str(uuid4())

    first, again = coinbase.open("10.00", key=key), coinbase.open("10.00", key=key)

    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert kind_of(coinbase.open("11.00", key=key)) == (422, "idempotency_error")
    assert kind_of(coinbase.open("10.00", key="not-a-uuid")) == (400, "invalid_request")
    gateways.fault("coinbase", "slow", on="create", seconds=0.6)
    busy = str(uuid4())
    with ThreadPoolExecutor(2) as pool:
        answers = [one.result() for one in [pool.submit(coinbase.open, "10.00", key=busy) for _ in range(2)]]
    assert sorted(one.status_code for one in answers) == [201, 409]


def test_a_refund_that_is_asked_for_twice_is_one(gateways: Sandbox, coinbase: Coinbase):
    paid, key = coinbase.paid("10.00"), str(uuid4())

    first, again = coinbase.refund(paid["id"], "3.00", key=key), coinbase.refund(paid["id"], "3.00", key=key)

    assert first.json() == again.json()
    assert len(coinbase.get(paid["id"])["refunds"]) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"uri": "GET api.coinbase.com/api/v1/checkouts"},
        {"uri": "POST 127.0.0.1/coinbase/api/v1/checkouts"},
        {"iss": "somebody"},
        {"sub": "organizations/x/apiKeys/y"},
        {"kid": "organizations/x/apiKeys/y"},
        {"exp": 1},
        {"nbf": 4_000_000_000, "exp": 4_000_000_100},
        {"exp": 4_000_000_000},
        {"exp": None},
        {"key": ECKey.generate_key("P-256")},
    ],
)
def test_a_token_of_another_request_key_or_time_is_refused(coinbase: Coinbase, wrong: dict[str, Any]):
    token = coinbase.token("GET", PATH, **wrong)

    assert kind_of(coinbase.http.get(PATH, headers={"authorization": f"Bearer {token}"})) == (401, "unauthorized")


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer a.b.c", "Basic x", "Bearer eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_is_refused(coinbase: Coinbase, given: str):
    assert kind_of(coinbase.http.get(PATH, headers={"authorization": given})) == (401, "unauthorized")


def test_a_checkout_is_deactivated_expired_failed_or_left(gateways: Sandbox, coinbase: Coinbase):
    closed, timed, failed, left, waits = (coinbase.open().json() for _ in range(5))

    assert (
        coinbase.send("POST", f"{PATH}/{closed['id']}/deactivate", key=str(uuid4())).json()["status"] == "DEACTIVATED"
    )
    assert gateways.click(failed["url"], "fail") == "http://localhost:1/failed"
    assert gateways.click(left["url"], "cancel") == "http://localhost:1/failed"
    assert gateways.click(waits["url"], "wait") == "http://localhost:1/back"
    assert coinbase.get(left["id"])["status"] == "ACTIVE"
    assert coinbase.get(waits["id"])["status"] == "PROCESSING"
    gateways.settle("coinbase")
    gateways.advance(86_401)

    states = [coinbase.get(one["id"])["status"] for one in (closed, timed, failed, left, waits)]
    assert states == ["DEACTIVATED", "EXPIRED", "FAILED", "EXPIRED", "COMPLETED"]
    for one in (closed, timed, failed):
        assert gateways.client.get(one["url"]).status_code == 410
        assert coinbase.send("POST", f"{PATH}/{one['id']}/deactivate", key=str(uuid4())).status_code == 400
        assert coinbase.refund(one["id"], "1.00").status_code == 400


def test_checkouts_are_listed_by_status_and_page(gateways: Sandbox, coinbase: Coinbase):
    made = [coinbase.open().json()["id"] for _ in range(3)]
    coinbase.send("POST", f"{PATH}/{made[1]}/deactivate", key=str(uuid4()))

    first = coinbase.send("GET", PATH, pageSize=1, status="ACTIVE").json()
    second = coinbase.send("GET", PATH, pageSize=1, status="ACTIVE", pageToken=first["nextPageToken"]).json()

    assert [one["id"] for one in first["checkouts"] + second["checkouts"]] == [made[2], made[0]]
    for query in ({"pageSize": "0"}, {"pageSize": "101"}, {"status": "PAID"}):
        assert coinbase.send("GET", PATH, **query).status_code == 400
    assert kind_of(coinbase.send("GET", f"{PATH}/{'0' * 24}")) == (404, "not_found")
