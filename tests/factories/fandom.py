"""Fans of one artist: listens of that artist's songs, and proofs of fandom by the tools that a listener has."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.factories.listen_reward import NOON, make_track, opened, played, registered
from tests.factories.receipts import settled, tools
from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.fandom import service as fandom
from vibestream.contexts.listen_reward.fandom.service import Perk
from vibestream.contexts.listen_reward.listening import service as listening
from vibestream.contexts.listen_reward.listening.domain import Track
from vibestream.contexts.listen_reward.listening.service import Beats
from vibestream.contexts.listen_reward.receipts.domain.field import Field
from vibestream.contexts.listen_reward.receipts.service import Own, epoch_element
from vibestream.kernel.ids import ArtistId, UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database


async def song_of(database: Database, artist_id: ArtistId) -> Track:
    made = make_track()
    async with database.begin() as tx:
        return await registered(tx, Track(made.track_id, artist_id, made.owner_user_id, made.duration_ms))


async def heard(database: Database, user_id: UserId, *tracks: Track) -> None:
    """Let somebody listen to songs, one after the other; each counts with its first half minute."""
    beats = played(until_s=120)
    for number, track in enumerate(tracks):
        start = NOON + timedelta(minutes=4 * number)
        async with database.begin() as tx:
            listen = await opened(tx, track=track, user_id=user_id, now=start)
            for told, ended in ((beats[:4], 30), (beats[4:], 120)):
                sent = Beats(listen.listen_id, user_id, tuple(told), start + timedelta(seconds=ended))
                await listening.record_beats(tx, sent=[sent])
    await settled(database)


async def offered(
    database: Database, artist_id: ArtistId, *, least_s: int = 60, made_by: UserId | None = None, codes: str = ""
) -> Perk:
    async with database.begin() as tx:
        return await fandom.offer(
            tx,
            artist_id=artist_id,
            made_by=made_by or UserId(new_id()),
            key=new_id(),
            title="A demo",
            text="The address of the demo.",
            least_s=least_s,
            now=utc_now(),
            codes=codes,
        )


def proof_body(
    own: Own, perk: Perk, *, secret: int, place: int | None = None, expires_at: datetime | None = None, **other: int
) -> dict[str, Any]:
    """A proof by one's own receipt of the perk's artist, unless another place in one's own is said."""
    until = expires_at or (utc_now() + timedelta(hours=1)).replace(microsecond=0)
    at = place if place is not None else [one.artist_id for one in own.leaves].index(perk.artist_id)
    leaf, path = own.leaves[at], own.paths[at]
    bound = claims.bound_element(
        "vibestream-perk-v1",
        own.closed.key_id,
        str(epoch_element(own.closed.epoch)),
        str(perk.perk_id),
        str(int(until.timestamp())),
    )
    holding = claims.Holding(
        secret=Field(secret),
        receipt=leaf.receipt,
        path=path,
        root=own.closed.root,
        min_seconds=Field(other.get("min_seconds", perk.least_s)),
        song_disclosure=Field(other.get("song_disclosure", leaf.receipt.song)),
        payout=Field(other.get("payout", bound)),
    )
    prover, verifier = tools()
    proven = claims.prove_claim(prover=prover, verifier=verifier, holding=holding)
    return {
        "proof": proven.proof.document(),
        "public_signals": proven.signals.document(),
        "epoch": own.closed.epoch.isoformat(),
        "expires_at": until.isoformat(),
        "accepts_recognition": True,
    }
