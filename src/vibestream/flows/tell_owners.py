"""The owner of an account is told what a thief would not: that it was entered from somewhere new, got another address."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.user.events import (
    AccountLockChanged,
    AppTokenReplayed,
    EmailChanged,
    EnteredFromNewDevice,
    MailBounced,
    RoleChanged,
)
from vibestream.contexts.user.notifications.service import Kind
from vibestream.flows.telling import Told, on
from vibestream.platform.events.subscriptions import Subscription

_CONSUMER: Final = "tell_owners"


def _entered(event: EnteredFromNewDevice) -> Told:
    """Say it once per sign-in from a new place."""
    facts = {"device": event.device, "network": event.network or "?", "when": event.occurred_at.isoformat()}
    return Told(user_id=event.user_id, kind=Kind.NEW_DEVICE, facts=facts)


def _replayed(event: AppTokenReplayed) -> Told:
    """Say that an app's access was ended because its key was used twice."""
    return Told(user_id=event.user_id, kind=Kind.APP_ENDED, facts={"when": event.occurred_at.isoformat()})


def _email(event: EmailChanged) -> Told:
    """Say, by the address that the account has now, that it has it. The one before was mailed already."""
    kind = Kind.EMAIL_RESTORED if event.restored else Kind.EMAIL_CHANGED
    return Told(user_id=event.user_id, kind=kind, facts={"when": event.occurred_at.isoformat()})


def _role(event: RoleChanged) -> Told:
    """Say that an admin gave a role, or took it."""
    kind = Kind.ROLE_GRANTED if event.granted else Kind.ROLE_TAKEN
    facts = {"role": event.role, "when": event.occurred_at.isoformat()}
    return Told(user_id=event.user_id, kind=kind, facts=facts)


def _lock(event: AccountLockChanged) -> Told:
    """Say, by mail since they cannot get in, that the account was locked and why; or unlocked."""
    when = {"when": event.occurred_at.isoformat()}
    if event.locked:
        return Told(user_id=event.user_id, kind=Kind.ACCOUNT_LOCKED, facts=when | {"reason": event.reason})
    return Told(user_id=event.user_id, kind=Kind.ACCOUNT_UNLOCKED, facts=when)


def _bounced(event: MailBounced) -> Told:
    """Say, where no mail is needed for it, that mail comes back."""
    return Told(user_id=event.user_id, kind=Kind.MAIL_BOUNCED, facts={"when": event.occurred_at.isoformat()})


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    on(EnteredFromNewDevice, _entered, consumer=_CONSUMER),
    on(EmailChanged, _email, consumer=_CONSUMER),
    on(RoleChanged, _role, consumer=_CONSUMER),
    on(AccountLockChanged, _lock, consumer=_CONSUMER),
    on(AppTokenReplayed, _replayed, consumer=_CONSUMER),
    on(MailBounced, _bounced, consumer=_CONSUMER),
)
