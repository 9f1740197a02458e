"""Captures, cancellations, refunds and disputes: what Stripe allows once and what it refuses the second time."""

from __future__ import annotations

import pytest

from tests.factories.gateways import Sandbox
from tests.sandbox.gateways.stripe_client import Stripe, error_of

DAY_S = 86_400


def test_an_authorisation_is_captured_once_and_in_part(stripe_api: Stripe):
    held = stripe_api.paid(5000, capture_method="manual")
    assert (held["status"], held["amount_capturable"], held["amount_received"]) == ("requires_capture", 5000, 0)
    assert stripe_api.line_of(held) == []
    path = f"/v1/payment_intents/{held['id']}/capture"
    for amount in ("0", "-1", "5001"):
        assert error_of(stripe_api.post(path, {"amount_to_capture": amount})) == (
            400,
            "amount_too_large",
            "amount_to_capture",
        )

    taken = stripe_api.post(path, {"amount_to_capture": "3000"}).json()

    assert (taken["status"], taken["amount_received"], taken["amount_capturable"]) == ("succeeded", 3000, 0)
    (line,) = stripe_api.line_of(held)
    assert (line["amount"], line["fee"]) == (3000, 117)
    again = stripe_api.post(path)
    assert error_of(again)[:2] == (400, "payment_intent_unexpected_state")
    assert again.json()["error"]["payment_intent"]["status"] == "succeeded"
    assert error_of(stripe_api.post(f"/v1/payment_intents/{held['id']}/cancel"))[1] == "payment_intent_unexpected_state"


def test_an_authorisation_that_is_cancelled_cannot_be_captured(stripe_api: Stripe):
    held = stripe_api.paid(5000, capture_method="manual")

    gone = stripe_api.post(f"/v1/payment_intents/{held['id']}/cancel", {"cancellation_reason": "abandoned"}).json()

    assert (gone["status"], gone["amount_capturable"]) == ("canceled", 0)
    assert (
        error_of(stripe_api.post(f"/v1/payment_intents/{held['id']}/capture"))[1] == "payment_intent_unexpected_state"
    )
    assert stripe_api.line_of(held) == []


def test_refunds_never_exceed_the_capture(stripe_api: Stripe):
    paid = stripe_api.paid(1000)
    form = {"payment_intent": paid["id"]}

    first = stripe_api.post("/v1/refunds", form | {"amount": "400", "reason": "requested_by_customer"})

    assert (first.status_code, first.json()["status"], first.json()["amount"]) == (200, "succeeded", 400)
    for amount in ("601", str(2**53)):
        assert error_of(stripe_api.post("/v1/refunds", form | {"amount": amount})) == (
            400,
            "amount_too_large",
            "amount",
        )
    for amount in ("0", "-1"):
        assert error_of(stripe_api.post("/v1/refunds", form | {"amount": amount}))[0] == 400
    assert stripe_api.post("/v1/refunds", form).json()["amount"] == 600
    assert error_of(stripe_api.post("/v1/refunds", form))[:2] == (400, "charge_already_refunded")
    charge = stripe_api.get(f"/v1/charges/{paid['latest_charge']}", **{"expand[]": "refunds"})
    assert (charge["amount_refunded"], charge["refunded"]) == (1000, True)
    assert [one["amount"] for one in charge["refunds"]["data"]] == [600, 400]
    refunds = [one["id"] for one in stripe_api.get("/v1/refunds", payment_intent=paid["id"])["data"]]
    lines = [line for line in stripe_api.gateways.book("stripe") if line["object"] in refunds]
    assert sorted(line["amount"] for line in lines) == [-600, -400]


def test_nothing_is_refunded_of_what_was_not_captured_or_is_disputed(stripe_api: Stripe):
    held = stripe_api.paid(1000, capture_method="manual")
    disputed = stripe_api.paid(1000, "pm_card_createDispute")
    opened = stripe_api.post("/v1/payment_intents", {"amount": "1000", "currency": "usd"}).json()

    assert error_of(stripe_api.post("/v1/refunds", {"payment_intent": held["id"]}))[1] == "charge_not_captured"
    assert error_of(stripe_api.post("/v1/refunds", {"payment_intent": disputed["id"]}))[1] == "charge_disputed"
    assert stripe_api.post("/v1/refunds", {"payment_intent": opened["id"]}).status_code == 400


@pytest.mark.parametrize(
    ("card", "state", "lines"),
    [("pm_card_refundFail", "failed", [1000, -1000]), ("pm_card_pendingRefund", "succeeded", [-1000])],
)
def test_a_refund_that_waits_ends_as_its_card_says(
    gateways: Sandbox, stripe_api: Stripe, card: str, state: str, lines: list[int]
):
    paid = stripe_api.paid(1000, card)
    refund = stripe_api.post("/v1/refunds", {"payment_intent": paid["id"]}).json()
    assert refund["status"] == "pending"

    gateways.settle("stripe")

    assert stripe_api.get(f"/v1/refunds/{refund['id']}")["status"] == state
    assert stripe_api.get(f"/v1/charges/{paid['latest_charge']}")["amount_refunded"] == -sum(lines)
    assert [line["amount"] for line in gateways.book("stripe") if line["object"] == refund["id"]] == lines


@pytest.mark.parametrize(("outcome", "lines"), [("won", [1000, -1000]), ("lost", [-1000])])
def test_a_dispute_is_opened_and_decided_by_a_switch(
    gateways: Sandbox, stripe_api: Stripe, outcome: str, lines: list[int]
):
    paid = stripe_api.paid(1000)

    dispute = gateways.dispute("stripe", payment_intent=paid["id"], reason="product_not_received")
    decided = gateways.dispute("stripe", dispute=dispute["id"], outcome=outcome)

    assert (dispute["status"], decided["status"]) == ("needs_response", outcome)
    assert [line["amount"] for line in gateways.book("stripe") if line["object"] == dispute["id"]] == lines
    with pytest.raises(AssertionError, match="already closed"):
        gateways.dispute("stripe", dispute=dispute["id"], outcome="won")
    with pytest.raises(AssertionError, match="cannot be disputed"):
        gateways.dispute("stripe", payment_intent=paid["id"])


def test_evidence_decides_a_dispute(stripe_api: Stripe):
    paid = stripe_api.paid(1000, "pm_card_createDispute")
    (dispute,) = stripe_api.get("/v1/disputes", payment_intent=paid["id"])["data"]

    answer = stripe_api.post(f"/v1/disputes/{dispute['id']}", {"evidence[uncategorized_text]": "winning_evidence"})

    assert answer.json()["status"] == "won"


def test_a_session_expires_by_call_and_by_time(gateways: Sandbox, stripe_api: Stripe):
    called, timed, paid = (stripe_api.session().json() for _ in range(3))
    gateways.pay_by_card(paid["url"])

    assert stripe_api.post(f"/v1/checkout/sessions/{called['id']}/expire").json()["status"] == "expired"
    gateways.advance(DAY_S + 1)

    states = [stripe_api.get(f"/v1/checkout/sessions/{one['id']}")["status"] for one in (called, timed, paid)]
    assert states == ["expired", "expired", "complete"]
    assert stripe_api.post(f"/v1/checkout/sessions/{paid['id']}/expire").status_code == 400
    assert gateways.client.get(timed["url"]).status_code == 410
    events = stripe_api.get("/v1/events", type="checkout.session.expired", limit=100)["data"]
    told = [event["data"]["object"]["id"] for event in events]
    assert [told.count(one["id"]) for one in (called, timed, paid)] == [1, 1, 0]


def test_a_refund_that_nobody_asked_for_stands_in_the_books(gateways: Sandbox, stripe_api: Stripe):
    paid = stripe_api.paid(1000)

    refund = gateways.refund("stripe", payment_intent=paid["id"], amount=250)

    (line,) = [line for line in gateways.book("stripe") if line["object"] == refund["id"]]
    assert (line["kind"], line["amount"], refund["metadata"]) == ("refund", -250, {})


def test_lists_are_paged_the_newest_first(stripe_api: Stripe):
    customer = stripe_api.post("/v1/customers", {"email": "pages@example.org"}).json()["id"]
    made = [stripe_api.paid(100 + at, customer=customer)["id"] for at in range(7)]

    listed = stripe_api.api.v1.payment_intents.list({"customer": customer, "limit": 3})

    assert listed.has_more
    assert [one.id for one in listed.auto_paging_iter()] == made[::-1]
    back = stripe_api.get("/v1/payment_intents", customer=customer, limit=2, ending_before=made[2])
    assert [one["id"] for one in back["data"]] == [made[4], made[3]]
    for wrong in ({"limit": "0"}, {"limit": "101"}, {"starting_after": "pi_none"}):
        assert stripe_api.http.get("/v1/payment_intents", params=wrong).status_code == 400


def test_lines_of_the_books_are_listed_by_period(gateways: Sandbox, stripe_api: Stripe):
    now = gateways.control("clock", method="GET")["now"]
    gateways.advance(40 * DAY_S)
    later = stripe_api.paid(4321)

    found = stripe_api.get("/v1/balance_transactions", **{"created[gte]": now + 40 * DAY_S - 5, "type": "charge"})[
        "data"
    ]

    assert later["latest_charge"] in [line["source"] for line in found]
    assert min(line["created"] for line in found) >= now + 40 * DAY_S - 5
    earlier = stripe_api.get("/v1/balance_transactions", **{"created[lt]": now + 40 * DAY_S - 5, "limit": 100})["data"]
    assert later["latest_charge"] not in [line["source"] for line in earlier]
