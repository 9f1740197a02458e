"""Raw and official clients of Stripe's API, for tests of its stand-in."""

from __future__ import annotations

from typing import Any

import httpx
import stripe

from tests.factories.gateways import Sandbox


class Stripe:
    """`api` is the official library; `post` and `get` are plain forms."""

    def __init__(self, gateways: Sandbox) -> None:
        self.gateways = gateways
        self.http = httpx.Client(base_url=f"{gateways.address}/stripe", trust_env=False, timeout=20)
        self.http.headers["authorization"] = f"Bearer {gateways.keys.stripe_secret_key}"
        self._official = stripe.HTTPXClient(timeout=20, allow_sync_methods=True)
        self.api = stripe.StripeClient(
            gateways.keys.stripe_secret_key,
            base_addresses={"api": f"{gateways.address}/stripe"},
            max_network_retries=0,
            http_client=self._official,
        )

    def close(self) -> None:
        self.http.close()
        self._official.close()  # type: ignore[no-untyped-call]

    def post(self, path: str, form: dict[str, str] | None = None, *, key: str | None = None) -> httpx.Response:
        return self.http.post(path, data=form or {}, headers={} if key is None else {"idempotency-key": key})

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def intent(
        self, amount: int = 1000, method: str = "pm_card_visa", *, key: str | None = None, **more: str
    ) -> httpx.Response:
        """Create and confirm a payment intent at once."""
        form = {"amount": str(amount), "currency": "usd", "payment_method": method, "confirm": "true"} | more
        return self.post("/v1/payment_intents", form, key=key)

    def paid(self, amount: int = 1000, method: str = "pm_card_visa", **more: str) -> Any:
        answer = self.intent(amount, method, **more)
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] in ("succeeded", "requires_capture"), answer.text
        return answer.json()

    def session(self, amount: int = 1000, currency: str = "usd", more: dict[str, str] | None = None) -> httpx.Response:
        return self.post("/v1/checkout/sessions", session_form(amount, currency) | (more or {}))

    def line_of(self, intent: Any) -> list[dict[str, Any]]:
        """The books' lines of a payment intent's charge."""
        return [line for line in self.gateways.book("stripe") if line["object"] == intent["id"]]


def session_form(amount: int = 1000, currency: str = "usd") -> dict[str, str]:
    return {
        "mode": "payment",
        "line_items[0][price_data][currency]": currency,
        "line_items[0][price_data][unit_amount]": str(amount),
        "line_items[0][price_data][product_data][name]": "Top-up",
        "line_items[0][quantity]": "1",
        "success_url": "http://localhost:1/back",
        "cancel_url": "http://localhost:1/cancelled",
    }


def error_of(answer: httpx.Response) -> tuple[int, str | None, str | None]:
    """Status, code and parameter of an error."""
    error = answer.json()["error"]
    return answer.status_code, error.get("code"), error.get("param")
