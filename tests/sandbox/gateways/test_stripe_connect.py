"""Recipients, transfers to them, and reversals."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.gateways import Sandbox
from tests.sandbox.gateways.stripe_client import Stripe, error_of

RECIPIENT = {"recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}}
INCLUDED = ["configuration.recipient", "identity", "requirements"]


def status_of(account: Any) -> str:
    return str(account["configuration"]["recipient"]["capabilities"]["stripe_balance"]["stripe_transfers"]["status"])


def opened(stripe_api: Stripe, email: str = "artist@example.org") -> Any:
    body = {"contact_email": email, "identity": {"country": "us"}, "configuration": RECIPIENT, "include": INCLUDED}
    answer = stripe_api.http.post("/v2/core/accounts", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ready(gateways: Sandbox, stripe_api: Stripe, email: str = "artist@example.org") -> str:
    """Return an account whose owner was on the onboarding page."""
    account = opened(stripe_api, email)["id"]
    use_case = {
        "type": "account_onboarding",
        "account_onboarding": {
            "return_url": "http://localhost:1/done",
            "refresh_url": "http://localhost:1/again",
        },
    }
    link = stripe_api.http.post("/v2/core/account_links", json={"account": account, "use_case": use_case})
    assert link.status_code == 200, link.text
    assert gateways.click(link.json()["url"], "done") == "http://localhost:1/done"
    return str(account)


def test_a_recipient_is_ready_after_its_owner_told_everything(gateways: Sandbox, stripe_api: Stripe):
    account = opened(stripe_api)
    assert (status_of(account), account["identity"]) == ("restricted", {"country": "us"})
    refused = stripe_api.post("/v1/transfers", {"amount": "1", "currency": "usd", "destination": account["id"]})
    assert error_of(refused)[1] == "insufficient_capabilities_for_transfer"

    done = ready(gateways, stripe_api)
    never = ready(gateways, stripe_api, "restricted@example.org")

    found = [
        stripe_api.api.v2.core.accounts.retrieve(one, {"include": ["configuration.recipient"]}) for one in (done, never)
    ]
    assert [status_of(one.to_dict()) for one in found] == ["active", "restricted"]
    assert stripe_api.get(f"/v2/core/accounts/{done}")["configuration"] is None
    with pytest.raises(KeyError):
        stripe_api.get(f"/v2/core/accounts/{done}")["sandbox_recipient"]


@pytest.mark.parametrize(
    "body", [{"contact_emial": "x"}, {"dashboard": "whole"}, {"include": "identity"}, {"contact_email": 5}, []]
)
def test_an_account_that_is_wrong_is_refused(stripe_api: Stripe, body: Any):
    assert stripe_api.http.post("/v2/core/accounts", json=body).status_code == 400


def test_a_transfer_leaves_the_balance_and_a_reversal_brings_it_back(gateways: Sandbox, stripe_api: Stripe):
    account = ready(gateways, stripe_api)
    form = {"amount": "900", "currency": "usd", "destination": account, "transfer_group": "run-1"}

    made = stripe_api.post("/v1/transfers", form).json()
    part = stripe_api.post(f"/v1/transfers/{made['id']}/reversals", {"amount": "400"}).json()

    assert (made["amount"], made["amount_reversed"], part["amount"], part["transfer"]) == (900, 0, 400, made["id"])
    path = f"/v1/transfers/{made['id']}/reversals"
    assert error_of(stripe_api.post(path, {"amount": "501"}))[::2] == (400, "amount")
    assert stripe_api.post(path).json()["amount"] == 500
    assert error_of(stripe_api.post(path))[1] == "transfer_already_reversed"
    found = stripe_api.get(f"/v1/transfers/{made['id']}")
    assert (found["amount_reversed"], found["reversed"]) == (900, True)
    refs = {made["id"], part["id"], found["reversals"]["data"][0]["id"]}
    lines = [(line["kind"], line["amount"]) for line in gateways.book("stripe") if line["object"] in refs]
    assert lines == [("payout_return", 500), ("payout_return", 400), ("payout", -900)]
    listed = stripe_api.get("/v1/transfers", transfer_group="run-1", destination=account)["data"]
    assert [one["id"] for one in listed] == [made["id"]]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": "0"}, "parameter_invalid_integer"),
        ({"destination": "acct_none"}, "resource_missing"),
        ({"currency": "vibe"}, None),
        ({"destinaton": "x"}, "parameter_unknown"),
    ],
)
def test_a_transfer_that_is_wrong_is_refused(stripe_api: Stripe, change: dict[str, str], code: str | None):
    form = {"amount": "100", "currency": "usd", "destination": "acct_none"} | change

    assert error_of(stripe_api.post("/v1/transfers", form))[:2] == (400, code)


def test_an_empty_balance_and_a_capability_that_ends_are_switches(gateways: Sandbox, stripe_api: Stripe):
    account = ready(gateways, stripe_api)
    form = {"amount": "100", "currency": "usd", "destination": account}
    gateways.fault("stripe", "insufficient_balance", on="payout")

    assert error_of(stripe_api.post("/v1/transfers", form))[1] == "balance_insufficient"
    assert stripe_api.post("/v1/transfers", form).status_code == 200
    gateways.payout("stripe", account=account, status="restricted")
    assert error_of(stripe_api.post("/v1/transfers", form))[1] == "insufficient_capabilities_for_transfer"
