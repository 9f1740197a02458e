"""Sharing a subscription: inviting by a code, joining, leaving.

The code is typed in, or pasted: it never stands in an address, where histories, logs and previews of links would keep it.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.payment.subscriptions.domain.subscription import State, Subscription
from vibestream.contexts.payment.subscriptions.service.announcing import announce_changed
from vibestream.contexts.payment.subscriptions.service.ending import lock_of
from vibestream.contexts.payment.subscriptions.service.selling import plan_named
from vibestream.contexts.payment.subscriptions.store import family as store
from vibestream.contexts.payment.subscriptions.store import subscriptions
from vibestream.contexts.payment.subscriptions.store.family import Invitation, Member
from vibestream.kernel.errors import Conflict, Missing
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Tx

INVITATION_GOOD_FOR: Final = timedelta(days=7)
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is read as a digit. Source: crockford.com/base32.html."""
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_GROUPS: Final = 5
_GROUP: Final = 4
"""Twenty characters of 5 bits: 100 bits, which nobody guesses in a week."""


class NotShared(Conflict):
    """The subscription is not one that several share, or is not active."""

    code: ClassVar[str] = "subscriptions.not_shared"


class FamilyFull(Conflict):
    """Every seat is taken, counting open invitations."""

    code: ClassVar[str] = "subscriptions.family_full"

    def __init__(self, *, seats: int) -> None:
        super().__init__(f"All {seats} seats are taken, counting open invitations.")
        self.seats = seats


class InvitationMissing(Missing):
    """There is no such invitation, or not any more."""

    code: ClassVar[str] = "subscriptions.invitation_missing"


class AlreadyInFamily(Conflict):
    """The account shares a subscription already, or it is its own."""

    code: ClassVar[str] = "subscriptions.already_in_family"


class MemberMissing(Missing):
    """The account does not share the subscription."""

    code: ClassVar[str] = "subscriptions.member_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Who shares a subscription, and who may."""

    seats: int
    """The owner's included."""
    owner: UserId
    members: tuple[Member, ...]
    invitations: tuple[Invitation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """A new invitation and its code, which nobody can be told again: five groups of four characters."""

    invitation: Invitation
    token: str


async def family(tx: Tx, *, user_id: UserId, now: datetime) -> Family | None:
    """Return the family that somebody belongs to, as its owner or as one who shares; None when to none.

    Only its owner is shown invitations.
    """
    shared = await store.membership_of(tx, user_id=user_id)
    if shared is None:
        found = await subscriptions.load_newest_of(tx, user_id=user_id)
    else:
        found = await subscriptions.load_subscription(tx, subscription_id=shared)
    if found is None or not found.live:
        return None
    seats = (await plan_named(tx, code=found.terms.plan)).seats
    if seats == 1:
        return None
    owns = found.user_id == user_id
    open_ones = await store.list_invitations(tx, subscription_id=found.subscription_id, now=now) if owns else []
    return Family(
        seats=seats,
        owner=found.user_id,
        members=tuple(await store.list_members(tx, subscription_id=found.subscription_id)),
        invitations=tuple(open_ones),
    )


async def invite(tx: Tx, *, user_id: UserId, now: datetime) -> Invited:
    """Make a code with which one account can share somebody's subscription, good for a week.

    Raises:
        SubscriptionMissing, NotShared: there is none that several share.
        FamilyFull: every seat is taken.
    """
    found = await lock_of(tx, user_id=user_id)
    await _require_seat(tx, found, now=now, beside=0)
    token = "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    invitation = Invitation(
        invitation_id=new_id(),
        subscription_id=found.subscription_id,
        state="open",
        made_at=now,
        expires_at=now + INVITATION_GOOD_FOR,
    )
    await store.insert_invitation(tx, invitation, token_hash=_hash(token))
    return Invited(invitation=invitation, token=token)


async def withdraw_invitation(tx: Tx, *, user_id: UserId, invitation_id: UUID) -> None:
    """Let an invitation of somebody's subscription be accepted no more.

    Raises:
        SubscriptionMissing: they have none.
        InvitationMissing: it is not open, or not theirs.
    """
    found = await lock_of(tx, user_id=user_id)
    if not await store.resolve_invitation(
        tx, invitation_id=invitation_id, subscription_id=found.subscription_id, state="withdrawn"
    ):
        raise InvitationMissing("There is no such invitation.")


async def join(tx: Tx, *, user_id: UserId, token: str, now: datetime) -> None:
    """Share the subscription that a code invites to. A code lets one account in, however its letters are written.

    Raises:
        InvitationMissing: the code is wrong, was used or withdrawn, or its week is over.
        NotShared: the subscription has ended, or is not one that several share any more.
        AlreadyInFamily: it is their own, or they share one already.
    """
    invitation = await store.find_invitation(tx, token_hash=_hash(token))
    found = None
    if invitation is not None:
        found = await subscriptions.lock_subscription(tx, subscription_id=invitation.subscription_id)
        invitation = await store.find_invitation(tx, token_hash=_hash(token))
    if found is None or invitation is None or invitation.state != "open" or invitation.expires_at <= now:
        raise InvitationMissing("This invitation cannot be used any more. Ask for another.")
    await _require_seat(tx, found, now=now, beside=1)
    if found.user_id == user_id or not await store.insert_member(
        tx, subscription_id=found.subscription_id, user_id=user_id, at=now
    ):
        raise AlreadyInFamily("You share a subscription already.")
    await store.resolve_invitation(
        tx, invitation_id=invitation.invitation_id, subscription_id=found.subscription_id, state="accepted"
    )
    await announce_changed(tx, user_ids=[user_id], now=now)


async def remove_member(tx: Tx, *, user_id: UserId, member: UserId, now: datetime) -> None:
    """Let somebody share a subscription no more: its owner says so.

    Raises:
        SubscriptionMissing: the owner has none.
        MemberMissing: they do not share it.
    """
    found = await lock_of(tx, user_id=user_id)
    if not await store.end_membership(tx, subscription_id=found.subscription_id, user_id=member, at=now):
        raise MemberMissing("This account does not share your subscription.")
    await announce_changed(tx, user_ids=[member], now=now)


async def leave(tx: Tx, *, user_id: UserId, now: datetime) -> None:
    """Share a subscription no more.

    Raises:
        MemberMissing: they share none.
    """
    shared = await store.membership_of(tx, user_id=user_id)
    if shared is None or not await store.end_membership(tx, subscription_id=shared, user_id=user_id, at=now):
        raise MemberMissing("You share no subscription.")
    await announce_changed(tx, user_ids=[user_id], now=now)


async def _require_seat(tx: Tx, found: Subscription, *, now: datetime, beside: int) -> None:
    """Require a free seat; `beside` is how many of the open invitations do not count, being the one that is used."""
    seats = (await plan_named(tx, code=found.terms.plan)).seats
    if seats == 1 or found.state not in {State.TRIALING, State.ACTIVE, State.PAST_DUE}:
        raise NotShared("This subscription cannot be shared.")
    members = await store.list_members(tx, subscription_id=found.subscription_id)
    invited = await store.list_invitations(tx, subscription_id=found.subscription_id, now=now)
    if 1 + len(members) + len(invited) - beside >= seats:
        raise FamilyFull(seats=seats)


def _hash(token: str) -> bytes:
    plain = token.upper().translate(_MISREAD).strip()
    return hashlib.sha256(plain.encode("utf-8", "replace")).digest()
