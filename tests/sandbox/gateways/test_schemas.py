"""The small validator agrees with openapi-core on PayPal's own files, and says more where a name is misspelt."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator

from tests.factories.gateways import definitions_folder
from tests.sandbox.gateways.paypal_client import order_body
from vibestream.sandbox.gateways.paypal.bodies import OWN
from vibestream.sandbox.gateways.schemas import Definitions

ORDER = order_body("10.00", custom_id="c", invoice_id="i", description="Top-up")
PAYOUT = {
    "sender_batch_header": {"sender_batch_id": "b1", "email_subject": "Royalties"},
    "items": [
        {
            "recipient_type": "EMAIL",
            "amount": {"currency": "USD", "value": "5.00"},
            "receiver": "a@example.org",
            "sender_item_id": "p1",
        }
    ],
}
REFUND = {"amount": {"currency_code": "USD", "value": "1.00"}, "custom_id": "k", "note_to_payer": "Sorry"}
BODIES = {"order_request": ORDER, "create_payout_request": PAYOUT, "refund_request": REFUND, "capture_request": {}}
FILES = {
    "order_request": "checkout_orders_v2",
    "create_payout_request": "payments_payouts_batch_v1",
    "refund_request": "payments_payment_v2",
    "capture_request": "payments_payment_v2",
}
CHANGES: list[tuple[str, str, Any, str]] = [
    ("order_request", "intent", "CAPTUR", "INVALID_PARAMETER_VALUE"),
    ("order_request", "intent", None, "INVALID_PARAMETER_SYNTAX"),
    ("order_request", "purchase_units", [], "INVALID_ARRAY_MIN_ITEMS"),
    ("order_request", "purchase_units", "one", "INVALID_PARAMETER_SYNTAX"),
    ("order_request", "purchase_units/0/amount/value", 10, "INVALID_PARAMETER_SYNTAX"),
    ("order_request", "purchase_units/0/amount/value", "ten", "INVALID_PARAMETER_SYNTAX"),
    ("order_request", "purchase_units/0/amount/value", "1e3", "INVALID_PARAMETER_SYNTAX"),
    ("order_request", "purchase_units/0/amount/currency_code", "DOLLAR", "INVALID_STRING_LENGTH"),
    ("order_request", "purchase_units/0/custom_id", "x" * 128, "INVALID_STRING_LENGTH"),
    ("create_payout_request", "items", [], "INVALID_ARRAY_MIN_ITEMS"),
    ("create_payout_request", "items/0/receiver", 5, "INVALID_PARAMETER_SYNTAX"),
    ("create_payout_request", "items/0/sender_item_id", "x" * 31, "INVALID_STRING_LENGTH"),
    ("refund_request", "amount/value", 1.5, "INVALID_PARAMETER_SYNTAX"),
    ("refund_request", "custom_id", "", "INVALID_STRING_LENGTH"),
    ("capture_request", "final_capture", "yes", "INVALID_PARAMETER_SYNTAX"),
]
MISSING = [
    ("order_request", "intent"),
    ("order_request", "purchase_units/0/amount"),
    ("create_payout_request", "items"),
]


def changed(name: str, path: str, value: Any) -> Any:
    body = copy.deepcopy(BODIES[name])
    node: Any = body
    *steps, last = path.split("/")
    for step in steps:
        node = node[int(step) if isinstance(node, list) else step]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return body


def theirs(name: str) -> dict[str, Any]:
    folder = definitions_folder()
    if folder is None:
        pytest.skip("VIBESTREAM_TEST_DEFINITIONS names no folder with PayPal's definitions")
    document: dict[str, Any] = json.loads((Path(folder) / "paypal-openapi" / f"{FILES[name]}.json").read_text())
    return document


def is_right_by_peer(document: dict[str, Any], name: str, body: Any) -> bool:
    schema = document | {"$ref": f"#/components/schemas/{name}"}
    return bool(OAS30Validator(schema).is_valid(body))


@pytest.mark.parametrize("name", sorted(BODIES))
def test_a_right_body_is_right_by_both_definitions(name: str):
    assert Definitions({"components": {"schemas": OWN}}).wrong(name, BODIES[name]) == []


@pytest.mark.parametrize(("name", "path", "value", "issue"), CHANGES)
def test_a_wrong_body_is_refused_by_our_own_definitions(name: str, path: str, value: Any, issue: str):
    wrong = Definitions({"components": {"schemas": OWN}}).wrong(name, changed(name, path, value))

    if path == "refund_request":
        assert wrong == []
    assert issue in [one.issue for one in wrong], wrong


@pytest.mark.parametrize(("name", "path"), MISSING)
def test_what_is_required_is_missed(name: str, path: str):
    (wrong,) = Definitions({"components": {"schemas": OWN}}).wrong(name, changed(name, path, ...))

    assert (wrong.field, wrong.issue) == (f"/{path}", "MISSING_REQUIRED_PARAMETER")


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [(name, path, value) for name, path, value, _ in CHANGES] + [(name, path, ...) for name, path in MISSING],
)
def test_the_validator_agrees_with_its_peer_on_paypals_files(name: str, path: str, value: Any):
    document, body = theirs(name), changed(name, path, value)

    assert is_right_by_peer(document, name, BODIES[name])
    assert Definitions(document).wrong(name, BODIES[name]) == []
    assert (Definitions(document).wrong(name, body) == []) == is_right_by_peer(document, name, body)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(
    "path", ["intnet", "purchase_units/0/custom_di", "payment_source/paypal/experience_context/retrun_url"]
)
def test_a_misspelt_name_is_refused_where_the_provider_would_ignore_it(path: str, own: bool):
    document = {"components": {"schemas": OWN}} if own else theirs("order_request")

    (wrong,) = Definitions(document).wrong("order_request", changed("order_request", path, "x"))

    assert (wrong.field, wrong.issue) == (f"/{path}", "UNKNOWN_PARAMETER")
