"""Every invariant of every context: what `vibestream audit`, the worker's schedule and the tests check."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.listen_reward.fandom import invariants as fandom
from vibestream.contexts.listen_reward.listening import invariants as listening
from vibestream.contexts.listen_reward.pools import invariants as pools
from vibestream.contexts.listen_reward.receipts import invariants as receipts
from vibestream.contexts.listen_reward.scoring import invariants as scoring
from vibestream.contexts.listen_reward.warming import invariants as warming
from vibestream.contexts.music.catalogue import invariants as catalogue
from vibestream.contexts.music.uploads import invariants as uploads
from vibestream.contexts.payment.checkout import invariants as checkout
from vibestream.contexts.payment.claim_wallets import invariants as claim_wallets
from vibestream.contexts.payment.exchange import invariants as exchange
from vibestream.contexts.payment.fraud import invariants as fraud
from vibestream.contexts.payment.ledger import invariants as ledger
from vibestream.contexts.payment.payouts import invariants as payouts
from vibestream.contexts.payment.pool_sources import invariants as pool_sources
from vibestream.contexts.payment.royalties import invariants as royalties
from vibestream.contexts.payment.seal import invariants as seal
from vibestream.contexts.payment.seal.service import by_id, trusted_keys
from vibestream.contexts.payment.subscriptions import invariants as subscriptions
from vibestream.contexts.payment.tips import invariants as tips
from vibestream.contexts.payment.webhooks import invariants as webhooks
from vibestream.contexts.user.audit_log import invariants as audit_log
from vibestream.contexts.user.identities import invariants as identities
from vibestream.contexts.user.locks import invariants as locks
from vibestream.contexts.user.notifications import invariants as notifications
from vibestream.contexts.user.oauth import invariants as oauth
from vibestream.contexts.user.passkeys import invariants as passkeys
from vibestream.contexts.user.passwords import invariants as passwords
from vibestream.contexts.user.profiles import invariants as profiles
from vibestream.contexts.user.release_news import invariants as release_news
from vibestream.contexts.user.sessions import invariants as sessions
from vibestream.flows import audit_claims, audit_rewards, audit_sources, work_for_artists
from vibestream.platform.config import Settings
from vibestream.platform.events import invariants as events
from vibestream.platform.invariants import Invariant
from vibestream.platform.sagas import invariants as sagas
from vibestream.platform.storage import ObjectStore

INVARIANTS: Final[tuple[Invariant, ...]] = (
    *listening.INVARIANTS,
    *pools.INVARIANTS,
    *receipts.INVARIANTS,
    *fandom.INVARIANTS,
    *scoring.INVARIANTS,
    *catalogue.INVARIANTS,
    *ledger.INVARIANTS,
    *exchange.INVARIANTS,
    *fraud.INVARIANTS,
    *checkout.INVARIANTS,
    *subscriptions.INVARIANTS,
    *tips.INVARIANTS,
    *claim_wallets.INVARIANTS,
    *audit_rewards.INVARIANTS,
    *warming.INVARIANTS,
    *audit_claims.INVARIANTS,
    *audit_sources.INVARIANTS,
    *pool_sources.INVARIANTS,
    *work_for_artists.INVARIANTS,
    *payouts.INVARIANTS,
    *royalties.INVARIANTS,
    *webhooks.INVARIANTS,
    *audit_log.INVARIANTS,
    *locks.INVARIANTS,
    *notifications.INVARIANTS,
    *release_news.INVARIANTS,
    *oauth.INVARIANTS,
    *passkeys.INVARIANTS,
    *identities.INVARIANTS,
    *passwords.INVARIANTS,
    *profiles.INVARIANTS,
    *sessions.INVARIANTS,
    *events.INVARIANTS,
    *sagas.INVARIANTS,
)
"""Those that the database alone decides."""


def invariants_of(
    settings: Settings,
    objects: ObjectStore,
    *,
    originals: int | None = uploads.SAMPLE,
    sealed_blocks: int | None = seal.SAMPLE,
) -> tuple[Invariant, ...]:
    """Return every invariant, with those that look into the object store.

    Args:
        settings: the deployment's; its keys are those whose seals over the ledger are believed.
        objects: the deployment's object store.
        originals: how many originals, chosen at random, are read and hashed again; None for every one.
        sealed_blocks: how many older blocks of 256 sealed transactions, chosen at random, are read again beside the
            newest; None for the whole ledger.

    Raises:
        KeyMalformed: a key in the settings is none.
    """
    keys = trusted_keys(sealing_key=settings.sealing_key(), public_keys=settings.seal_public_keys)
    return (
        *INVARIANTS,
        *uploads.invariants_of(objects, sample=originals),
        *seal.invariants_of(objects, by_id(keys), blocks=sealed_blocks),
    )
