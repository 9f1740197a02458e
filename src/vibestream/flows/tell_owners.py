"""The owner of an account is told what a thief would not: that it was entered from somewhere new, got another address."""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.user.events import (
    AccountLockChanged,
    AppTokenReplayed,
    EmailChanged,
    EnteredFromNewDevice,
    RoleChanged,
)
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import Kind
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription


async def tell_entered(tx: Tx, event: EnteredFromNewDevice) -> None:
    """Tell the owner of the account, once per sign-in from a new place."""
    await notifications.tell(
        tx,
        user_id=event.user_id,
        kind=Kind.NEW_DEVICE,
        key=str(event.event_id),
        facts={"device": event.device, "network": event.network or "?", "when": event.occurred_at.isoformat()},
        now=utc_now(),
    )


async def tell_replayed(tx: Tx, event: AppTokenReplayed) -> None:
    """Tell the owner of the account that an app's access was ended because its key was used twice."""
    await notifications.tell(
        tx,
        user_id=event.user_id,
        kind=Kind.APP_ENDED,
        key=str(event.event_id),
        facts={"when": event.occurred_at.isoformat()},
        now=utc_now(),
    )


async def tell_email(tx: Tx, event: EmailChanged) -> None:
    """Tell the owner of the account, by the address that it has now, that it has it. The one before was mailed already."""
    await notifications.tell(
        tx,
        user_id=event.user_id,
        kind=Kind.EMAIL_RESTORED if event.restored else Kind.EMAIL_CHANGED,
        key=str(event.event_id),
        facts={"when": event.occurred_at.isoformat()},
        now=utc_now(),
    )


async def tell_role(tx: Tx, event: RoleChanged) -> None:
    """Tell somebody that an admin gave them a role, or took it."""
    await notifications.tell(
        tx,
        user_id=event.user_id,
        kind=Kind.ROLE_GRANTED if event.granted else Kind.ROLE_TAKEN,
        key=str(event.event_id),
        facts={"role": event.role, "when": event.occurred_at.isoformat()},
        now=utc_now(),
    )


async def tell_lock(tx: Tx, event: AccountLockChanged) -> None:
    """Tell the owner of the account, by mail since they cannot get in, that it was locked and why; or unlocked."""
    facts: dict[str, str | int] = {"when": event.occurred_at.isoformat()}
    await notifications.tell(
        tx,
        user_id=event.user_id,
        kind=Kind.ACCOUNT_LOCKED if event.locked else Kind.ACCOUNT_UNLOCKED,
        key=str(event.event_id),
        facts=facts | ({"reason": event.reason} if event.locked else {}),
        now=utc_now(),
    )


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=EnteredFromNewDevice, consumer="tell_owners", handle=tell_entered, poison=Poison.SKIP),
    Subscription(event=EmailChanged, consumer="tell_owners", handle=tell_email, poison=Poison.SKIP),
    Subscription(event=RoleChanged, consumer="tell_owners", handle=tell_role, poison=Poison.SKIP),
    Subscription(event=AccountLockChanged, consumer="tell_owners", handle=tell_lock, poison=Poison.SKIP),
    Subscription(event=AppTokenReplayed, consumer="tell_owners", handle=tell_replayed, poison=Poison.SKIP),
)
