"""One key, one outcome: as Stripe keeps it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from tests.factories.gateways import Sandbox
from tests.sandbox.gateways.stripe_client import Stripe, session_form


def new_key() -> str:
    return f"test:{uuid4()}"


def test_the_same_key_replays_the_first_answer_and_does_nothing(stripe_api: Stripe):
    key = new_key()

    first, again = (stripe_api.intent(1234, key=key) for _ in range(2))

    assert (first.json(), first.status_code) == (again.json(), again.status_code)
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert len(stripe_api.line_of(first.json())) == 1


def test_a_decline_is_replayed_too(stripe_api: Stripe):
    key = new_key()

    first, again = (stripe_api.intent(method="pm_card_chargeDeclined", key=key) for _ in range(2))

    assert (first.status_code, again.status_code) == (402, 402)
    assert first.json() == again.json()
    intent = first.json()["error"]["payment_intent"]["id"]
    assert len(stripe_api.get("/v1/charges", payment_intent=intent)["data"]) == 1


def test_the_same_key_with_other_parameters_or_for_another_method_is_an_error(stripe_api: Stripe):
    key = new_key()
    made = stripe_api.intent(1000, key=key).json()

    for answer in (
        stripe_api.intent(1001, key=key),
        stripe_api.post("/v1/refunds", {"payment_intent": made["id"]}, key=key),
    ):
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "idempotency_error")
    assert stripe_api.get("/v1/refunds", payment_intent=made["id"])["data"] == []


def test_a_500_is_what_the_key_is_answered_with_for_ever(gateways: Sandbox, stripe_api: Stripe):
    key = new_key()
    gateways.fault("stripe", "error_500", on="create")
    before = gateways.book("stripe")

    first, again, fresh = stripe_api.intent(key=key), stripe_api.intent(key=key), stripe_api.intent(key=new_key())

    assert [one.status_code for one in (first, again, fresh)] == [500, 500, 200]
    assert first.json()["error"]["type"] == "api_error"
    assert len(gateways.book("stripe")) == len(before) + 1


def test_a_500_may_hide_an_effect(gateways: Sandbox, stripe_api: Stripe):
    gateways.fault("stripe", "error_500", on="create", effect=True)
    before = len(gateways.book("stripe"))

    assert stripe_api.intent(key=new_key()).status_code == 500
    assert len(gateways.book("stripe")) == before + 1


def test_what_failed_validation_leaves_its_key_unused(stripe_api: Stripe):
    key = new_key()

    assert stripe_api.post("/v1/payment_intents", {"amount": "10x", "currency": "usd"}, key=key).status_code == 400
    assert stripe_api.intent(key=key).status_code == 200


def test_a_key_is_at_most_255_characters(stripe_api: Stripe):
    assert stripe_api.intent(key="k" * 255).status_code == 200
    assert stripe_api.intent(key="k" * 256).json()["error"]["type"] == "idempotency_error"


def test_of_two_at_once_the_second_is_told_that_the_key_is_in_use(gateways: Sandbox, stripe_api: Stripe):
    key = new_key()
    gateways.fault("stripe", "slow", on="create", seconds=0.6)

    with ThreadPoolExecutor(2) as pool:
        answers = [one.result() for one in [pool.submit(stripe_api.intent, 999, key=key) for _ in range(2)]]

    assert sorted(one.status_code for one in answers) == [200, 409]
    (busy,) = [one for one in answers if one.status_code == 409]
    assert busy.json()["error"]["code"] == "idempotency_key_in_use"
    assert stripe_api.intent(999, key=key).headers["idempotent-replayed"] == "true"


def test_the_second_api_does_failed_work_again(gateways: Sandbox, stripe_api: Stripe):
    key, body = new_key(), {"contact_email": "artist@example.org", "display_name": "Artist"}
    gateways.fault("stripe", "error_500")

    first = stripe_api.http.post("/v2/core/accounts", json=body, headers={"idempotency-key": key})
    second = stripe_api.http.post("/v2/core/accounts", json=body, headers={"idempotency-key": key})
    third = stripe_api.http.post("/v2/core/accounts", json=body, headers={"idempotency-key": key})

    assert [one.status_code for one in (first, second, third)] == [500, 200, 200]
    assert second.json()["id"] == third.json()["id"]


def test_a_session_has_one_page_for_one_key(stripe_api: Stripe):
    key = new_key()

    made = {stripe_api.post("/v1/checkout/sessions", session_form(), key=key).json()["url"] for _ in range(3)}

    assert len(made) == 1
