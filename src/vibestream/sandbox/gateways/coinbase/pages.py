"""Coinbase's page on which the payer's wallet pays a checkout."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vibestream.sandbox.gateways.coinbase import checkouts
from vibestream.sandbox.gateways.coinbase.errors import CoinbaseError
from vibestream.sandbox.gateways.html import lead_to, show
from vibestream.sandbox.gateways.store import Document
from vibestream.sandbox.gateways.world import World

_NAME: Final = "Coinbase"
_CHOICES: Final = (
    {"act": "pay", "words": "Pay from this wallet"},
    {"act": "wait", "words": "Pay, but stay unconfirmed"},
    {"act": "fail", "words": "Let the payment fail"},
)


def routes(world: World) -> list[Route]:
    """Return the page."""

    async def checkout(request: Request) -> Response:
        form = await request.form() if request.method == "POST" else {}
        given = {name: value for name, value in form.items() if isinstance(value, str)}
        with world.store.transaction():
            try:
                return _checkout(world, checkouts.current(world, request.path_params["id"]), given)
            except CoinbaseError as error:
                return _page("Nothing to do here", str(error), status=404)

    return [Route("/payment-links/{id}", checkout, methods=["GET", "POST"])]


def _checkout(world: World, found: Document, given: dict[str, str]) -> Response:
    succeeded, failed = found.get("successRedirectUrl"), found.get("failRedirectUrl")
    if found["status"] != "ACTIVE":
        return _page("Nothing to pay", f"This checkout is {found['status'].lower().replace('_', ' ')}.", status=410)
    match given.get("act"):
        case "pay" | "wait":
            wallet = given.get("wallet") or "0xsandbox"
            checkouts.pay(world, found, wallet=wallet, wait=given["act"] == "wait")
            return lead_to(succeeded) if succeeded else _page("Paid", "You can close this page.")
        case "fail":
            checkouts.fail(world, found)
            return lead_to(failed) if failed else _page("Failed", "The payment failed.")
        case "cancel" if failed:
            return lead_to(failed)
        case _:
            return _form(found)


def _form(found: Document) -> Response:
    choices = [*_CHOICES, *([{"act": "cancel", "words": "Cancel and go back"}] if "failRedirectUrl" in found else [])]
    words = "Pay in USDC on Base. A wallet whose name says refundfails cannot be refunded."
    fields = [{"label": "Wallet", "name": "wallet", "value": "0xsandbox"}]
    amount = f"{found['amount']} USDC"
    return _page(found.get("description", "Pay with crypto"), words, amount=amount, choices=choices, fields=fields)


def _page(title: str, words: str, *, status: int = 200, amount: str = "", **more: Any) -> Response:
    values = {"choices": [], "fields": [], "error": ""} | more
    return show("choice.html", status=status, provider=_NAME, title=title, words=words, amount=amount, **values)
