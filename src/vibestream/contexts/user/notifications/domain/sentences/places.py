"""Where each kind of notification leads, as a path of this site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vibestream.contexts.user.notifications.domain.kinds import Kind

PLACES: Final[Mapping[Kind, str]] = {
    Kind.REWARD_PAID: "/wallet",
    Kind.TIP_RECEIVED: "/wallet",
    Kind.RECEIPT: "/wallet",
    Kind.REFUND: "/wallet",
    Kind.RENEWAL_FAILED: "/subscription",
    Kind.RENEWAL_DUE: "/subscription",
    Kind.SUBSCRIPTION_UNPAID: "/subscription",
    Kind.TRIAL_ENDS: "/subscription",
    Kind.DESTINATION_SET: "/studio/payouts",
    Kind.DESTINATION_CHANGED: "/studio/payouts",
    Kind.PAYOUT_PAID: "/studio/payouts",
    Kind.PAYOUT_RETURNED: "/studio/payouts",
    Kind.PAYOUT_FAILED: "/studio/payouts",
    Kind.NEW_DEVICE: "/account",
    Kind.APP_ENDED: "/account/apps",
    Kind.EMAIL_CHANGED: "/account",
    Kind.EMAIL_RESTORED: "/forgot-password",
    Kind.ROLE_GRANTED: "/account",
    Kind.ROLE_TAKEN: "/account",
    Kind.ACCOUNT_LOCKED: "/sign-in",
    Kind.ACCOUNT_UNLOCKED: "/sign-in",
    Kind.MASTER_READY: "/studio",
    Kind.MASTER_REFUSED: "/studio",
    Kind.ARTIST_VERIFIED: "/studio",
    Kind.ARTIST_NOT_VERIFIED: "/studio",
    Kind.PAGE_HIDDEN: "/account/page",
    Kind.PAGE_SHOWN: "/account/page",
    Kind.RELEASE_CONDEMNED: "/account/page",
    Kind.REPORT_DECIDED: "/",
    Kind.TEAM_JOINED: "/studio",
    Kind.TEAM_LEFT: "/studio",
    Kind.LABEL_INVITED: "/studio/artists/{artist_id}/labels",
    Kind.LABEL_JOINED: "/studio/artists/{artist_id}/labels",
    Kind.LABEL_LEFT: "/studio/artists/{artist_id}/labels",
    Kind.ROSTER_ASKED: "/label",
    Kind.ROSTER_JOINED: "/label",
    Kind.ROSTER_LEFT: "/label",
    Kind.LISTENS_HELD: "/account/held-listens",
    Kind.LISTENS_DECIDED: "/account/held-listens",
    Kind.NEW_RELEASE: "/releases/{release}",
    Kind.EXPORT_READY: "/account/privacy",
    Kind.CONSENT_ENDED: "/account/privacy",
    Kind.MAIL_BOUNCED: "/notifications/choices",
}
