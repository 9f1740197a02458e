"""The policy in force, and what is denied."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar, Final, assert_never
from uuid import UUID

from vibestream.contexts.payment.fraud.domain.default_policy import DEFAULT_POLICY
from vibestream.contexts.payment.fraud.domain.facts import MOST_TEXT
from vibestream.contexts.payment.fraud.domain.policy import Policy, UnusablePolicy
from vibestream.contexts.payment.fraud.store import policies as store
from vibestream.contexts.payment.fraud.store.policies import Denied, DenyList, PolicyVersion, decode, encode
from vibestream.kernel.errors import Conflict, InvalidInput, Missing
from vibestream.kernel.ids import UserId
from vibestream.kernel.text import one_line
from vibestream.platform.database import Tx

_MOST_REASON: Final = 500
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_DOMAIN: Final = re.compile(r"[^@\s.]+(\.[^@\s.]+)+")


class PolicyChanged(Conflict):
    """Somebody else set a policy meanwhile: read that one first."""

    code: ClassVar[str] = "fraud.policy_changed"


class UnusableEntry(InvalidInput):
    """An entry of a deny list that is denied until a time that is over, or that nothing could ever equal."""

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


async def policy_versions(tx: Tx, *, below: int | None = None, limit: int) -> list[PolicyVersion]:
    """Return up to `limit` versions of the policy, the latest first; only those below one. Documents are JSON as set then."""
    return await store.list_versions(tx, below=below, limit=limit)


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
        UnusableEntry: an end that has passed; or a value that nothing could equal: no id of a person, no country's two
            letters, no domain.
        TextInvalid: an empty or long value or reason, or what cannot be seen in one.
    """
    value = {DenyList.EMAIL_DOMAIN: value.lower(), DenyList.COUNTRY: value.upper()}.get(list_, value)
    value = one_line(value, field="value", most=MOST_TEXT)
    reason = one_line(reason, field="reason", most=_MOST_REASON)
    _require_matchable(list_, value)
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


async def denied(
    tx: Tx, *, limit: int, only: DenyList | None = None, after: tuple[datetime, str, str] | None = None
) -> list[Denied]:
    """Return up to `limit` entries of what is denied, the newest first, those that have ended among them.

    Args:
        tx: the caller's transaction.
        limit: how many at most.
        only: of this list; None: of all.
        after: when, on which list and as what the last one seen was added; None: from the newest on.
    """
    return await store.list_denied(tx, only=only, after=after, limit=limit)


def _require_matchable(list_: DenyList, value: str) -> None:
    """Refuse an entry that would look like a protection and never be one."""
    match list_:
        case DenyList.USER | DenyList.BENEFICIARY:
            usable = _is_id(value)
        case DenyList.COUNTRY:
            usable = _COUNTRY.fullmatch(value) is not None
        case DenyList.EMAIL_DOMAIN:
            usable = _DOMAIN.fullmatch(value) is not None
        case DenyList.METHOD | DenyList.DEVICE | DenyList.NETWORK:
            usable = True
        case _:
            assert_never(list_)
    if not usable:
        raise UnusableEntry("A person is an id, a country two letters, a mail provider a domain such as example.org.")


def _is_id(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False
