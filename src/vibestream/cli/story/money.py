"""Money: a fan tops up, subscribes and tips; the month's royalties are run; the artist is paid out; the books balance."""

from __future__ import annotations

import re
import secrets
from decimal import Decimal
from typing import Any, Final

import httpx

from vibestream.cli.story.main_job import DidNotComeAbout, Person, until
from vibestream.cli.story.operator import operate
from vibestream.cli.story.telling import Teller
from vibestream.cli.story.visitor import Visitor
from vibestream.kernel.time import utc_now

_WITHIN_S: Final = 30
_CURRENCY: Final = "USD"
_FRAUD: Final = "/api/v1/operations/fraud"
_TOP_UP, _TIP = "60.00", "40.00"
_CARD: Final = {"number": "4242 4242 4242 4242", "expiry": "12 / 34", "cvc": "123"}
_FIELD: Final = re.compile(r'<input name="([a-z_]+)"[^>]*? value="([^"]*)"')


def fan_pays(teller: Teller, fan: Visitor, *, artist_id: str) -> None:
    """Top up the wallet by card, subscribe, and tip the artist from the wallet.

    Raises:
        Refused: the platform does not take something; the message says what.
        DidNotComeAbout: a payment did not arrive in time.
    """
    with teller.step("top_up", f"The fan tops up {_TOP_UP} {_CURRENCY} by card") as figures:
        order = {"amount": _TOP_UP, "currency": _CURRENCY, "gateway": "stripe", "return_to": "/wallet"}
        figures["state"] = _paid(fan, fan.order("/api/v1/wallet/top-ups", order)["payment_id"])
        figures["wallet"] = f"{_available(fan, at_least=Decimal(_TOP_UP))} {_CURRENCY}"
    with teller.step("subscribe", "The fan subscribes to Premium, by the month") as figures:
        terms = {"plan": "premium", "cycle": "monthly", "currency": _CURRENCY, "gateway": "stripe"}
        due = fan.order("/api/v1/subscription", terms)["payment"]
        _paid(fan, due["payment_id"])
        standing = until(lambda: _subscribed(fan), within_s=_WITHIN_S, what="The subscription")
        figures["paid"] = f"{due['amount']} {due['currency']}"
        figures["best_quality"] = "lossless" if standing["lossless"] else f"{standing['max_kbps']} kbit/s"
    with teller.step("tip", f"The fan tips the artist {_TIP} {_CURRENCY} from the wallet") as figures:
        tip = {"artist_id": artist_id, "amount": _TIP, "currency": _CURRENCY, "message": "For the long nights."}
        figures["state"] = fan.order("/api/v1/tips", tip)["tip"]["state"]


def month_is_shared(teller: Teller, artist: Visitor) -> None:
    """Close the running month, which only a sandbox does, and share its royalties; then let the hold go by at once.

    Raises:
        DidNotComeAbout: a command failed, or the artist was not reached.
    """
    month = utc_now().strftime("%Y-%m")
    with teller.step("royalties", f"An operator closes {month} early and shares its royalties") as figures:
        operate(teller, "royalties", "run", month, "--currency", _CURRENCY, "--early")
        operate(teller, "royalties", "release", "--early")
        balance = until(lambda: _earned(artist), within_s=_WITHIN_S, what="What the artist earned")
        figures["available"] = f"{balance['available']} {_CURRENCY}"


def artist_is_paid_out(teller: Teller, artist: Visitor, *, reviewer: Visitor, person: Person) -> None:
    """Name a destination, ask for everything there is, have it looked at, and wait until it has arrived.

    Money that leaves for a destination named minutes ago waits for a person of finance; `reviewer` becomes one.

    Raises:
        Refused: the platform does not pay out.
        DidNotComeAbout: it did not arrive in time.
    """
    with teller.step("payout_asked", "The artist asks for it all by PayPal") as figures:
        address = f"artist-{secrets.token_hex(3)}@demo.example"
        artist.step_up()
        artist.put("/api/v1/payouts/destination", {"method": "paypal", "address": address})
        payout_id = artist.order("/api/v1/payouts", {"currency": _CURRENCY})["payout_id"]
        figures["state"] = artist.get(f"/api/v1/payouts/{payout_id}")["payout"]["state"]
    with teller.step("payout_reviewed", "A person of finance looks at it and releases it") as figures:
        reviewer.sign_up(email=person.email, password=person.password, display_name=person.display_name)
        operate(teller, "grant-role", person.email, "finance")
        reviewer.sign_in(email=person.email, password=person.password)
        waiting = until(lambda: _waiting(reviewer, payout_id), within_s=_WITHIN_S, what="The review")
        figures["because"] = "; ".join(one["words"] for one in waiting["reasons"])
        judgement = {"verdict": "release", "note": "A new payee; the address was confirmed."}
        reviewer.post(f"{_FRAUD}/reviews/{waiting['decision_id']}/verdict", judgement)
    with teller.step("payout", "The payout arrives") as figures:
        paid = until(lambda: _arrived(artist, payout_id), within_s=_WITHIN_S, what="The payout")
        figures["sent"] = f"{paid['net']} {paid['currency']}"
        figures["fee"] = f"{paid['fee']} {paid['currency']}"


def books_balance(teller: Teller, fan: Visitor) -> None:
    """Show that every movement of the fan's wallet is a transaction whose postings sum to zero.

    Raises:
        DidNotComeAbout: one does not.
    """
    with teller.step("money_balances", "Every movement of the fan's money balances") as figures:
        lines = fan.get("/api/v1/wallet/transactions")["items"]
        for line in lines:
            postings = line["transaction"]["postings"]
            total = sum((Decimal(one["amount"]) for one in postings), Decimal())
            teller.console.print(f"    {line['transaction']['title']:40} {line['amount']:>16} {line['currency']}")
            if total != 0:
                raise DidNotComeAbout(f"The postings of {line['transaction']['title']} sum to {total}, not to zero.")
        figures["movements"] = len(lines)
        figures["sum"] = "0"


def _paid(fan: Visitor, payment_id: str) -> str:
    """Confirm a payment on the sandbox's page as a card's owner would, and wait until the money has arrived."""
    where = until(lambda: _page(fan, payment_id), within_s=_WITHIN_S, what="The gateway's page")
    with httpx.Client(timeout=30) as browser:
        fields = dict(_FIELD.findall(browser.get(where).raise_for_status().text))
        browser.post(where, data={**fields, **_CARD, "act": "pay"})
    state = until(lambda: _settled(fan, payment_id), within_s=_WITHIN_S, what="The payment")
    if state != "captured":
        raise DidNotComeAbout(f"The payment is {state}.")
    return str(state)


def _page(fan: Visitor, payment_id: str) -> Any:
    return fan.get(f"/api/v1/payments/{payment_id}")["redirect_url"]


def _settled(fan: Visitor, payment_id: str) -> Any:
    state = fan.get(f"/api/v1/payments/{payment_id}")["state"]
    return None if state in {"created", "pending", "authorised", "unknown"} else state


def _available(fan: Visitor, *, at_least: Decimal) -> Any:
    def look() -> Any:
        balances = {one["currency"]: one["available"] for one in fan.get("/api/v1/wallet")["balances"]}
        found = balances.get(_CURRENCY)
        return found if found is not None and Decimal(found) >= at_least else None

    return until(look, within_s=_WITHIN_S, what="The money in the wallet")


def _subscribed(fan: Visitor) -> Any:
    standing = fan.get("/api/v1/subscription")
    found = standing["entitlements"]
    return found if found["plan"] == "premium" else None


def _earned(artist: Visitor) -> Any:
    balances = artist.get("/api/v1/payouts")["balances"]
    return next((one for one in balances if one["currency"] == _CURRENCY and Decimal(one["available"]) > 0), None)


def _waiting(reviewer: Visitor, payout_id: str) -> Any:
    """The risk is checked by a job: a moment later its review is there."""
    found = (one for one in reviewer.get(f"{_FRAUD}/reviews")["items"] if one["subject"] == payout_id)
    return next(found, None)


def _arrived(artist: Visitor, payout_id: str) -> Any:
    payout = artist.get(f"/api/v1/payouts/{payout_id}")["payout"]
    if payout["state"] in {"rejected", "failed", "returned"}:
        raise DidNotComeAbout(f"The payout is {payout['state']}: {payout['failure']}")
    return payout if payout["state"] == "paid" else None
