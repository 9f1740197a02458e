"""What people are told, by which ways, and which of it they cannot turn off."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from vibestream.kernel.errors import InvalidInput

Facts = Mapping[str, str | int]
"""What a kind's sentences name: amounts, plans, instants (ISO 8601, UTC), ids. Nothing that a person typed."""


class Kind(enum.StrEnum):
    """What happened. The values are stored; they are never renamed."""

    REWARD_PAID = "reward_paid"
    TIP_RECEIVED = "tip_received"
    RECEIPT = "receipt"
    REFUND = "refund"
    RENEWAL_FAILED = "renewal_failed"
    RENEWAL_DUE = "renewal_due"
    SUBSCRIPTION_UNPAID = "subscription_unpaid"
    TRIAL_ENDS = "trial_ends"
    DESTINATION_SET = "destination_set"
    DESTINATION_CHANGED = "destination_changed"
    PAYOUT_PAID = "payout_paid"
    PAYOUT_RETURNED = "payout_returned"
    PAYOUT_FAILED = "payout_failed"
    NEW_DEVICE = "new_device"
    APP_ENDED = "app_ended"
    EMAIL_CHANGED = "email_changed"
    EMAIL_RESTORED = "email_restored"
    ROLE_GRANTED = "role_granted"
    ROLE_TAKEN = "role_taken"
    ACCOUNT_LOCKED = "account_locked"
    ACCOUNT_UNLOCKED = "account_unlocked"
    MASTER_READY = "master_ready"
    MASTER_REFUSED = "master_refused"
    ARTIST_VERIFIED = "artist_verified"
    ARTIST_NOT_VERIFIED = "artist_not_verified"
    PAGE_HIDDEN = "page_hidden"
    PAGE_SHOWN = "page_shown"
    RELEASE_CONDEMNED = "release_condemned"
    REPORT_DECIDED = "report_decided"
    TEAM_JOINED = "team_joined"
    TEAM_LEFT = "team_left"
    LABEL_INVITED = "label_invited"
    LABEL_JOINED = "label_joined"
    LABEL_LEFT = "label_left"
    ROSTER_ASKED = "roster_asked"
    ROSTER_JOINED = "roster_joined"
    ROSTER_LEFT = "roster_left"
    LISTENS_HELD = "listens_held"
    LISTENS_DECIDED = "listens_decided"
    NEW_RELEASE = "new_release"
    EXPORT_READY = "export_ready"
    CONSENT_ENDED = "consent_ended"
    MAIL_BOUNCED = "mail_bounced"


class Channel(enum.StrEnum):
    """A way to reach somebody."""

    IN_APP = "in_app"
    EMAIL = "email"
    PUSH = "push"
    """To browsers that were asked to be told, also while no page is open."""


class KindMandatory(InvalidInput):
    """This is told whatever one chooses: it is about the safety of an account, or a record of money."""

    code: ClassVar[str] = "notification.mandatory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a kind is told.

    `mandatory`: nobody can turn it off, and quiet hours do not hold it back; where it is not `mailed`, by mail it never comes.
    `by_day`: everything of one day is one
    notification, mailed the morning after. `mailed`: whether it is mailed to whoever chose nothing. `next_morning`: each is
    a notification at once, and only its mail waits for the morning after, where it joins all others.
    """

    mandatory: bool = False
    by_day: bool = False
    mailed: bool = True
    next_morning: bool = False


_MANDATORY: Final = Rule(mandatory=True)
RULES: Final[Mapping[Kind, Rule]] = {
    Kind.REWARD_PAID: Rule(by_day=True),
    Kind.TIP_RECEIVED: Rule(),
    Kind.RECEIPT: _MANDATORY,
    Kind.REFUND: _MANDATORY,
    Kind.RENEWAL_FAILED: _MANDATORY,
    Kind.RENEWAL_DUE: Rule(),
    Kind.SUBSCRIPTION_UNPAID: _MANDATORY,
    Kind.TRIAL_ENDS: Rule(),
    Kind.DESTINATION_SET: _MANDATORY,
    Kind.DESTINATION_CHANGED: _MANDATORY,
    Kind.PAYOUT_PAID: _MANDATORY,
    Kind.PAYOUT_RETURNED: _MANDATORY,
    Kind.PAYOUT_FAILED: _MANDATORY,
    Kind.NEW_DEVICE: _MANDATORY,
    Kind.APP_ENDED: _MANDATORY,
    Kind.EMAIL_CHANGED: _MANDATORY,
    Kind.EMAIL_RESTORED: _MANDATORY,
    Kind.ROLE_GRANTED: _MANDATORY,
    Kind.ROLE_TAKEN: _MANDATORY,
    Kind.ACCOUNT_LOCKED: _MANDATORY,
    Kind.ACCOUNT_UNLOCKED: _MANDATORY,
    Kind.MASTER_READY: Rule(by_day=True, mailed=False),
    Kind.MASTER_REFUSED: Rule(),
    Kind.ARTIST_VERIFIED: Rule(),
    Kind.ARTIST_NOT_VERIFIED: Rule(),
    Kind.PAGE_HIDDEN: _MANDATORY,
    Kind.PAGE_SHOWN: _MANDATORY,
    Kind.RELEASE_CONDEMNED: _MANDATORY,
    Kind.REPORT_DECIDED: Rule(mailed=False),
    Kind.TEAM_JOINED: _MANDATORY,
    Kind.TEAM_LEFT: Rule(),
    Kind.LABEL_INVITED: Rule(),
    Kind.LABEL_JOINED: _MANDATORY,
    Kind.LABEL_LEFT: Rule(),
    Kind.ROSTER_ASKED: Rule(),
    Kind.ROSTER_JOINED: Rule(),
    Kind.ROSTER_LEFT: Rule(),
    Kind.LISTENS_HELD: Rule(),
    Kind.LISTENS_DECIDED: Rule(),
    Kind.NEW_RELEASE: Rule(mailed=False, next_morning=True),
    Kind.EXPORT_READY: _MANDATORY,
    Kind.CONSENT_ENDED: _MANDATORY,
    Kind.MAIL_BOUNCED: Rule(mandatory=True, mailed=False),
}

Choices = Mapping[tuple[Kind, Channel], bool]
"""What somebody chose; what is not in it is as the rules say."""


def wants(kind: Kind, channel: Channel, choices: Choices) -> bool:
    """Say whether somebody is told of a kind by a channel."""
    rule = RULES[kind]
    if rule.mandatory:
        return rule.mailed or channel is not Channel.EMAIL
    unless_chosen = {Channel.IN_APP: True, Channel.EMAIL: rule.mailed, Channel.PUSH: not rule.by_day}
    return choices.get((kind, channel), unless_chosen[channel])


def require_optional(kind: Kind) -> None:
    """Return when a kind can be turned off.

    Raises:
        KindMandatory: it cannot.
    """
    if RULES[kind].mandatory:
        raise KindMandatory("This cannot be turned off: it is about your account's safety, or a record of your money.")


def together(earlier: Facts, later: Facts) -> Facts:
    """Return the facts of two tellings as those of one: minor units are summed, everything else is as it was last.

    Raises:
        ValueError: the two amounts are in different currencies.
    """
    if earlier.get("currency") != later.get("currency"):
        raise ValueError((earlier.get("currency"), later.get("currency")))
    sums = {"minor": int(earlier["minor"]) + int(later["minor"])} if "minor" in later else {}
    return {**earlier, **later, **sums}
