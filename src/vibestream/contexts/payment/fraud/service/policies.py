"""The policy in force, and what is denied."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final

from vibestream.contexts.payment.fraud.domain.default_policy import DEFAULT_POLICY
from vibestream.contexts.payment.fraud.domain.facts import MOST_TEXT
from vibestream.contexts.payment.fraud.domain.policy import Policy, UnusablePolicy
from vibestream.contexts.payment.fraud.store import policies as store
from vibestream.contexts.payment.fraud.store.policies import Denied, DenyList, decode, encode
from vibestream.kernel.errors import Conflict, InvalidInput, Missing
from vibestream.kernel.ids import UserId
from vibestream.kernel.text import one_line
from vibestream.platform.database import Tx

_MOST_REASON: Final = 500


class PolicyChanged(Conflict):
    """Somebody else set a policy meanwhile: read that one first."""

    code: ClassVar[str] = "fraud.policy_changed"


class UnusableEntry(InvalidInput):
    """An entry of a deny list that is denied until a time that is over."""

    code: ClassVar[str] = "fraud.unusable_entry"


class NotDenied(Missing):
    """The value is on no such list."""

    code: ClassVar[str] = "fraud.not_denied"


async def policy_in_force(tx: Tx, *, now: datetime) -> tuple[int, Policy]:
    """Return the policy in force and its version. The first time, the one that the product brings becomes version 1."""
    found = await store.load_policy(tx)
    while found is None:
        await store.save_policy(tx, version=1, policy=DEFAULT_POLICY, set_by=None, now=now)
        found = await store.load_policy(tx)
    return found


async def policy_document(tx: Tx, *, now: datetime) -> tuple[int, dict[str, Any]]:
    """Return the policy in force as JSON, and its version."""
    version, policy = await policy_in_force(tx, now=now)
    return version, encode(policy)


async def set_policy(tx: Tx, *, document: str, after: int, set_by: UserId, now: datetime) -> int:
    """Put a policy (JSON text) in force and return its version. Earlier versions stay, with the decisions they made.

    Args:
        tx: the caller's transaction.
        document: the whole policy, as `policy_document` gives it.
        after: the version that it replaces.
        set_by: who sets it.
        now: when.

    Raises:
        UnusablePolicy: it contradicts itself, or a rule looks at a feature that there is none of.
        PolicyChanged: another one is in force than `after`.
    """
    from vibestream.contexts.payment.fraud.domain.statistics.features import FEATURES

    policy = decode(document)
    unknown = sorted({one.feature for rule in policy.rules for one in rule.when} - set(FEATURES))
    if unknown:
        raise UnusablePolicy(f"There is no feature {', '.join(unknown)}.")
    version, _ = await policy_in_force(tx, now=now)
    saved = version == after and await store.save_policy(tx, version=after + 1, policy=policy, set_by=set_by, now=now)
    if not saved:
        raise PolicyChanged("Somebody else set a policy meanwhile.")
    return after + 1


async def deny(
    tx: Tx,
    *,
    list_: DenyList,
    value: str,
    reason: str,
    added_by: UserId | None,
    now: datetime,
    until: datetime | None = None,
) -> None:
    """Block whatever has this value from now on, or change until when and why. Mail providers are compared in lower case.

    Raises:
        UnusableEntry: an end that has passed.
        TextInvalid: an empty or long value or reason, or what cannot be seen in one.
    """
    value = {DenyList.EMAIL_DOMAIN: value.lower(), DenyList.COUNTRY: value.upper()}.get(list_, value)
    value = one_line(value, field="value", most=MOST_TEXT)
    reason = one_line(reason, field="reason", most=_MOST_REASON)
    if until is not None and (until.tzinfo is None or until <= now):
        raise UnusableEntry("An entry ends in the future, at an instant with a time zone, or never.")
    await store.save_denied(
        tx, Denied(list=list_, value=value, reason=reason, added_by=added_by, added_at=now, until=until)
    )


async def deny_no_longer(tx: Tx, *, list_: DenyList, value: str) -> None:
    """Take a value off a list.

    Raises:
        NotDenied: it is not on it.
    """
    if not await store.delete_denied(tx, list_=list_, value=value):
        raise NotDenied("That is on no list.")


async def denied(tx: Tx, *, limit: int) -> list[Denied]:
    """Return what is denied, the newest first."""
    return await store.list_denied(tx, limit=limit)
