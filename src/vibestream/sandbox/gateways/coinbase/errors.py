"""Errors in Coinbase's own shape."""

from __future__ import annotations

from typing import Final

from vibestream.sandbox.gateways.answers import Answer, ProviderError
from vibestream.sandbox.gateways.store import random_ref

_STATUS: Final = {
    "invalid_request": 400,
    "unauthorized": 401,
    "not_found": 404,
    "already_exists": 409,
    "request_in_progress": 409,
    "idempotency_error": 422,
    "insufficient_balance": 400,
    "rate_limit_exceeded": 429,
    "internal_server_error": 500,
}


class CoinbaseError(ProviderError):
    """What Coinbase answers instead of the object; nothing that the request had begun stays."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind

    @property
    def answer(self) -> Answer:
        """The answer that says so."""
        body = {
            "errorType": self.kind,
            "errorMessage": str(self),
            "correlationId": random_ref(length=16, alphabet="0123456789abcdef"),
            "errorLink": f"https://docs.cdp.coinbase.com/api-reference/v2/errors#{self.kind.replace('_', '-')}",
        }
        return Answer(_STATUS[self.kind], body)


def invalid(message: str) -> CoinbaseError:
    """Return the error of a request that is wrong."""
    return CoinbaseError("invalid_request", message)
