"""A plain client of PayPal's API, for tests of its stand-in."""

from __future__ import annotations

from typing import Any

import httpx

from tests.factories.gateways import Sandbox


class PayPal:
    def __init__(self, gateways: Sandbox) -> None:
        self.gateways = gateways
        self.http = httpx.Client(base_url=f"{gateways.address}/paypal", trust_env=False, timeout=20)
        token = self.http.post(
            "/v1/oauth2/token",
            auth=(gateways.keys.paypal_client_id, gateways.keys.paypal_client_secret),
            data={"grant_type": "client_credentials"},
        )
        self.http.headers["authorization"] = f"Bearer {token.json()['access_token']}"

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.http.get(path, params=query)

    def post(self, path: str, body: Any = None, *, key: str | None = None, whole: bool = True) -> httpx.Response:
        headers = {"prefer": "return=representation" if whole else "return=minimal"}
        if key is not None:
            headers["paypal-request-id"] = key
        return self.http.post(path, json={} if body is None else body, headers=headers)

    def order(
        self, value: str = "10.00", *, key: str, currency: str = "USD", intent: str = "CAPTURE", **unit: Any
    ) -> Any:
        answer = self.post("/v2/checkout/orders", order_body(value, currency=currency, intent=intent, **unit), key=key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def approve(self, order: Any, email: str = "payer@example.org") -> str:
        """Click through the order's page; return where the browser is sent."""
        (page,) = [link["href"] for link in order["links"] if link["rel"] in ("payer-action", "approve")]
        return self.gateways.click(page, "approve", email=email)

    def paid(self, value: str = "10.00", *, key: str, email: str = "payer@example.org", **unit: Any) -> Any:
        """Return a captured order."""
        order = self.order(value, key=key, **unit)
        self.approve(order, email)
        captured = self.post(f"/v2/checkout/orders/{order['id']}/capture", key=f"{key}:capture")
        assert captured.status_code == 201, captured.text
        return captured.json()


def order_body(value: str, *, currency: str = "USD", intent: str = "CAPTURE", **unit: Any) -> dict[str, Any]:
    return {
        "intent": intent,
        "purchase_units": [{"amount": {"currency_code": currency, "value": value}} | unit],
        "payment_source": {
            "paypal": {
                "experience_context": {
                    "return_url": "http://localhost:1/back",
                    "cancel_url": "http://localhost:1/cancelled",
                    "user_action": "PAY_NOW",
                    "shipping_preference": "NO_SHIPPING",
                }
            }
        },
    }


def capture_of(order: Any) -> Any:
    return order["purchase_units"][0]["payments"]["captures"][0]
