"""PayPal's page on which the payer approves an order."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vibestream.sandbox.gateways.html import lead_to, show
from vibestream.sandbox.gateways.paypal import orders, payers
from vibestream.sandbox.gateways.paypal.errors import PayPalError
from vibestream.sandbox.gateways.store import Document
from vibestream.sandbox.gateways.world import World

_NAME: Final = "PayPal"


def routes(world: World) -> list[Route]:
    """Return the page."""

    async def checkout(request: Request) -> Response:
        form = await request.form() if request.method == "POST" else {}
        given = {name: value for name, value in form.items() if isinstance(value, str)}
        with world.store.transaction():
            try:
                return _checkout(world, request.query_params.get("token", ""), given)
            except PayPalError:
                return _page("Nothing to do here", "This order is not known, or its time is over.", status=404)

    return [Route("/checkoutnow", checkout, methods=["GET", "POST"])]


def _checkout(world: World, token: str, given: dict[str, str]) -> Response:
    order = orders.current(world, token)
    context = order["sandbox_context"]
    act = given.get("act")
    if act == "cancel" and context.get("cancel_url"):
        return lead_to(_with(context["cancel_url"], token=token))
    if order["status"] == "COMPLETED":
        return _page("Paid", "This order is completed.", status=410)
    if act == "approve":
        orders.approve(world, order, email=given.get("email") or payers.DEFAULT)
        back = context.get("return_url")
        payer = order["payer"]["payer_id"]
        return (
            lead_to(_with(back, token=token, PayerID=payer)) if back else _page("Approved", "You can close this page.")
        )
    return _form(order, cancellable=bool(context.get("cancel_url")))


def _form(order: Document, *, cancellable: bool) -> Response:
    unit = order["purchase_units"][0]
    verb = "Pay now" if order["sandbox_context"].get("user_action") == "PAY_NOW" else "Continue"
    choices = [{"act": "approve", "words": verb}]
    if cancellable:
        choices.append({"act": "cancel", "words": "Cancel and return to the shop"})
    hint = "Log in with any address. Its first part may say declined, pending, echeck or refundfails."
    fields = [{"label": "PayPal account (e-mail)", "name": "email", "value": order["sandbox_email"] or payers.DEFAULT}]
    amount = f"{unit['amount']['value']} {unit['amount']['currency_code']}"
    return _page(unit.get("description", "Pay with PayPal"), hint, amount=amount, choices=choices, fields=fields)


def _page(title: str, words: str, *, status: int = 200, amount: str = "", **more: Any) -> Response:
    values = {"choices": [], "fields": [], "error": ""} | more
    return show("choice.html", status=status, provider=_NAME, title=title, words=words, amount=amount, **values)


def _with(address: str, **query: str) -> str:
    return address + ("&" if "?" in address else "?") + urlencode(query)
