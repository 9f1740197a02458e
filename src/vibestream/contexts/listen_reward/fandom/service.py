"""Perks: offering them, and opening one by a proof. The public interface of this capability."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from vibestream.contexts.listen_reward.claims.service import Invalid, PublicSignals, Verifier, verify_claim
from vibestream.contexts.listen_reward.fandom import domain, store
from vibestream.contexts.listen_reward.fandom.domain import (
    CODE_MOST,
    CODES_MOST,
    FEW,
    LEASTS_S,
    MOST_PERKS,
    TEXT_MOST,
    TITLE_MOST,
    Asked,
    CodesExhausted,
    CodesInvalid,
    FanRecognisable,
    Opened,
    Perk,
    PerkMissing,
    PerksExhausted,
    ProofInvalid,
    ProofNotDue,
    ProofRefused,
    ThresholdInvalid,
)
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.contexts.listen_reward.receipts.domain.field import Field
from vibestream.kernel.ids import ArtistId, PerkId, UserId, new_id
from vibestream.platform.database import Tx

__all__ = [
    "CODES_MOST",
    "CODE_MOST",
    "LEASTS_S",
    "TEXT_MOST",
    "TITLE_MOST",
    "Asked",
    "CodesExhausted",
    "CodesInvalid",
    "FanRecognisable",
    "Offered",
    "Opened",
    "Perk",
    "PerkMissing",
    "PerksExhausted",
    "ProofInvalid",
    "ProofNotDue",
    "ProofRefused",
    "ThresholdInvalid",
    "Within",
]


_WITHIN_REACH: Final = 50


@dataclass(frozen=True, slots=True)
class Offered:
    """A perk, and by how many receipts it was opened: a fan is counted once for each day that they prove."""

    perk: Perk
    opened: int | None
    """None: by fewer than ten, which is not told further."""
    codes: int = 0
    """How many it was offered with; each goes to one receipt."""

    @property
    def left(self) -> int | None:
        """How many codes are left; None: it has none, or that would tell how few went."""
        return None if self.opened is None or not self.codes else self.codes - self.opened


@dataclass(frozen=True, slots=True)
class Within:
    """A day by which a listener can open a perk, and among how many they would hide, themselves with them."""

    epoch: date
    seconds: int
    hides_among: int


async def offer(
    tx: Tx,
    *,
    artist_id: ArtistId,
    made_by: UserId,
    key: UUID,
    title: str,
    text: str,
    least_s: int,
    now: datetime,
    codes: str = "",
) -> Perk:
    """Offer a perk; by one `key` of its maker once. That the artist is the maker's is for the caller to know.

    Raises:
        TextInvalid, ThresholdInvalid, CodesInvalid: see `domain.make_perk` and `domain.read_codes`.
        PerksExhausted: the artist offers as many as there may be.
    """
    perk = domain.make_perk(
        perk_id=PerkId(new_id()), artist_id=artist_id, made_by=made_by, title=title, text=text, least_s=least_s, now=now
    )
    listed = domain.read_codes(codes)
    if await store.insert_perk(tx, perk, key=key, most=MOST_PERKS):
        if listed:
            await store.insert_codes(tx, perk.perk_id, listed)
        return perk
    made = await store.load_by_key(tx, made_by, key)
    if made is None:
        raise PerksExhausted(f"An artist offers at most {MOST_PERKS} perks. Withdraw one first.")
    return made


async def withdraw(tx: Tx, *, perk_id: PerkId, made_by: UserId, now: datetime) -> None:
    """Offer a perk of one's own no more.

    Raises:
        PerkMissing: there is none such of theirs.
    """
    if not await store.withdraw(tx, perk_id, made_by=made_by, now=now):
        raise PerkMissing("There is no such perk.")


async def perk(tx: Tx, *, perk_id: PerkId) -> Perk:
    """Return a perk that is offered, with its text.

    Raises:
        PerkMissing: there is none.
    """
    found = await store.load_perk(tx, perk_id)
    if found is None:
        raise PerkMissing("There is no such perk.")
    return found


async def offered_by_artist(tx: Tx, *, artist_id: ArtistId) -> list[Offered]:
    """Return what an artist offers, the newest first."""
    return await _counted(tx, await store.list_of_artist(tx, artist_id))


async def offered_by_maker(tx: Tx, *, made_by: UserId) -> list[Offered]:
    """Return what somebody offers as any of their artists, the newest first."""
    return await _counted(tx, await store.list_of_maker(tx, made_by))


async def days_within(tx: Tx, *, perk: Perk, user_id: UserId, now: datetime) -> list[Within]:
    """Return the days by which a listener can open a perk, the one that hides them best first."""
    days = await receipts.days_of_fan(tx, user_id=user_id, artist_id=perk.artist_id, least_s=perk.least_s, now=now)
    found = [Within(*one) for one in days]
    return sorted(found, key=lambda one: (-one.hides_among, -one.epoch.toordinal()))


async def within_reach(tx: Tx, *, user_id: UserId, now: datetime) -> list[tuple[Perk, Within]]:
    """Return the newest perks of all artists that a listener can open, fifty at most, each with the day that hides them best."""
    heard = await receipts.artists_heard(tx, user_id=user_id, now=now)
    found = []
    for one in await store.list_for_heard(tx, heard, limit=_WITHIN_REACH) if heard else []:
        days = await days_within(tx, perk=one, user_id=user_id, now=now)
        found += [(one, day) for day in days[:1]]
    return found


def verify(*, verifier: Verifier, proof: object, signals: object) -> PublicSignals:
    """Return what a proof says; no database is asked, so do it outside a transaction.

    Raises:
        ProofInvalid: it proves nothing, however it is written.
    """
    said = verify_claim(verifier=verifier, proof=proof, signals=signals)
    if isinstance(said, Invalid):
        raise ProofInvalid("This is no proof of a receipt.")
    return said


async def open_perk(tx: Tx, *, said: PublicSignals, asked: Asked, floor: int, now: datetime) -> Opened:
    """Return a perk with its text, and a code of its own where it has codes, to whoever proved to have heard its artist; the receipt is counted once, however often it is sent.

    Raises:
        PerkMissing: there is none.
        ProofNotDue: proofs of that day are not taken, or this one has expired.
        ProofRefused: it is of another artist, day, length or perk.
        CodesExhausted: it has codes, and each went to another receipt; nothing is counted.
        FanRecognisable: fewer than the floor heard the artist for so long on that day, and that is not accepted.
    """
    found = await perk(tx, perk_id=asked.perk_id)
    closed = (await receipts.closed_for_claims(tx, epochs=[asked.epoch])).get(asked.epoch)
    if closed is None or now >= min(closed.claimable_until, asked.expires_at):
        raise ProofNotDue("Proofs of this day are not taken now, or this one has expired.")
    domain.require_proof(said=said, asked=asked, perk=found, closed=closed)
    if not asked.accepts_recognition:
        alike = await receipts.fans(
            tx, epoch=asked.epoch, artist_id=found.artist_id, least_s=found.least_s, at_most=floor
        )
        if alike < floor:
            raise FanRecognisable(hides_among=alike, floor=floor)
    await store.insert_proof(tx, found.perk_id, nullifier=said.nullifier, epoch=asked.epoch)
    return Opened(found, await _code_of(tx, found.perk_id, said.nullifier))


async def _code_of(tx: Tx, perk_id: PerkId, nullifier: Field) -> str | None:
    if not await store.count_codes(tx, [perk_id]):
        return None
    code = await store.take_code(tx, perk_id, nullifier=nullifier)
    if code is None:
        raise CodesExhausted("Every code of this perk is given.")
    return code


async def _counted(tx: Tx, perks: list[Perk]) -> list[Offered]:
    ids = [one.perk_id for one in perks]
    opened, codes = await store.count_opened(tx, ids), await store.count_codes(tx, ids)
    told = {perk_id: count for perk_id, count in opened.items() if count >= FEW}
    return [Offered(one, told.get(one.perk_id), codes.get(one.perk_id, 0)) for one in perks]
