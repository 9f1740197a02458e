"""HTTP of verification: an artist asks with evidence, moderators decide with a ground and a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.verification import service
from vibestream.contexts.user.verification.service import Ground, State, Verification, Waiting
from vibestream.kernel.ids import ArtistId, UserId
from vibestream.platform.access import SIGNED_IN, holds
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import IdempotencyDep, NowDep, PrincipalDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["verification"])

_BODY: Final = 64 * 1024
_MODERATOR: Final = holds("moderator")
Url = Annotated[str, Field(min_length=1, max_length=500)]


class VerificationRequest(BaseModel):
    """What shows that the artist is who they say."""

    model_config = ConfigDict(extra="forbid")

    evidence: Annotated[str, Field(min_length=1, max_length=8_000)]
    links: Annotated[list[Url], Field(max_length=5)] = []


class VerificationBody(BaseModel):
    """A request to be verified, and what became of it."""

    verification_id: UUID
    artist_id: UUID
    evidence: str
    links: list[str]
    asked_at: datetime
    state: State
    decided_at: datetime | None = Field(description="Or withdrawn.")
    ground: Ground | None
    reason: str = Field(description="The moderator's words; empty before.")


class WaitingRequest(BaseModel):
    """A request that waits for a moderator."""

    verification_id: UUID
    name: str
    handle: str
    asked_at: datetime


class ModeratedVerification(VerificationBody):
    """A request with the artist as it is now."""

    name: str
    handle: str
    own: bool = Field(description="Whether one asked, or speaks for the artist: somebody else has to decide.")


class VerificationVerdict(BaseModel):
    """What a moderator decides, on which ground, and why; the artist reads the reason."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal[State.VERIFIED, State.REFUSED]
    ground: Ground = Field(
        description="`links_back` or `papers` to verify; `not_enough`, `does_not_match` or `impersonation` to refuse."
    )
    reason: Annotated[str, Field(min_length=1, max_length=4_000)]


@router.post("/api/v1/artists/{artist_id}/verification", policy=SIGNED_IN, status_code=201, max_body_bytes=_BODY)
async def ask_verification(
    *,
    artist_id: UUID,
    body: VerificationRequest,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    _key: IdempotencyDep,
) -> VerificationBody:
    """Ask that one's own artist be verified, with words and https addresses as evidence; three times in thirty days."""
    asked = await service.ask(
        tx,
        artist_id=ArtistId(artist_id),
        user_id=principal.user_id,
        evidence=body.evidence,
        links=body.links,
        now=now,
    )
    return _body(asked)


@router.get("/api/v1/artists/{artist_id}/verification", policy=SIGNED_IN)
async def show_verification(artist_id: UUID, tx: TxDep, principal: PrincipalDep) -> VerificationBody:
    """Show what one asked last for one's own artist, and what became of it."""
    asked = await service.own_newest(tx, artist_id=ArtistId(artist_id), user_id=principal.user_id)
    return _body(asked)


@router.delete("/api/v1/artists/{artist_id}/verification", policy=SIGNED_IN, status_code=204)
async def withdraw_verification(artist_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Withdraw the request of one's own artist that waits."""
    await service.withdraw(tx, artist_id=ArtistId(artist_id), user_id=principal.user_id, now=now)
    return Response(status_code=204)


@router.get("/api/v1/moderation/verifications", policy=_MODERATOR)
async def list_verifications(tx: TxDep, paging: PagingDep) -> Page[WaitingRequest]:
    """List the requests that wait, the oldest first."""
    after = paging.after_values(datetime, UUID)
    rows = await service.queue(tx, limit=paging.fetch, after=after and (after[0], after[1]))
    return paging.page(rows, item=_waiting, position=lambda row: (row.asked_at, row.verification_id))


@router.get("/api/v1/moderation/verifications/{verification_id}", policy=_MODERATOR)
async def show_request(verification_id: UUID, tx: TxDep, principal: PrincipalDep) -> ModeratedVerification:
    """Show a request with its evidence, and the artist as it is now."""
    return await _moderated(tx, await service.request_of(tx, verification_id=verification_id), principal.user_id)


@router.post(
    "/api/v1/moderation/verifications/{verification_id}/decision",
    policy=_MODERATOR,
    status_code=201,
    max_body_bytes=_BODY,
)
async def decide_verification(
    *,
    verification_id: UUID,
    body: VerificationVerdict,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    _key: IdempotencyDep,
) -> ModeratedVerification:
    """Verify an artist, or refuse to, once; never one that one speaks for."""
    decided = await service.decide(
        tx,
        verification_id=verification_id,
        verdict=body.verdict,
        by=principal.user_id,
        ground=body.ground.value,
        reason=body.reason,
        now=now,
    )
    return await _moderated(tx, decided, principal.user_id)


async def _moderated(tx: Tx, asked: Verification, reader: UserId) -> ModeratedVerification:
    artist = await profiles.artist(tx, artist_id=asked.artist_id)
    own = reader in {asked.asked_by, artist.user_id}
    return ModeratedVerification(**_body(asked).model_dump(), name=artist.name, handle=artist.handle, own=own)


def _waiting(row: Waiting) -> WaitingRequest:
    return WaitingRequest(verification_id=row.verification_id, name=row.name, handle=row.handle, asked_at=row.asked_at)


def _body(asked: Verification) -> VerificationBody:
    return VerificationBody(
        verification_id=asked.verification_id,
        artist_id=asked.artist_id,
        evidence=asked.evidence,
        links=list(asked.links),
        asked_at=asked.asked_at,
        state=asked.state,
        decided_at=asked.decided_at,
        ground=asked.ground,
        reason=asked.reason,
    )
