"""Asking to be verified, and deciding about it.

Nobody decides about an artist that they speak for, admin or not; a decision is made once; and a verified artist who
takes another name or handle is verified no more, since it was that name that somebody believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.audit_log.service import Action
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import Kind
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.service import ArtistMissing, LinkInvalid
from vibestream.contexts.user.verification import store
from vibestream.contexts.user.verification.domain import (
    EVIDENCE_CHARACTERS,
    GROUNDS,
    MOST_ASKED,
    MOST_LINKS,
    REASON_CHARACTERS,
    WITHIN,
    Ground,
    GroundInvalid,
    OwnVerification,
    State,
    Verification,
    VerificationDecided,
    VerificationLimited,
    VerificationMissing,
    VerificationWaits,
    Waiting,
    require_ground,
)
from vibestream.kernel.ids import ArtistId, UserId, new_id
from vibestream.kernel.text import TextInvalid, paragraphs
from vibestream.platform.database import Tx

__all__ = [
    "EVIDENCE_CHARACTERS",
    "GROUNDS",
    "MOST_LINKS",
    "REASON_CHARACTERS",
    "Ground",
    "GroundInvalid",
    "OwnVerification",
    "State",
    "Verification",
    "VerificationDecided",
    "VerificationLimited",
    "VerificationMissing",
    "VerificationWaits",
    "Waiting",
    "ask",
    "count_waiting",
    "decide",
    "newest_of",
    "own_newest",
    "queue",
    "request_of",
    "withdraw",
]


async def ask(
    tx: Tx, *, artist_id: ArtistId, user_id: UserId, evidence: str, links: Sequence[str], now: datetime
) -> Verification:
    """Ask that one's own artist be verified, with words and https addresses as evidence; of two at once, one counts.

    Raises:
        ArtistMissing: no such artist of this account.
        VerificationWaits: a request waits, or it is verified.
        VerificationLimited: three requests within thirty days.
        TextInvalid, LinkInvalid: say what to change.
    """
    verified = await store.lock_artist(tx, artist_id=artist_id, user_id=user_id)
    if verified is None:
        raise ArtistMissing("There is no such artist profile of yours.")
    asked = Verification(
        verification_id=new_id(),
        artist_id=artist_id,
        asked_by=user_id,
        evidence=_words(evidence, field="evidence", most=EVIDENCE_CHARACTERS),
        links=_addresses(links),
        asked_at=now,
        state=State.WAITING,
        decided_at=None,
        decided_by=None,
        ground=None,
        reason="",
    )
    before = await store.list_asked_since(tx, artist_id=artist_id, since=now - WITHIN)
    newest = await store.newest_of(tx, artist_id=artist_id)
    if verified or (newest is not None and newest.state is State.WAITING):
        raise VerificationWaits
    if len(before) >= MOST_ASKED:
        raise VerificationLimited(
            f"At most {MOST_ASKED} requests within {WITHIN.days} days.",
            retry_after_s=int((before[0] + WITHIN - now).total_seconds()),
        )
    await store.add(tx, asked=asked)
    return asked


async def withdraw(tx: Tx, *, artist_id: ArtistId, user_id: UserId, now: datetime) -> None:
    """Withdraw the request of one's own artist that waits.

    Raises:
        VerificationMissing: none waits, or the artist is another's.
    """
    if not await store.withdraw(tx, artist_id=artist_id, user_id=user_id, now=now):
        raise VerificationMissing


async def newest_of(tx: Tx, *, artist_id: ArtistId) -> Verification | None:
    """Return what an artist asked last; for those who speak for it, which the caller has made sure of."""
    return await store.newest_of(tx, artist_id=artist_id)


async def own_newest(tx: Tx, *, artist_id: ArtistId, user_id: UserId) -> Verification:
    """Return what one asked last for one's own artist.

    Raises:
        VerificationMissing: nothing was asked, or the artist is another's.
    """
    asked = await store.newest_of(tx, artist_id=artist_id)
    if asked is None or (await profiles.artist(tx, artist_id=artist_id)).user_id != user_id:
        raise VerificationMissing
    return asked


async def queue(tx: Tx, *, limit: int, after: tuple[datetime, UUID] | None = None) -> list[Waiting]:
    """Return what waits, the oldest first; for moderators. `after` is when the last one shown was asked, and its id."""
    return await store.list_waiting(tx, limit=limit, after=after)


async def count_waiting(tx: Tx) -> int:
    """Return how many requests wait; for moderators."""
    return await store.count_waiting(tx)


async def request_of(tx: Tx, *, verification_id: UUID) -> Verification:
    """Return a request whole; for moderators.

    Raises:
        VerificationMissing: there is none.
    """
    found = await store.load(tx, verification_id=verification_id)
    if found is None:
        raise VerificationMissing
    return found


async def decide(
    tx: Tx, *, verification_id: UUID, verdict: State, by: UserId, ground: str, reason: str, now: datetime
) -> Verification:
    """Verify or refuse, once; write it down in the security log, tell the artist, and return the request as it is then.

    The log keeps who, the verdict and its ground; the words are the artist's to read and leave with them.

    Raises:
        VerificationMissing: there is no such request.
        VerificationDecided: it was decided before, or withdrawn.
        OwnVerification: the decider asked, or speaks for the artist.
        GroundInvalid, TextInvalid: say what to change.
    """
    asked = await request_of(tx, verification_id=verification_id)
    known = require_ground(verdict, ground)
    words = _words(reason, field="reason", most=REASON_CHARACTERS)
    owner = (await profiles.artist(tx, artist_id=asked.artist_id)).user_id
    if not await store.decide(
        tx, verification_id=verification_id, verdict=verdict, by=by, ground=known, reason=words, now=now
    ):
        raise OwnVerification if by in {asked.asked_by, owner} else VerificationDecided
    if verdict is State.VERIFIED:
        await store.mark_verified(tx, artist_id=asked.artist_id, now=now)
    await audit_log.record(
        tx,
        action=Action.ARTIST_VERIFIED if verdict is State.VERIFIED else Action.ARTIST_REFUSED,
        user_id=owner,
        actor_id=by,
        now=now,
        detail=f"artist {asked.artist_id}: {known.value}",
    )
    await notifications.tell(
        tx,
        user_id=owner,
        kind=Kind.ARTIST_VERIFIED if verdict is State.VERIFIED else Kind.ARTIST_NOT_VERIFIED,
        key=str(verification_id),
        facts={"when": now.isoformat()},
        now=now,
    )
    return await request_of(tx, verification_id=verification_id)


def _words(text: str, *, field: str, most: int) -> str:
    words = paragraphs(text, field=field, most=most)
    if not words:
        raise TextInvalid("This is too short: at least 1 character.", field=field)
    return words


def _addresses(links: Sequence[str]) -> tuple[str, ...]:
    if len(links) > MOST_LINKS:
        raise LinkInvalid(f"At most {MOST_LINKS} links.")
    return tuple(link.url for link in profiles.links_of([("-", url) for url in links]))
