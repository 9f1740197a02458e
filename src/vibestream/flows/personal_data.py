"""Every capability that holds data of people: what an export collects, and what an erasure goes through, in this order."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.listen_reward.allocation import personal as allocation
from vibestream.contexts.listen_reward.analytics import personal as audience
from vibestream.contexts.listen_reward.fandom import personal as fandom
from vibestream.contexts.listen_reward.insiders import personal as insiders
from vibestream.contexts.listen_reward.listening import personal as listening
from vibestream.contexts.listen_reward.pools import personal as pools
from vibestream.contexts.listen_reward.receipts import personal as receipts
from vibestream.contexts.listen_reward.scoring import personal as scoring
from vibestream.contexts.listen_reward.warming import personal as warming
from vibestream.contexts.music.catalogue import personal as catalogue
from vibestream.contexts.music.delivery import personal as delivery
from vibestream.contexts.music.packaging import personal as packaging
from vibestream.contexts.music.uploads import personal as uploads
from vibestream.contexts.payment.checkout import personal as checkout
from vibestream.contexts.payment.fraud import personal as fraud
from vibestream.contexts.payment.payouts import personal as payouts
from vibestream.contexts.payment.pool_sources import personal as pool_sources
from vibestream.contexts.payment.royalties import personal as royalties
from vibestream.contexts.payment.subscriptions import personal as subscriptions
from vibestream.contexts.payment.tips import personal as tips
from vibestream.contexts.payment.wallets import personal as wallets
from vibestream.contexts.payment.webhooks import personal as webhooks
from vibestream.contexts.user.access import personal as access
from vibestream.contexts.user.accounts import personal as accounts
from vibestream.contexts.user.administration import personal as administration
from vibestream.contexts.user.analytics import personal as analytics
from vibestream.contexts.user.attempts import personal as attempts
from vibestream.contexts.user.audit_log import personal as audit_log
from vibestream.contexts.user.chain_wallets import personal as chain_wallets
from vibestream.contexts.user.consents import personal as consents
from vibestream.contexts.user.email_changes import personal as email_changes
from vibestream.contexts.user.erasure import personal as erasure
from vibestream.contexts.user.exports import personal as exports
from vibestream.contexts.user.factors import personal as factors
from vibestream.contexts.user.fans import personal as fans
from vibestream.contexts.user.identities import personal as identities
from vibestream.contexts.user.labels import personal as labels
from vibestream.contexts.user.locks import personal as locks
from vibestream.contexts.user.notifications import personal as notifications
from vibestream.contexts.user.oauth import personal as oauth
from vibestream.contexts.user.passkeys import personal as passkeys
from vibestream.contexts.user.passwords import personal as passwords
from vibestream.contexts.user.pictures import personal as pictures
from vibestream.contexts.user.profiles import personal as profiles
from vibestream.contexts.user.recovery import personal as recovery
from vibestream.contexts.user.reports import personal as reports
from vibestream.contexts.user.sessions import personal as sessions
from vibestream.contexts.user.teams import personal as teams
from vibestream.contexts.user.verification import personal as verification
from vibestream.platform import personal_places
from vibestream.platform.personal_data import PersonalData

PERSONAL_DATA: Final[tuple[PersonalData, ...]] = (
    sessions.PERSONAL,
    oauth.PERSONAL,
    email_changes.PERSONAL,  # before accounts, whose address it looks for
    accounts.PERSONAL,
    passwords.PERSONAL,
    factors.PERSONAL,
    passkeys.PERSONAL,
    identities.PERSONAL,
    chain_wallets.PERSONAL,
    recovery.PERSONAL,
    attempts.PERSONAL,
    access.PERSONAL,
    administration.PERSONAL,
    locks.PERSONAL,
    fans.PERSONAL,
    verification.PERSONAL,
    reports.PERSONAL,
    teams.PERSONAL,
    labels.PERSONAL,
    pictures.PERSONAL,  # before profiles, which they belong to
    profiles.PERSONAL,
    notifications.PERSONAL,
    analytics.PERSONAL,
    audit_log.PERSONAL,
    erasure.PERSONAL,
    exports.PERSONAL,
    consents.PERSONAL,
    catalogue.PERSONAL,
    packaging.PERSONAL,
    uploads.PERSONAL,
    delivery.PERSONAL,
    listening.PERSONAL,
    insiders.PERSONAL,
    audience.PERSONAL,
    scoring.PERSONAL,
    warming.PERSONAL,
    receipts.PERSONAL,
    fandom.PERSONAL,
    pools.PERSONAL,
    allocation.PERSONAL,
    pool_sources.PERSONAL,
    webhooks.PERSONAL,  # before payouts, whose account at the gateway it looks for
    payouts.PERSONAL,
    tips.PERSONAL,
    checkout.PERSONAL,
    subscriptions.PERSONAL,
    wallets.PERSONAL,
    royalties.PERSONAL,
    fraud.PERSONAL,
    *personal_places.PERSONAL,
)
