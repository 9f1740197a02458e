"""Policies, and the lists of what is denied."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from vibestream.contexts.payment.fraud.domain.facts import Facts
from vibestream.contexts.payment.fraud.domain.policy import Policy, UnusablePolicy
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_ADAPTER: Final[TypeAdapter[Policy]] = TypeAdapter(Policy)


class DenyList(enum.StrEnum):
    """What can be denied."""

    USER = "user"
    METHOD = "method"
    DEVICE = "device"
    NETWORK = "network"
    EMAIL_DOMAIN = "email_domain"
    COUNTRY = "country"
    BENEFICIARY = "beneficiary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """A value that is denied."""

    list: DenyList
    value: str
    reason: str
    added_by: UserId | None
    added_at: datetime
    until: datetime | None
    """None: for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyVersion:
    """One version of the policy as it was set."""

    version: int
    document: dict[str, Any]
    """As it was written then: one of years ago may lack what a policy needs by now."""
    set_by: UserId | None
    """None: it came with the product."""
    set_at: datetime


def encode(policy: Policy) -> dict[str, Any]:
    """Return a policy as JSON."""
    document: dict[str, Any] = _ADAPTER.dump_python(policy, mode="json")
    return document


def decode(document: str) -> Policy:
    """Return the policy of a JSON text.

    Raises:
        UnusablePolicy: it is none, or contradicts itself.
    """
    try:
        return _ADAPTER.validate_json(document, extra="forbid")
    except ValidationError as error:
        first = error.errors()[0]
        raise UnusablePolicy(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from None


async def load_policy(tx: Tx) -> tuple[int, Policy] | None:
    """Return the policy in force and its version; None when none was ever set."""
    return await tx.one(
        _policy, "SELECT version, document::text FROM payment.risk_policy ORDER BY version DESC LIMIT 1"
    )


async def list_versions(tx: Tx, *, below: int | None, limit: int) -> list[PolicyVersion]:
    """Return versions of the policy, the latest first."""
    return await tx.all(
        PolicyVersion,
        """
        SELECT version, document, set_by, set_at FROM payment.risk_policy
        WHERE %(below)s::integer IS NULL OR version < %(below)s ORDER BY version DESC LIMIT %(limit)s
        """,
        {"below": below, "limit": limit},
    )


async def save_policy(tx: Tx, *, version: int, policy: Policy, set_by: UserId | None, now: datetime) -> bool:
    """Write a version; False when somebody else wrote it first."""
    added = await tx.execute(
        "INSERT INTO payment.risk_policy VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
        [version, _ADAPTER.dump_json(policy).decode(), set_by, now],
    )
    return added == 1


async def denied_of(tx: Tx, facts: Facts, *, now: datetime) -> list[str]:
    """Return the lists on which one of the facts stands now, in order of name."""
    named = {
        DenyList.USER: str(facts.user_id),
        DenyList.METHOD: facts.method_fingerprint,
        DenyList.DEVICE: facts.device,
        DenyList.NETWORK: facts.network,
        DenyList.EMAIL_DOMAIN: facts.email_domain and facts.email_domain.lower(),
        DenyList.COUNTRY: facts.country and facts.country.upper(),
        DenyList.BENEFICIARY: None if facts.beneficiary is None else str(facts.beneficiary),
    }
    known = {name.value: value for name, value in named.items() if value is not None}
    return await tx.values(
        """
        SELECT denied.list FROM payment.risk_denied denied
        JOIN unnest(%s::text[], %s::text[]) AS asked (list, value) USING (list, value)
        WHERE denied.until IS NULL OR denied.until > %s ORDER BY denied.list
        """,
        [list(known), list(known.values()), now],
    )


async def save_denied(tx: Tx, denied: Denied) -> None:
    """Deny a value, or change until when and why."""
    await tx.execute(
        """
        INSERT INTO payment.risk_denied (list, value, reason, added_by, added_at, until) VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (list, value) DO UPDATE SET reason = excluded.reason, added_by = excluded.added_by,
            added_at = excluded.added_at, until = excluded.until
        """,
        [denied.list.value, denied.value, denied.reason, denied.added_by, denied.added_at, denied.until],
    )


async def delete_denied(tx: Tx, *, list_: DenyList, value: str) -> bool:
    """Deny a value no longer; False when it was not."""
    removed = await tx.execute("DELETE FROM payment.risk_denied WHERE list = %s AND value = %s", [list_.value, value])
    return removed == 1


async def list_denied(
    tx: Tx, *, only: DenyList | None, after: tuple[datetime, str, str] | None, limit: int
) -> list[Denied]:
    """Return what is denied, the newest first; after an instant, a list and a value: those that come after that entry."""
    at, list_, value = after or (None, None, None)
    return await tx.all(
        _denied,
        """
        SELECT list, value, reason, added_by, added_at, until FROM payment.risk_denied
        WHERE (%(only)s::text IS NULL OR list = %(only)s)
            AND (%(at)s::timestamptz IS NULL OR (added_at, list, value) < (%(at)s, %(list)s, %(value)s))
        ORDER BY added_at DESC, list DESC, value DESC LIMIT %(limit)s
        """,
        {"only": only.value if only else None, "at": at, "list": list_, "value": value, "limit": limit},
    )


def _policy(*, version: int, document: str) -> tuple[int, Policy]:
    return version, decode(document)


def _denied(**columns: Any) -> Denied:
    return Denied(**{**columns, "list": DenyList(columns["list"])})
