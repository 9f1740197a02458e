"""Errors in Stripe's own shape."""

from __future__ import annotations

from typing import Any, Final

from vibestream.sandbox.gateways.answers import Answer, ProviderError

_DOCUMENTED: Final = "https://docs.stripe.com/error-codes/"


class StripeError(ProviderError):
    """What Stripe answers instead of the object; nothing that the request had begun stays."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        named = {
            "code": code,
            "doc_url": None if code is None else _DOCUMENTED + code.replace("_", "-"),
            "param": param,
        }
        self.error = (
            {"type": kind, "message": message} | {name: value for name, value in named.items() if value} | (more or {})
        )

    @property
    def answer(self) -> Answer:
        """The answer that says so."""
        return Answer(self.status, {"error": self.error})


def missing(param: str) -> StripeError:
    """Return the error for a parameter that is required and not there."""
    return StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def no_such(what: str, ref: str, *, param: str | None = None) -> StripeError:
    """Return the error for an id that Stripe has nothing for: 404 in the path, 400 in a parameter."""
    path = param is None
    return StripeError(
        f"No such {what}: '{ref}'", status=404 if path else 400, code="resource_missing", param=param or "id"
    )
