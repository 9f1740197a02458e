"""Where the request for a payout came from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a request came from, as far as it is known: for the risk check, and kept no longer than until it has spoken."""

    network: str | None = None
    device: str | None = None
    country: str | None = None
