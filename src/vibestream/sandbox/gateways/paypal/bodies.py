"""Bodies checked by PayPal's own definitions where their folder is present, else by these, kept by hand for what is used here."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from vibestream.sandbox.gateways.paypal.errors import malformed
from vibestream.sandbox.gateways.schemas import Definitions, Schema
from vibestream.sandbox.gateways.world import World

_FOLDER: Final = "paypal-openapi"
_FILES: Final = {
    "order_request": "checkout_orders_v2",
    "order_capture_request": "checkout_orders_v2",
    "order_authorize_request": "checkout_orders_v2",
    "capture_request": "payments_payment_v2",
    "refund_request": "payments_payment_v2",
    "create_payout_request": "payments_payouts_batch_v1",
    "verify_webhook_signature": "notifications_webhooks_v1",
}


def check(world: World, name: str, body: Any) -> None:
    """Return when a body is right.

    Raises:
        PayPalError: it is not; says each field that is wrong.
    """
    wrong = _definitions(world.definitions, _FILES.get(name)).wrong(name, body)
    if wrong:
        raise malformed(wrong)


@cache
def _definitions(folder: Path | None, file: str | None) -> Definitions:
    if folder is None or file is None:
        return Definitions({"components": {"schemas": OWN}})
    return Definitions(json.loads((folder / _FOLDER / f"{file}.json").read_text()))


def _object(required: tuple[str, ...] = (), /, **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def _text(most: int, least: int = 1) -> Schema:
    return {"type": "string", "minLength": least, "maxLength": most}


def _word(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


def _list(items: Schema, least: int, most: int) -> Schema:
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_VALUE: Final[Schema] = {"type": "string", "maxLength": 32, "pattern": r"^((-?[0-9]+)|(-?([0-9]+)?[.][0-9]+))$"}
_CODE: Final[Schema] = {"type": "string", "minLength": 3, "maxLength": 3}
_SHIPPING: Final = _word("GET_FROM_FILE", "NO_SHIPPING", "SET_PROVIDED_ADDRESS")
_CONTEXT: Final = _object(
    brand_name=_text(127),
    locale=_text(10, 2),
    shipping_preference=_SHIPPING,
    return_url=_text(4_000),
    cancel_url=_text(4_000),
    landing_page=_word("LOGIN", "GUEST_CHECKOUT", "BILLING", "NO_PREFERENCE"),
    user_action=_word("CONTINUE", "PAY_NOW"),
    payment_method_preference=_word("UNRESTRICTED", "IMMEDIATE_PAYMENT_REQUIRED"),
)
_VAULT: Final = _object(
    ("usage_type",),
    store_in_vault=_word("ON_SUCCESS"),
    description=_text(128),
    usage_pattern=_text(30),
    usage_type=_word("MERCHANT", "PLATFORM"),
    permit_multiple_payment_tokens={"type": "boolean"},
    customer_type=_word("CONSUMER", "BUSINESS"),
)
_STORED: Final = _object(
    ("payment_initiator", "payment_type"),
    payment_initiator=_word("CUSTOMER", "MERCHANT"),
    payment_type=_word("ONE_TIME", "RECURRING", "UNSCHEDULED"),
    usage=_word("FIRST", "SUBSEQUENT", "DERIVED"),
)
_WALLET: Final = _object(
    vault_id=_text(255),
    email_address=_text(254, 3),
    attributes=_object(vault=_VAULT, customer=_object(id=_text(22))),
    experience_context=_CONTEXT,
    stored_credential=_STORED,
)
OWN: Final[dict[str, Schema]] = {
    "money": _object(("currency_code", "value"), currency_code=_CODE, value=_VALUE),
    "order_request": _object(
        ("intent", "purchase_units"),
        intent=_word("CAPTURE", "AUTHORIZE"),
        purchase_units=_list(_ref("purchase_unit"), 1, 10),
        payment_source=_object(paypal=_WALLET),
        application_context=_object(
            brand_name=_text(127),
            locale=_text(10, 2),
            landing_page=_word("LOGIN", "BILLING", "NO_PREFERENCE"),
            shipping_preference=_SHIPPING,
            user_action=_word("CONTINUE", "PAY_NOW"),
            return_url=_text(4_000),
            cancel_url=_text(4_000),
        ),
    ),
    "purchase_unit": _object(
        ("amount",),
        reference_id=_text(256),
        amount=_object(
            ("currency_code", "value"),
            currency_code=_CODE,
            value=_VALUE,
            breakdown=_object(item_total=_ref("money"), tax_total=_ref("money"), discount=_ref("money")),
        ),
        description=_text(127),
        custom_id=_text(127),
        invoice_id=_text(127),
        soft_descriptor=_text(22),
        items=_list(
            _object(
                ("name", "quantity", "unit_amount"),
                name=_text(127),
                quantity=_text(10),
                unit_amount=_ref("money"),
                category=_word("DIGITAL_GOODS", "PHYSICAL_GOODS", "DONATION"),
                description=_text(127),
            ),
            1,
            100,
        ),
    ),
    "order_capture_request": _object(payment_source=_object(paypal=_WALLET)),
    "order_authorize_request": _object(payment_source=_object(paypal=_WALLET)),
    "capture_request": _object(
        amount=_ref("money"),
        invoice_id=_text(127),
        final_capture={"type": "boolean"},
        note_to_payer=_text(255),
        soft_descriptor=_text(22),
    ),
    "refund_request": _object(
        amount=_ref("money"), custom_id=_text(127), invoice_id=_text(127), note_to_payer=_text(255)
    ),
    "create_payout_request": _object(
        ("sender_batch_header", "items"),
        sender_batch_header=_object(
            sender_batch_id=_text(256, 0),
            email_subject=_text(255, 0),
            email_message=_text(1_000, 0),
            recipient_type=_text(13, 0),
            note=_text(1_000, 0),
        ),
        items=_list(
            _object(
                ("amount", "receiver"),
                recipient_type=_text(13, 0),
                amount=_object(("currency", "value"), currency=_CODE, value=_text(32)),
                receiver=_text(127, 0),
                note=_text(4_000, 0),
                sender_item_id=_text(30, 0),
                notification_language=_text(5, 0),
                purpose=_text(40),
            ),
            1,
            15_000,
        ),
    ),
    "accept_claim": _object(
        note=_text(2_000),
        accept_claim_reason=_text(255),
        accept_claim_type=_word("REFUND", "REFUND_WITH_RETURN", "PARTIAL_REFUND", "REFUND_WITH_RETURN_SHIPMENT_LABEL"),
        invoice_id=_text(127),
        refund_amount=_ref("money"),
    ),
    "verify_webhook_signature": _object(
        (
            "auth_algo",
            "cert_url",
            "transmission_id",
            "transmission_sig",
            "transmission_time",
            "webhook_id",
            "webhook_event",
        ),
        auth_algo=_text(100),
        cert_url=_text(500),
        transmission_id=_text(50),
        transmission_sig=_text(500),
        transmission_time=_text(100),
        webhook_id=_text(50),
        webhook_event={"type": "object"},
    ),
    "nothing": {"type": "object", "additionalProperties": True},
}
