"""What the webhooks' signatures have in common: a header of parts, a keyed hash, an age."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from vibestream.contexts.payment.gateways.domain.port import WebhookRefused

MAX_AGE: Final = timedelta(minutes=5)
"""How old a delivery of Stripe or Coinbase may be; both sign each delivery anew. Source: docs.stripe.com/webhooks and
docs.cdp.coinbase.com/webhooks/verify-signatures."""
MAX_SKEW: Final = timedelta(minutes=5)
"""How far a sender's clock may be ahead of ours."""

_UNIX: Final = re.compile(r"[0-9]{1,12}")
_HEX: Final = re.compile(r"[0-9a-f]{64}")


def refused(reason: str, message: str) -> WebhookRefused:
    """Return the error of a webhook that proves nothing."""
    return WebhookRefused(message, reason=reason)


def header(headers: Mapping[str, str], name: str) -> str:
    """Return a header that must be there.

    Raises:
        WebhookRefused: it is not there, or empty.
    """
    value = headers.get(name, "")
    if not value:
        raise refused("signature", f"The webhook has no {name}.")
    return value


def parts(value: str) -> dict[str, list[str]]:
    """Return the parts of a header such as `t=1,v1=ab,v1=cd`, by name, in order."""
    found: dict[str, list[str]] = {}
    for part in value.split(","):
        name, is_pair, given = part.partition("=")
        if is_pair:
            found.setdefault(name.strip(), []).append(given.strip())
    return found


def signed_at(found: Mapping[str, list[str]]) -> tuple[str, datetime]:
    """Return the time of a signature, as it was written and as an instant.

    Raises:
        WebhookRefused: there is not exactly one.
    """
    match found.get("t"):
        case [str(written)] if _UNIX.fullmatch(written):
            return written, datetime.fromtimestamp(int(written), UTC)
        case _:
            raise refused("malformed", "The webhook's signature has no single time.")


def require_fresh(sent_at: datetime, *, now: datetime, max_age: timedelta = MAX_AGE) -> None:
    """Return when a delivery is neither too old nor from the future. To be asked after its time was proven.

    Raises:
        WebhookRefused: it is.
    """
    if not (-MAX_SKEW <= now - sent_at <= max_age):
        raise refused("stale", "The webhook is too old, or from the future.")


def is_mac(secret: str, message: bytes, given: list[str]) -> bool:
    """Say whether one of the signatures is the message's, each compared in constant time. An empty secret proves nothing."""
    if not secret:
        return False
    expected = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return any(_HEX.fullmatch(one) is not None and hmac.compare_digest(expected, one) for one in given)
