"""What is worth remembering about an account's safety."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vibestream.kernel.ids import UserId


class Action(enum.StrEnum):
    """What happened. The values are stored; they are never renamed."""

    ADDRESS_VERIFIED = "address.verified"
    EMAIL_CHANGE_ASKED = "address.change_asked"
    EMAIL_CHANGE_REFUSED = "address.change_refused"
    EMAIL_CHANGED = "address.changed"
    EMAIL_CHANGE_UNDONE = "address.change_undone"
    SIGNED_IN = "session.signed_in"
    SIGN_IN_REFUSED = "session.sign_in_refused"
    SIGN_IN_GUARDED = "session.sign_in_guarded"
    SIGNED_OUT = "session.signed_out"
    PASSWORD_CHANGED = "password.changed"  # noqa: S105 - names an action
    PASSWORD_CHANGE_REFUSED = "password.change_refused"  # noqa: S105 - names an action
    PASSWORD_UNCHECKED = "password.breach_unchecked"  # noqa: S105 - names an action
    RESET_ASKED = "password.reset_asked"
    RESET_REFUSED = "password.reset_refused"
    PASSWORD_RESET = "password.reset"  # noqa: S105 - names an action
    FACTOR_ADDED = "factor.added"
    FACTOR_REMOVED = "factor.removed"
    FACTOR_REFUSED = "factor.refused"
    RECOVERY_MADE = "factor.recovery_made"
    RECOVERY_USED = "factor.recovery_used"
    IDENTITY_LINKED = "identity.linked"
    IDENTITY_REMOVED = "identity.removed"
    WALLET_LINKED = "wallet.linked"
    WALLET_REMOVED = "wallet.removed"
    STEPPED_UP = "session.stepped_up"
    SESSION_ENDED = "session.ended"
    DESTINATION_CHANGED = "payout.destination_changed"
    PAYOUT_DECIDED = "payout.decided"
    REVIEW_DECIDED = "review.decided"
    REFUNDED = "payment.refunded"
    RATE_PUBLISHED = "exchange.rate_published"
    CLIENT_REGISTERED = "app.registered"
    CLIENT_SECRET_RENEWED = "app.secret_renewed"  # noqa: S105 - names an action
    CLIENT_ENDED = "app.ended"
    APP_ALLOWED = "app.allowed"
    APP_REVOKED = "app.revoked"
    APP_TOKEN_REPLAYED = "app.token_replayed"  # noqa: S105 - names an action
    ERASURE_ASKED = "account.erasure_asked"
    ERASURE_CANCELLED = "account.erasure_cancelled"
    ERASURE_REFUSED = "account.erasure_refused"
    PERSON_ERASED = "account.erased"
    EXPORT_ASKED = "export.asked"
    EXPORT_FETCHED = "export.fetched"
    TOKEN_MADE = "token.made"  # noqa: S105 - names an action
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - names an action
    ROLE_GRANTED = "role.granted"
    ROLE_REVOKED = "role.revoked"
    ROLE_PROPOSED = "role.proposed"
    ROLE_APPROVED = "role.approved"
    ROLE_REFUSED = "role.refused"
    ACCOUNT_SOUGHT = "account.sought"
    ACCOUNT_SEEN = "account.seen"
    ACCOUNT_LOCKED = "account.locked"
    ACCOUNT_UNLOCKED = "account.unlocked"
    ARTIST_VERIFIED = "artist.verified"
    ARTIST_REFUSED = "artist.verification_refused"
    REPORT_DISMISSED = "report.dismissed"
    PAGE_HIDDEN = "page.hidden"
    PAGE_SHOWN = "page.shown"
    RELEASE_CONDEMNED = "release.condemned"
    TEAM_JOINED = "team.joined"
    TEAM_LEFT = "team.left"
    ROSTER_ASKED = "roster.asked"
    ROSTER_JOINED = "roster.joined"
    ROSTER_LEFT = "roster.left"
    RELEASE_PUBLISHED = "release.published"
    RELEASE_TAKEN_DOWN = "release.taken_down"
    ATTACK_BEGAN = "attack.began"
    ATTACK_ENDED = "attack.ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log.

    `user_id` is whom it happened to (None: an address without an account), `actor_id` who did it (None: nobody signed
    in, or the command line), `network` the coarse network it came from, `detail` a few plain words such as a role.
    """

    entry_id: UUID
    at: datetime
    action: Action
    user_id: UserId | None
    actor_id: UserId | None
    network: str
    detail: str
