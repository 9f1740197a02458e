"""Keeping no longer than promised: every rule of every capability, and the job that keeps to them.

`vibestream retention` shows each rule and when it last ran; the reference lists them. What an account's owner can delete
themselves, or an erasure forgets, is not waited for here. What no rule is about stands in `flows/kept.py`, with the reason. Logs are written to the standard output of each process and kept by
whoever runs it: what is personal does not stand in them, so they need no rule.
"""

from __future__ import annotations

from datetime import timedelta

from vibestream.contexts.listen_reward.insiders import retention as insiders
from vibestream.contexts.listen_reward.listening import retention as listening
from vibestream.contexts.listen_reward.scoring import retention as scoring
from vibestream.contexts.music.delivery import retention as delivery
from vibestream.contexts.payment.fraud import retention as fraud
from vibestream.contexts.payment.subscriptions import retention as subscriptions
from vibestream.contexts.payment.webhooks import retention as webhooks
from vibestream.contexts.user.accounts import retention as accounts
from vibestream.contexts.user.attempts import retention as attempts
from vibestream.contexts.user.chain_wallets import retention as chain_wallets
from vibestream.contexts.user.email_changes import retention as email_changes
from vibestream.contexts.user.exports import retention as exports
from vibestream.contexts.user.identities import retention as identities
from vibestream.contexts.user.labels import retention as labels
from vibestream.contexts.user.notifications import retention as notifications
from vibestream.contexts.user.oauth import retention as oauth
from vibestream.contexts.user.passkeys import retention as passkeys
from vibestream.contexts.user.profiles import retention as profiles
from vibestream.contexts.user.recovery import retention as recovery
from vibestream.contexts.user.release_news import retention as release_news
from vibestream.contexts.user.sessions import retention as sessions
from vibestream.contexts.user.teams import retention as teams
from vibestream.kernel.time import utc_now
from vibestream.platform import retention_rules
from vibestream.platform.config import Settings
from vibestream.platform.jobs import periodic
from vibestream.platform.retention import EVERY_S, Rule, keep_to
from vibestream.platform.runtime import Runtime


def rules_of(settings: Settings) -> tuple[Rule, ...]:
    """Return every rule, as the settings of this deployment have it."""
    return (
        *sessions.RULES,
        *attempts.RULES,
        *accounts.RULES,
        *passkeys.RULES,
        *profiles.RULES,
        *recovery.RULES,
        *email_changes.RULES,
        *identities.RULES,
        *chain_wallets.RULES,
        *oauth.RULES,
        *notifications.RULES,
        *release_news.RULES,
        *exports.RULES,
        *teams.RULES,
        *labels.RULES,
        *delivery.RULES,
        *listening.RULES,
        *insiders.RULES,
        *scoring.RULES,
        *fraud.RULES,
        *subscriptions.RULES,
        *webhooks.RULES,
        *retention_rules.rules_of(events_kept=timedelta(days=settings.event_retention_days)),
    )


@periodic("retention", every_s=EVERY_S)
async def retention(runtime: Runtime) -> None:
    """Delete, or empty of what is personal, all that is kept longer than the rules say.

    Raises:
        RuleFailed: some could not be kept to; all others were.
    """
    await keep_to(runtime.database, rules=rules_of(runtime.settings), now=utc_now())
