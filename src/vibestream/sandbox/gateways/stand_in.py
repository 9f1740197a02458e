"""What every stand-in offers beside its provider's own protocol: its books, and the deeds of others that a test asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.routing import BaseRoute

from vibestream.sandbox.gateways.answers import Answer, ProviderError
from vibestream.sandbox.gateways.store import Document
from vibestream.sandbox.gateways.webhooks import Sign
from vibestream.sandbox.gateways.world import World

Deed = Callable[[World, dict[str, Any]], Document]
"""Does what a test asks for and returns what came of it; raises Refused or the provider's own error."""


class Refused(ProviderError):
    """The sandbox was asked for something that makes no sense there."""

    @property
    def answer(self) -> Answer:
        """The answer that says so."""
        return Answer(400, {"error": str(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """One provider's stand-in."""

    name: str
    routes: Callable[[World], list[BaseRoute]]
    """Its protocol and its pages, under its own prefix."""
    sign: Sign
    book: Callable[[World], list[Document]]
    """Its books, the newest first, in one form for all: line, kind, object, amount and fee (minor units), currency, at, ours."""
    deeds: dict[str, Deed]
    """By name: dispute, plant, settle, refund, payout."""
    tick: Callable[[World], None]
    """Do what is due at the stand-ins' time, such as closing what has expired."""


def book_line(
    *, line: str, kind: str, subject: str, amount: int, fee: int, currency: str, at: int, ours: str | None
) -> Document:
    """Return a line of the books in the form that every stand-in lists: amounts in minor units, positive towards the merchant."""
    return {
        "line": line,
        "kind": kind,
        "object": subject,
        "amount": amount,
        "fee": fee,
        "currency": currency.upper(),
        "at": at,
        "ours": ours,
    }


def wanted(body: dict[str, Any], name: str) -> str:
    """Return a text that a deed needs.

    Raises:
        Refused: it is not there.
    """
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Refused(f"{name}: required")
    return value
