"""Stripe's hosted pages: Checkout, the payer's bank (3-D Secure), and a payee's onboarding."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vibestream.sandbox.gateways.html import amount_text, lead_to, show
from vibestream.sandbox.gateways.store import Document
from vibestream.sandbox.gateways.stripe import cards, checkout, connect, payments
from vibestream.sandbox.gateways.stripe.call import Declined
from vibestream.sandbox.gateways.stripe.cards import Aftermath, Authentication, Card
from vibestream.sandbox.gateways.stripe.deeds import call_of
from vibestream.sandbox.gateways.stripe.errors import StripeError
from vibestream.sandbox.gateways.stripe.objects import PROVIDER, find
from vibestream.sandbox.gateways.world import World

_NAME: Final = "Stripe"
_SAYS_AFTER: Final = {
    Aftermath.DISPUTE: "paid, then disputed",
    Aftermath.EARLY_WARNING: "paid, then warned of as fraud",
    Aftermath.REFUND_FAILS: "paid; a refund fails later",
    Aftermath.REFUND_WAITS: "paid; a refund waits",
}


def routes(world: World) -> list[Route]:
    """Return the pages."""
    return [
        Route("/pay/{session}", _page(world, _pay), methods=["GET", "POST"]),
        Route("/authenticate/{intent}", _page(world, _authenticate), methods=["GET", "POST"]),
        Route("/onboard/{link}", _page(world, _onboard), methods=["GET", "POST"]),
    ]


def says(card: Card) -> str:
    """Return in words what a test card does."""
    if card.blocked:
        return "blocked as too risky"
    if card.decline is not None:
        return f"declined: {card.decline.replace('_', ' ')}"
    if card.authentication is not Authentication.NEVER:
        return f"3-D Secure, {'always' if card.authentication is Authentication.ALWAYS else 'first time'}"
    if card.aftermath is not Aftermath.NONE:
        return _SAYS_AFTER[card.aftermath]
    return (
        "paid, elevated risk"
        if card.risk_level == "elevated"
        else f"paid ({card.brand}, {card.country}, {card.funding})"
    )


def _page(world: World, handle: Callable[[World, Request, dict[str, str]], Response]) -> Any:
    async def endpoint(request: Request) -> Response:
        form = await request.form() if request.method == "POST" else {}
        given = {name: value for name, value in form.items() if isinstance(value, str)}
        try:
            with world.store.transaction():
                return handle(world, request, given)
        except StripeError as error:
            return show("choice.html", status=error.status, **_closed(str(error)))

    return endpoint


def _pay(world: World, request: Request, given: dict[str, str]) -> Response:
    call = call_of(world)
    session = checkout.current(call, request.path_params["session"])
    if session["status"] != "open":
        return show("choice.html", status=410, **_closed(f"This payment page is {session['status']}."))
    if given.get("act") == "cancel" and session["cancel_url"]:
        return lead_to(session["cancel_url"])
    if request.method == "GET":
        return _form(session)
    return _charge(world, session, given)


def _charge(world: World, session: Document, given: dict[str, str]) -> Response:
    card = cards.by_number(given.get("number", ""))
    if card is None:
        return _form(session, error="That is no test card. A sandbox takes only the cards listed below.", status=402)
    try:
        intent = checkout.pay(call_of(world), session, card, email=given.get("email") or None)
    except Declined as declined:
        return _form(session, error=str(declined), status=402)
    if intent["status"] == "requires_action":
        return lead_to(f"{world.address}/stripe/authenticate/{intent['id']}")
    return lead_to(_success(session))


def _authenticate(world: World, request: Request, given: dict[str, str]) -> Response:
    call = call_of(world)
    intent = find(world, "payment_intent", request.path_params["intent"])
    session = _session_of(world, intent)
    if intent["status"] != "requires_action":
        return show("choice.html", status=410, **_closed("There is nothing to confirm any more."))
    if request.method == "GET" or given.get("act") not in ("recognised", "refused"):
        choices = [
            {"act": "recognised", "words": "Complete authentication"},
            {"act": "refused", "words": "Fail authentication"},
        ]
        amount = amount_text(intent["amount"], intent["currency"])
        return _choice("3-D Secure", "Your bank wants to know that it is you.", amount, choices)
    recognised = given["act"] == "recognised"
    if session is None:
        back = intent["next_action"]["redirect_to_url"]["return_url"]
        return _outside_checkout(world, intent, recognised=recognised, back=back)
    try:
        checkout.authenticate(call, session, recognised=recognised)
    except Declined as declined:
        return _form(session, error=str(declined), status=402)
    if not recognised:
        return _form(
            session, error="We are unable to authenticate your payment method. Choose another one.", status=402
        )
    return lead_to(_success(session))


def _outside_checkout(world: World, intent: Document, *, recognised: bool, back: str | None) -> Response:
    call = call_of(world)
    try:
        if recognised:
            payments.attempt(call, intent, authenticated=True)
        else:
            payments.fail_authentication(call, intent)
    except Declined as declined:
        return show("choice.html", status=402, **_closed(str(declined)))
    return lead_to(back) if back else show("choice.html", **_closed("Done. You can close this page."))


def _onboard(world: World, request: Request, given: dict[str, str]) -> Response:
    link = world.store.get(PROVIDER, "sandbox.account_link", request.path_params["link"])
    if link is None:
        return show("choice.html", status=404, **_closed("This link is not known."))
    if given.get("act") in ("done", "later"):
        if given["act"] == "done":
            connect.onboarded(call_of(world), link["account"])
        back = link["return_url"]
        return lead_to(back) if back else show("choice.html", **_closed("Thank you. You can close this page."))
    words = f"Account {link['account']}: tell Stripe who you are and where your money goes."
    return _choice(
        "Set up payouts",
        words,
        "",
        [{"act": "done", "words": "I have told everything"}, {"act": "later", "words": "Later"}],
    )


def _form(session: Document, *, error: str = "", status: int = 200) -> Response:
    manual = session["sandbox_intent_data"].get("capture_method") == "manual"
    return show(
        "stripe_pay.html",
        status=status,
        provider=_NAME,
        title="Pay by card",
        items=session["sandbox_items"],
        amount=amount_text(session["amount_total"], session["currency"]),
        email=session["customer_email"] or "",
        cards=[{"number": card.number, "says": says(card)} for card in cards.CARDS],
        verb="Authorise" if manual else "Pay",
        cancellable=bool(session["cancel_url"]),
        error=error,
    )


def _choice(title: str, words: str, amount: str, choices: list[dict[str, str]]) -> Response:
    return show(
        "choice.html", provider=_NAME, title=title, words=words, amount=amount, choices=choices, fields=[], error=""
    )


def _closed(words: str) -> dict[str, Any]:
    return {
        "provider": _NAME,
        "title": "Nothing to do here",
        "words": words,
        "amount": "",
        "choices": [],
        "fields": [],
        "error": "",
    }


def _success(session: Document) -> str:
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _session_of(world: World, intent: Document) -> Document | None:
    return next(world.store.newest_first(PROVIDER, "checkout.session", parent=intent["id"]), None)
