"""A plain client of Coinbase Business' API, for tests of its stand-in. Its tokens are made here, not by VibeStream's adapter."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.factories.gateways import Sandbox

PATH = "/api/v1/checkouts"


class Coinbase:
    def __init__(self, gateways: Sandbox) -> None:
        self.gateways = gateways
        self.http = httpx.Client(base_url=f"{gateways.address}/coinbase", trust_env=False, timeout=20)
        self.key = ECKey.import_key(gateways.keys.coinbase_api_private_key)

    def token(self, method: str, path: str, *, key: ECKey | None = None, kid: str | None = None, **claims: Any) -> str:
        now = int(time.time())
        name = kid or self.gateways.keys.coinbase_api_key_id
        uri = f"{method} {urlsplit(self.gateways.address).netloc}/coinbase{path}"
        whole = {"iss": "cdp", "sub": name, "nbf": now, "exp": now + 120, "uri": uri} | claims
        return jwt.encode({"alg": "ES256", "kid": name, "typ": "JWT"}, whole, key or self.key)

    def send(self, method: str, path: str, *, body: Any = None, key: str | None = None, **query: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token(method, path)}"}
        if key is not None:
            headers["x-idempotency-key"] = key
        return self.http.request(method, path, json=body, headers=headers, params=query)

    def open(self, amount: str = "10.00", *, key: str | None = None, **more: Any) -> httpx.Response:
        body = {
            "amount": amount,
            "currency": "USDC",
            "description": "Top-up",
            "metadata": {"payment_id": "ours"},
            "successRedirectUrl": "http://localhost:1/back",
            "failRedirectUrl": "http://localhost:1/failed",
        }
        return self.send("POST", PATH, body=body | more, key=key or str(uuid4()))

    def paid(self, amount: str = "10.00", *, wallet: str = "0xpayer") -> Any:
        checkout = self.open(amount).json()
        assert self.gateways.click(checkout["url"], "pay", wallet=wallet) == "http://localhost:1/back"
        return self.get(checkout["id"])

    def get(self, ref: str) -> Any:
        answer = self.send("GET", f"{PATH}/{ref}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refund(self, ref: str, amount: str, *, key: str | None = None, **more: Any) -> httpx.Response:
        body = {"amount": amount, "currency": "USDC"} | more
        return self.send("POST", f"{PATH}/{ref}/refund", body=body, key=key or str(uuid4()))
