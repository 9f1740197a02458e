"""Connect: recipients of accounts v2, transfers to them, and reversals of transfers.

Source: docs.stripe.com/connect/accounts-v2; docs.stripe.com/api/transfers; docs.stripe.com/api/transfer_reversals.
"""

from __future__ import annotations

from typing import Any, Final

from vibestream.sandbox.gateways.faults import Fault
from vibestream.sandbox.gateways.store import Document, random_ref
from vibestream.sandbox.gateways.stripe import balance
from vibestream.sandbox.gateways.stripe.amounts import check_currency
from vibestream.sandbox.gateways.stripe.call import Call
from vibestream.sandbox.gateways.stripe.errors import StripeError
from vibestream.sandbox.gateways.stripe.objects import PROVIDER, emit_connect, find, iso, keep, page

_ACCOUNT: Final = "v2.core.account"
_STATUS_CHANGED: Final = "v2.core.account[configuration.recipient].capability_status_updated"
_RESTRICTED: Final = "restricted"
"""In a contact e-mail address: whatever its owner tells, the account's capability stays restricted."""


def create_account(call: Call) -> Document:
    """Create an account. Its recipient capability is restricted until its owner was on the page of an account link."""
    given = call.params
    email = given.get("contact_email")
    asked = _asked_for_transfers(given)
    account: dict[str, Any] = {
        "id": random_ref("acct_", length=16),
        "object": _ACCOUNT,
        "applied_configurations": sorted(given.get("configuration") or {}),
        "closed": False,
        "contact_email": email,
        "created": call.world.now(),
        "dashboard": given.get("dashboard", "none"),
        "display_name": given.get("display_name"),
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "sandbox_identity": given.get("identity"),
        "sandbox_defaults": given.get("defaults"),
        "sandbox_recipient": {"applied": True, "capabilities": _capabilities("restricted")} if asked else None,
        "sandbox_balance": {},
    }
    keep(call.world, account)
    emit_connect(call.world, "v2.core.account.created", account=account["id"])
    if asked:
        emit_connect(call.world, _STATUS_CHANGED, account=account["id"])
    return _shown(account, given.get("include"))


def retrieve_account(call: Call) -> Document:
    """Return an account, with what is asked to be included."""
    return _shown(_account(call, call.ids["id"]), call.params.get("include"))


def update_account(call: Call) -> Document:
    """Change an account; asking for transfers makes it a recipient."""
    account, given = _account(call, call.ids["id"]), call.params
    for name in ("contact_email", "display_name", "dashboard"):
        if name in given:
            account[name] = given[name]
    account["metadata"] |= given.get("metadata") or {}
    if _asked_for_transfers(given) and account["sandbox_recipient"] is None:
        account["sandbox_recipient"] = {"applied": True, "capabilities": _capabilities("restricted")}
        emit_connect(call.world, _STATUS_CHANGED, account=account["id"])
    return _shown(keep(call.world, account), given.get("include"))


def onboarded(call: Call, ref: str) -> Document:
    """Record that an account's owner has told Stripe everything it wants to know."""
    account = _account(call, ref)
    refused = _RESTRICTED in (account["contact_email"] or "")
    return set_capability(call, ref, status="restricted" if refused else "active")


def set_capability(call: Call, ref: str, *, status: str) -> Document:
    """Let an account's capability become active or restricted, as it does when Stripe learns something."""
    account = _account(call, ref)
    account["sandbox_recipient"] = {"applied": True, "capabilities": _capabilities(status)}
    keep(call.world, account)
    emit_connect(call.world, _STATUS_CHANGED, account=ref)
    return account


def create_link(call: Call) -> Document:
    """Create the address of a page on which the payee tells Stripe who they are."""
    account = _account(call, call.params["account"])
    kind = call.params["use_case"]["type"]
    details = call.params["use_case"].get(kind) or {}
    link = random_ref("accl_", length=20)
    now = call.world.now()
    body = {
        "id": link,
        "object": "sandbox.account_link",
        "account": account["id"],
        "created": now,
        "return_url": details.get("return_url") or details.get("refresh_url"),
    }
    keep(call.world, body)
    return {
        "object": "v2.core.account_link",
        "account": account["id"],
        "created": iso(now),
        "expires_at": iso(now + 300),
        "livemode": False,
        "url": f"{call.world.address}/stripe/onboard/{link}",
        "use_case": call.params["use_case"],
    }


def create_transfer(call: Call) -> Document:
    """Send money from the platform's balance to a recipient."""
    given = call.params
    amount, currency = given.get("amount", 0), given["currency"]
    check_currency(currency)
    if amount < 1:
        raise StripeError(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param="amount"
        )
    account = call.world.store.get(PROVIDER, _ACCOUNT, given["destination"])
    if account is None:
        raise StripeError(
            f"No such destination: '{given['destination']}'", code="resource_missing", param="destination"
        )
    if not _can_receive(account):
        raise StripeError(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers.",
            code="insufficient_capabilities_for_transfer",
        )
    if call.world.faults.take(PROVIDER, frozenset({Fault.INSUFFICIENT_BALANCE}), act="payout"):
        raise StripeError("You have insufficient available funds in your Stripe account.", code="balance_insufficient")
    ref = random_ref("tr_")
    line = balance.write(call.world, kind="transfer", amount=-amount, fee=0, currency=currency, source=ref)
    transfer: dict[str, Any] = {
        "id": ref,
        "object": "transfer",
        "amount": amount,
        "amount_reversed": 0,
        "balance_transaction": line["id"],
        "created": call.world.now(),
        "currency": currency,
        "description": given.get("description"),
        "destination": account["id"],
        "destination_payment": random_ref("py_"),
        "livemode": False,
        "metadata": given.get("metadata") or {},
        "reversals": {"object": "list", "data": [], "has_more": False, "url": f"/v1/transfers/{ref}/reversals"},
        "reversed": False,
        "source_transaction": given.get("source_transaction"),
        "source_type": given.get("source_type", "card"),
        "transfer_group": given.get("transfer_group"),
    }
    _credit(call, account, currency, amount)
    keep(call.world, transfer)
    call.emit("transfer.created", transfer)
    return transfer


def retrieve_transfer(call: Call) -> Document:
    """Return a transfer."""
    return find(call.world, "transfer", call.ids["id"])


def list_transfers(call: Call) -> Document:
    """List transfers: to a destination, of a group."""
    params = call.params

    def wanted(transfer: Document) -> bool:
        return all(transfer[name] == params[name] for name in ("destination", "transfer_group") if name in params)

    return page(call.world, "transfer", params, url="/v1/transfers", only=wanted)


def create_reversal(call: Call) -> Document:
    """Take back some or all of a transfer, as far as the recipient's balance has it."""
    transfer = find(call.world, "transfer", call.ids["id"])
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = call.params.get("amount", left)
    if left == 0:
        raise StripeError(f"Transfer {transfer['id']} is already fully reversed.", code="transfer_already_reversed")
    if not 0 < amount <= left:
        raise StripeError(
            f"Reversal amount ({amount}) is greater than unreversed amount on transfer ({left}).", param="amount"
        )
    account = _account(call, transfer["destination"])
    if account["sandbox_balance"].get(transfer["currency"], 0) < amount:
        raise StripeError("Insufficient funds in the destination account to reverse.", code="balance_insufficient")
    return reverse(call, transfer, amount, metadata=call.params.get("metadata") or {})


def reverse(call: Call, transfer: Document, amount: int, *, metadata: dict[str, str]) -> Document:
    """Store a reversal, its line in the books, and what it changes of its transfer."""
    ref = random_ref("trr_")
    line = balance.write(
        call.world, kind="transfer_refund", amount=amount, fee=0, currency=transfer["currency"], source=ref
    )
    reversal: dict[str, Any] = {
        "id": ref,
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": line["id"],
        "created": call.world.now(),
        "currency": transfer["currency"],
        "destination_payment_refund": random_ref("pyr_"),
        "metadata": metadata,
        "source_refund": None,
        "transfer": transfer["id"],
    }
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    transfer["reversals"]["data"].insert(0, reversal)
    _credit(call, _account(call, transfer["destination"]), transfer["currency"], -amount)
    keep(call.world, reversal, parent=transfer["id"])
    keep(call.world, transfer)
    call.emit("transfer.reversed", transfer)
    return reversal


def retrieve_reversal(call: Call) -> Document:
    """Return a reversal of a transfer."""
    return find(call.world, "transfer_reversal", call.ids["reversal"])


def list_reversals(call: Call) -> Document:
    """List the reversals of a transfer."""
    transfer = find(call.world, "transfer", call.ids["id"])
    url = f"/v1/transfers/{transfer['id']}/reversals"
    return page(call.world, "transfer_reversal", call.params, url=url, parent=transfer["id"])


def _account(call: Call, ref: str) -> Document:
    return find(call.world, _ACCOUNT, ref)


def _credit(call: Call, account: Document, currency: str, amount: int) -> None:
    account["sandbox_balance"][currency] = account["sandbox_balance"].get(currency, 0) + amount
    keep(call.world, account)


def _can_receive(account: Document) -> bool:
    recipient = account["sandbox_recipient"]
    return (
        recipient is not None and recipient["capabilities"]["stripe_balance"]["stripe_transfers"]["status"] == "active"
    )


def _asked_for_transfers(given: dict[str, Any]) -> bool:
    recipient = (given.get("configuration") or {}).get("recipient") or {}
    wanted = ((recipient.get("capabilities") or {}).get("stripe_balance") or {}).get("stripe_transfers") or {}
    return bool(wanted.get("requested"))


def _capabilities(status: str) -> dict[str, Any]:
    reasons = [] if status == "active" else [{"code": "requirements_past_due", "resolution": "provide_info"}]
    return {"stripe_balance": {"stripe_transfers": {"status": status, "status_details": reasons}}}


def _shown(account: Document, include: list[str] | None) -> Document:
    wanted = set(include or [])
    shown = {name: value for name, value in account.items() if not name.startswith("sandbox_")}
    shown["created"] = iso(account["created"])
    shown["configuration"] = None
    if "configuration.recipient" in wanted:
        shown["configuration"] = {"recipient": account["sandbox_recipient"], "customer": None, "merchant": None}
    for name in ("identity", "defaults"):
        shown[name] = account[f"sandbox_{name}"] if name in wanted else None
    shown["requirements"] = {"entries": []} if "requirements" in wanted else None
    return shown
