"""Listeners who are paid by claims: from a secret to the body of a claim, by the tools that a listener has."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from tests.factories.bus import drain, registered
from tests.factories.listen_reward import NOON, opened, played
from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.service import Prover, Verifier
from vibestream.contexts.listen_reward.claims.service.spending import Asked, payout_of
from vibestream.contexts.listen_reward.listening import service as listening
from vibestream.contexts.listen_reward.listening.service import Beats
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.contexts.listen_reward.receipts.domain.field import Field
from vibestream.contexts.listen_reward.receipts.domain.receipt import identity_commitment
from vibestream.contexts.listen_reward.receipts.service import Closed, Own
from vibestream.flows import listen_to_reward
from vibestream.flows.close_epochs import close_epoch
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Settings, load_settings
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers

TODAY = NOON.date()
WALLET = "ed25519:" + "a1" * 32
EPOCH_KEY = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"


def settings() -> Settings:
    return load_settings(epoch_key=EPOCH_KEY)


@cache
def tools() -> tuple[Prover, Verifier]:
    keys = claims.claim_keys(is_production=False)
    return claims.open_prover(keys=keys), claims.open_verifier(keys=keys)


async def listener(database: Database, *, secret: int, today: date = TODAY) -> UserId:
    user_id = UserId(new_id())
    async with database.begin() as tx:
        await receipts.register_identity(
            tx, user_id=user_id, commitment=identity_commitment(Field(secret)), today=today
        )
    return user_id


async def listened(database: Database, user_id: UserId, *, times: int = 1, paid: bool = True) -> None:
    """Let somebody listen to tracks, one after the other, as people do, and let the bus tell of it.

    Each counts after half a minute, and is heard for two; scoring would hold somebody who left each at once.
    """
    beats = played(until_s=120)
    for number in range(times):
        start = NOON + timedelta(minutes=4 * number)
        async with database.begin() as tx:
            listen = await opened(tx, user_id=user_id, now=start)
            for told, ended in ((beats[:4], 30), (beats[4:], 120)):
                sent = Beats(listen.listen_id, user_id, tuple(told), start + timedelta(seconds=ended))
                await listening.record_beats(tx, sent=[sent])
    if paid:
        await settled(database)


async def settled(database: Database) -> None:
    consumers = await registered(database, Consumers(listen_to_reward.SUBSCRIPTIONS))
    for _ in range(3):
        await drain(database, consumers)


async def closed(database: Database, *, epoch: date = TODAY, now: datetime | None = None) -> Closed:
    return await close_epoch(database, settings=settings(), epoch=epoch, now=now or utc_now())


async def own_receipts(database: Database, user_id: UserId, *, epoch: date = TODAY) -> Own:
    async with database.begin() as tx:
        return await receipts.own_receipts(tx, user_id=user_id, epoch=epoch)


def claim_body(
    own: Own,
    *,
    secret: int,
    place: int | None = None,
    wallet: str = WALLET,
    expires_at: datetime | None = None,
    **other: int,
) -> dict[str, Any]:
    """A claim upon a receipt of one's own: the last summary, unless said otherwise."""
    until = expires_at or (utc_now() + timedelta(hours=1)).replace(microsecond=0)
    at = place if place is not None else max(n for n, leaf in enumerate(own.leaves) if leaf.is_summary)
    leaf, path = own.leaves[at], own.paths[at]
    asked = Asked(own.closed.epoch, wallet, until)
    payout = claims.payout_element(payout_of(asked=asked, deployment=own.closed.key_id))
    holding = claims.Holding(
        secret=Field(secret),
        receipt=leaf.receipt,
        path=path,
        root=own.closed.root,
        min_seconds=Field(other.get("min_seconds", leaf.receipt.seconds)),
        song_disclosure=Field(other.get("song_disclosure", leaf.receipt.song)),
        payout=Field(other.get("payout", payout)),
    )
    prover, verifier = tools()
    proven = claims.prove_claim(prover=prover, verifier=verifier, holding=holding)
    return {
        "proof": proven.proof.document(),
        "public_signals": proven.signals.document(),
        "epoch": own.closed.epoch.isoformat(),
        "wallet": wallet,
        "expires_at": until.isoformat(),
        "accepts_recognition": True,
    }
