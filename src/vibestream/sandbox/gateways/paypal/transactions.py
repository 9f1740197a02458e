"""Transaction Search: PayPal's books by period.

Source: developer.paypal.com/docs/api/transaction-search/v1; event codes of developer.paypal.com/docs/transaction-search/transaction-event-codes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from vibestream.sandbox.gateways.answers import Answer
from vibestream.sandbox.gateways.paypal import amounts
from vibestream.sandbox.gateways.paypal.call import Call
from vibestream.sandbox.gateways.paypal.errors import PayPalError
from vibestream.sandbox.gateways.paypal.objects import PROVIDER, iso, link
from vibestream.sandbox.gateways.store import Document

_MOST_DAYS: Final = 31
_MOST_SIZE: Final = 500
LAG: Final = "paypal_lag_s"
"""The fact that says how far behind the search is; PayPal's own is up to three hours."""


def search(call: Call) -> Answer:
    """Return the lines of a period of at most 31 days, the oldest first."""
    since, until = _instant(call, "start_date"), _instant(call, "end_date")
    if not 0 <= until - since <= _MOST_DAYS * 86_400:
        raise _invalid("end_date", "Date range is greater than 31 days")
    size, page = _whole(call, "page_size", 100, _MOST_SIZE), _whole(call, "page", 1, 2**31)
    lag = int(call.world.store.fact(LAG) or 0)
    fresh = call.world.now() - lag
    lines = list(call.world.store.newest_first(PROVIDER, "transaction", since=since, until=until + 1))[::-1]
    wanted = call.query.get("transaction_id")
    found = [line for line in lines if (not lag or line["at"] <= fresh) and wanted in (None, line["id"])]
    shown = found[(page - 1) * size : page * size]
    pages = -(-len(found) // size)
    path = f"/v1/reporting/transactions?start_date={call.query['start_date']}&end_date={call.query['end_date']}"
    return Answer(
        200,
        {
            "transaction_details": [{"transaction_info": _info(line)} for line in shown],
            "account_number": "SANDBOXACCOUNT",
            "start_date": iso(since),
            "end_date": iso(until),
            "last_refreshed_datetime": iso(fresh),
            "page": page,
            "total_items": len(found),
            "total_pages": max(pages, 1),
            "links": [link(call.world, f"{path}&page_size={size}&page={page}", "self")],
        },
    )


def _info(line: Document) -> dict[str, Any]:
    currency = line["amount"]["currency_code"]
    minor = amounts.minor_of(line["amount"]) * line["sign"]
    info = {
        "paypal_account_id": "SANDBOXPAYER1",
        "transaction_id": line["id"],
        "transaction_event_code": line["code"],
        "transaction_initiation_date": iso(line["at"]),
        "transaction_updated_date": iso(line["at"]),
        "transaction_amount": amounts.money(minor, currency),
        "transaction_status": "S",
    }
    if line["subject"] != line["id"]:
        info |= {"paypal_reference_id": line["subject"], "paypal_reference_id_type": "TXN"}
    if line["fee"]:
        info["fee_amount"] = amounts.money(-line["fee"], currency)
    if line["ours"]:
        info["custom_field"] = line["ours"]
    if line["invoice"]:
        info["invoice_id"] = line["invoice"]
    return info


def _instant(call: Call, name: str) -> int:
    try:
        at = datetime.fromisoformat(call.query[name].replace("Z", "+00:00").replace(" ", "+"))
    except (KeyError, ValueError):
        raise _invalid(name, "Start and end date are required, in Internet date and time format.") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def _whole(call: Call, name: str, default: int, most: int) -> int:
    text = call.query.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise _invalid(name, f"A whole number from 1 to {most}.")
    return int(text)


def _invalid(field: str, description: str) -> PayPalError:
    detail = {"field": field, "location": "query", "issue": "INVALID_PARAMETER_VALUE", "description": description}
    return PayPalError("INVALID_REQUEST", status=400, details=[detail])
