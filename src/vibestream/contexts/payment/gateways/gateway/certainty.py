"""How sure a failure is.

The difference between the two is money: what surely did not happen may be done elsewhere, what may have happened must be
asked for with the same key.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Iterator
from typing import Final, TypeVar

import httpx

from vibestream.contexts.payment.gateways.domain.port import (
    GatewayDeclined,
    GatewayName,
    GatewayUnavailable,
    OutcomeUnknown,
)
from vibestream.kernel.errors import InvalidInput

T = TypeVar("T")

TITLES: Final = {GatewayName.STRIPE: "Stripe", GatewayName.PAYPAL: "PayPal", GatewayName.COINBASE: "Coinbase"}

NOTHING_SENT: Final = (
    httpx.ConnectError,  # refused, no route, no such host, TLS not agreed: before the first byte of a request
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)
"""What httpx raises before a request has left this machine. Everything else may have reached the gateway."""


class AnswerBroken(ValueError):
    """An answer that is not what the gateway's definition says. Never leaves this package: see `believed`."""


def unavailable(name: GatewayName, why: str) -> GatewayUnavailable:
    """Return the error that says that certainly nothing happened; `why` is for the log, and holds no secret."""
    error = GatewayUnavailable(f"{TITLES[name]} cannot be reached now. Nothing happened; try again or pay another way.")
    error.add_note(why)
    return error


def unknown(name: GatewayName, why: str) -> OutcomeUnknown:
    """Return the error that says that it may have happened; `why` is for the log, and holds no secret."""
    error = OutcomeUnknown(f"{TITLES[name]} did not answer clearly. It is being asked; do not pay again.")
    error.add_note(why)
    return error


def unclear(name: GatewayName, why: str, *, changes: bool) -> GatewayUnavailable | OutcomeUnknown:
    """Return the error of a request that got no clear answer: reading changes nothing, so only a change is unknown."""
    return unknown(name, why) if changes else unavailable(name, why)


def declined(name: GatewayName, reason: str) -> GatewayDeclined:
    """Return the error that says that the gateway said no. `reason` is its own code."""
    return GatewayDeclined(f"{TITLES[name]} declined: {reason.replace('_', ' ').lower()}.", reason=reason)


def failed_on_the_way(name: GatewayName, error: BaseException, *, changes: bool) -> GatewayUnavailable | OutcomeUnknown:
    """Return what a failure of the connection means."""
    why = type(error).__name__
    return unavailable(name, why) if isinstance(error, NOTHING_SENT) else unclear(name, why, changes=changes)


@contextlib.contextmanager
def believed(name: GatewayName, *, changes: bool) -> Iterator[None]:
    """Read an answer within the block: one that cannot be made sense of is no answer.

    Only reading belongs into the block: an amount that we cannot write is the caller's error, one that we cannot read is
    the gateway's.
    """
    try:
        yield
    except (AnswerBroken, InvalidInput) as error:
        raise unclear(name, f"broken answer: {str(error)[:200]}", changes=changes) from error


async def after_effect(name: GatewayName, reading: Awaitable[T]) -> T:
    """Return what is read after something was changed; when it cannot be read, the change is what is unknown."""
    try:
        return await reading
    except GatewayUnavailable as error:
        raise unknown(name, "changed, and could not be read back") from error
