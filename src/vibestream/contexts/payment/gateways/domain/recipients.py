"""Payees who have an account of their own at a gateway, as Stripe asks for before it pays anybody out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRequest:
    """A payee's account to be opened at the gateway."""

    key: str
    payee: str
    """Ours: whom it is for, kept at the gateway."""
    email: str
    name: str
    country: str
    """ISO 3166-1, two letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A payee's account as the gateway has it."""

    account_ref: str
    """The destination of its payouts."""
    ready: bool
    """Whether money can be sent to it now."""
    status: str
    """The gateway's own word for that."""
    payee: str | None
    """Ours, as the gateway gives it back."""
