"""Errors in PayPal's own shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from vibestream.sandbox.gateways.answers import Answer, ProviderError
from vibestream.sandbox.gateways.schemas import Wrong
from vibestream.sandbox.gateways.store import random_ref

_MESSAGES: Final = {
    "INVALID_REQUEST": "Request is not well-formed, syntactically incorrect, or violates schema.",
    "UNPROCESSABLE_ENTITY": "The requested action could not be performed, semantically incorrect, or failed business validation.",
    "RESOURCE_NOT_FOUND": "The specified resource does not exist.",
    "AUTHENTICATION_FAILURE": "Authentication failed due to missing authorization header, or invalid authentication credentials.",
    "RESOURCE_CONFLICT": "The server has detected a conflict while processing this request.",
    "RATE_LIMIT_REACHED": "Too many requests. Blocked due to rate limiting.",
    "INTERNAL_SERVER_ERROR": "An internal server error has occurred.",
    "USER_BUSINESS_ERROR": "User business error.",
    "INSUFFICIENT_FUNDS": "Sender does not have sufficient funds. Please add funds and retry.",
}


class PayPalError(ProviderError):
    """What PayPal answers instead of the object; nothing that the request had begun stays."""

    def __init__(
        self, name: str, *, status: int, details: Sequence[dict[str, Any]] = (), links: Sequence[dict[str, str]] = ()
    ) -> None:
        super().__init__(", ".join(str(one.get("issue")) for one in details) or name)
        self.status = status
        self.body = {
            "name": name,
            "message": _MESSAGES[name],
            "debug_id": random_ref(length=13, alphabet="0123456789abcdef"),
            "details": list(details),
            "links": list(links),
        }

    @property
    def answer(self) -> Answer:
        """The answer that says so."""
        return Answer(self.status, self.body)


def unprocessable(issue: str, description: str = "", *, field: str | None = None) -> PayPalError:
    """Return the error of a request that is well-formed and cannot be done."""
    detail = {"issue": issue, "description": description or issue.replace("_", " ").capitalize() + "."}
    return PayPalError(
        "UNPROCESSABLE_ENTITY", status=422, details=[detail | ({} if field is None else {"field": field})]
    )


def not_found() -> PayPalError:
    """Return the error of an id that PayPal has nothing for."""
    detail = {"issue": "INVALID_RESOURCE_ID", "description": "Specified resource ID does not exist."}
    return PayPalError("RESOURCE_NOT_FOUND", status=404, details=[detail])


def malformed(wrong: Sequence[Wrong]) -> PayPalError:
    """Return the error of a body that its definition refuses."""
    details = [
        {"field": one.field, "location": "body", "issue": one.issue, "description": one.description}
        | ({} if one.value is None else {"value": str(one.value)})
        for one in wrong
    ]
    return PayPalError("INVALID_REQUEST", status=400, details=details)
