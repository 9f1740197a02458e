"""What no rule of retention deletes, and why: every other table that says when something was is in `flows/retention.py`.

A table is kept as long as it must be for what it is: a book, a record of what somebody decided, somebody's own things until they
delete them or are erased, a setting. That no table is forgotten is a test: one that is new stands in a rule, or here.
"""

from __future__ import annotations

from typing import Final

BOOKS: Final = (
    "It is of the books, or what they were made from: for ever, because accounts must be shown as they were, and an audit is "
    "made from the first line. Who is erased stands in them by an id that leads to nobody."
)
DECIDED: Final = (
    "It says who decided what, when and why: for ever, because whoever it is about, or an auditor, may ask long after. Who is "
    "erased stands in it by an id that leads to nobody."
)
OWN: Final = "It is its owner's, and is there until they delete it, change it, or are erased."
MUSIC: Final = (
    "It is of music that was published: there until the music is, and after that the proof of what was public."
)
FIGURES: Final = "It holds sums in which nobody stands, or whose person can be erased from it: the longer they are, the more they say."
PROOFS: Final = (
    "It is what proofs are checked against, or what keeps one from being used twice: for ever, because a proof must never count "
    "again. It names nobody."
)
SETTING: Final = "It says what was in force since when: what was decided under it must be explained by it."
WORK: Final = "It is at most as long as the work it is of: the job that does the work deletes or overwrites it."
GOES_ALONG: Final = "It goes with the row that it belongs to, which a rule or a person deletes."

_BY_REASON: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        BOOKS,
        (
            "listen_reward.epoch",
            "listen_reward.epoch_source",
            "listen_reward.reward",
            "listen_reward.share",
            "listen_reward.warming",
            "listen_reward.weighed",
            "payment.account",
            "payment.balance_snapshot",
            "payment.claim_order",
            "payment.exchange",
            "payment.exchange_quote",
            "payment.exchange_rate",
            "payment.family_member",
            "payment.gateway_book_line",
            "payment.give_back",
            "payment.hold",
            "payment.payee_account",
            "payment.payment",
            "payment.payment_attempt",
            "payment.payment_event",
            "payment.payment_request",
            "payment.payment_view",
            "payment.payout",
            "payment.payout_destination",
            "payment.payout_event",
            "payment.reconciliation_finding",
            "payment.reconciliation_run",
            "payment.revenue_month",
            "payment.royalty_advance",
            "payment.royalty_line",
            "payment.royalty_listen",
            "payment.royalty_month",
            "payment.royalty_payee",
            "payment.royalty_pool",
            "payment.royalty_revenue",
            "payment.royalty_run",
            "payment.royalty_split",
            "payment.royalty_split_share",
            "payment.royalty_usage",
            "payment.seal",
            "payment.settlement",
            "payment.subscription",
            "payment.subscription_invoice",
            "payment.subscription_payment",
            "payment.subscription_revenue",
            "payment.tip",
            "payment.tip_request",
            "payment.transaction",
        ),
    ),
    (
        DECIDED,
        (
            "listen_reward.held_case",
            "payment.payout_freeze",
            "payment.payout_vote",
            "payment.risk_decision",
            "payment.risk_denied",
            "payment.risk_event",
            "payment.risk_outcome",
            "payment.risk_review",
            "payment.risk_vote",
            "payment.royalty_reversal_request",
            "payment.source_top_up",
            "users.account_lock",
            "users.consent",
            "users.erasure",
            "users.report",
            "users.report_decision",
            "users.role_grant",
            "users.role_proposal",
            "users.security_log",
            "users.verification",
        ),
    ),
    (
        OWN,
        (
            "listen_reward.identity",
            "listen_reward.listen",
            "music.asset",
            "music.asset_upload",
            "music.upload",
            "users.account",
            "users.address",
            "users.artist_follow",
            "users.artist_handle",
            "users.artist_member",
            "users.artist_profile",
            "users.block",
            "users.chain_wallet",
            "users.export",
            "users.fan_follow",
            "users.fan_handle",
            "users.fan_page",
            "users.identity",
            "users.oauth_client",
            "users.oauth_consent",
            "users.passkey",
            "users.password",
            "users.picture",
            "users.recovery_code",
            "users.totp",
        ),
    ),
    (
        MUSIC,
        (
            "listen_reward.perk",
            "music.artist",
            "music.artist_member",
            "music.release",
            "music.track",
            "payment.tip_artist",
        ),
    ),
    (
        FIGURES,
        (
            "listen_reward.audience_part",
            "listen_reward.audience_piece",
            "listen_reward.audience_total",
            "listen_reward.audience_week",
            "listen_reward.score",
            "payment.risk_drift",
            "users.listening_hour",
            "users.listening_track",
            "users.sign_in_attack",
            "users.sign_in_count",
        ),
    ),
    (
        PROOFS,
        (
            "listen_reward.claim",
            "listen_reward.perk_proof",
            "listen_reward.receipt",
            "listen_reward.receipt_epoch",
            "listen_reward.receipt_node",
            "platform.person_key",
        ),
    ),
    (
        SETTING,
        (
            "listen_reward.pool_policy",
            "payment.plan_price",
            "payment.risk_model",
            "payment.risk_policy",
            "payment.royalty_policy",
            "payment.tip_policy",
            "payment.top_up_policy",
            "payment.withholding_rate",
        ),
    ),
    (
        WORK,
        (
            "jobs.procrastinate_workers",
            "music.listener_quality",
            "platform.operator_alert",
            "platform.retention_run",
            "platform.saga",
            "users.listening_unsettled",
            "users.notification_bounce",
            "users.oauth_key",
            "users.picture_try",
        ),
    ),
    (
        GOES_ALONG,
        (
            "jobs.failure",
            "jobs.procrastinate_events",
            "users.notification_delivery",
            "users.push_delivery",
        ),
    ),
)

KEPT: Final[dict[str, str]] = {table: reason for reason, tables in _BY_REASON for table in tables}
"""Tables by name, and why no rule deletes their rows. Of some a rule empties columns: that is said there."""
