"""HTTP of receipts: by what one is known in them, one's own with their paths, and the published epochs.

Field elements are decimal text, as proofs carry them; a JSON number would be rounded by browsers.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field, StrictStr

from vibestream.contexts.listen_reward.receipts import service
from vibestream.contexts.listen_reward.receipts.domain.field import field
from vibestream.contexts.listen_reward.receipts.service import Closed
from vibestream.platform.access import ANYONE, SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.platform.http.step_up import fresh

router = Router(tags=["receipts"])


class IdentityRequest(BaseModel):
    """By what one wants to be known in receipts."""

    model_config = ConfigDict(extra="forbid")

    commitment: StrictStr = Field(
        pattern="^(0|[1-9][0-9]{0,77})$",
        description="Poseidon(8462101, secret), decimal. The secret stays with its maker.",
    )


class IdentityBody(BaseModel):
    """A commitment, and the epoch from which it is in receipts."""

    commitment: str
    from_epoch: date


class IdentityList(BaseModel):
    """One's commitments, the earliest first: each until the next one's epoch."""

    items: list[IdentityBody]


class EpochBody(BaseModel):
    """A closed epoch, signed."""

    epoch: date
    root: str = Field(description="The final root of its tree, decimal.")
    leaves: int
    per_unit_vibe_minor: int = Field(description="What one unit of a summary is worth, in the smallest unit of VIBE.")
    claimable_until: datetime
    deployment: str = Field(description="What claims are bound to: the id of the signing key, its RFC 7638 thumbprint.")
    signed: str = Field(description="The text that is signed.")
    signature: str = Field(description="Ed25519 over the text, hexadecimal.")


class EpochDetail(EpochBody):
    """A closed epoch with the sizes of the sets that claims hide in."""

    tiers: dict[int, int] = Field(description="How many summaries there are of each number of units.")


class EpochList(BaseModel):
    """Closed epochs, the newest first."""

    items: list[EpochBody]


class ReceiptBody(BaseModel):
    """One receipt with its path: everything that a proof needs beside the secret."""

    commitment: str
    song_id: str = Field(
        description="The song's element; 2^128 in a summary; 2^129 and the artist in what was heard of one."
    )
    is_summary: bool
    artist_id: UUID | None = Field(description="Of a receipt of all that was heard of one artist on that day.")
    seconds: int = Field(description="Seconds heard; in a summary, units earned.")
    nonce: str
    leaf_index: int
    siblings: list[str]


class OwnReceipts(BaseModel):
    """One's receipts of a closed epoch."""

    epoch: EpochBody
    epoch_number: str
    tiers: dict[int, int] = Field(description="How many summaries of everybody's there are of each number of units.")
    anonymity_floor: int = Field(
        description="A claim upon a summary that fewer are like is paid only when it accepts to be recognised."
    )
    receipts: list[ReceiptBody]


class WaitingBody(BaseModel):
    """A day that is not closed, and how many receipts one has in it so far."""

    epoch: date
    listens: int


class WaitingList(BaseModel):
    """Days that are not closed, the earliest first."""

    items: list[WaitingBody]


@router.put("/api/v1/receipts/identity", policy=SIGNED_IN, dependencies=[Depends(fresh(5))])
async def register_identity(body: IdentityRequest, tx: TxDep, principal: PrincipalDep, now: NowDep) -> IdentityBody:
    """Be known by a commitment in receipts: listens are then paid by claims. The first from today, others from tomorrow.

    Whoever has its secret is paid what is earned from then on: a session that was stolen is not enough.
    """
    start = await service.register_identity(
        tx, user_id=principal.user_id, commitment=field(int(body.commitment)), today=now.date()
    )
    return IdentityBody(commitment=body.commitment, from_epoch=start)


@router.get("/api/v1/receipts/identity", policy=SIGNED_IN)
async def list_identities(tx: TxDep, principal: PrincipalDep) -> IdentityList:
    """List one's own commitments."""
    known = await service.identities_of(tx, user_id=principal.user_id)
    return IdentityList(items=[IdentityBody(commitment=str(one), from_epoch=start) for start, one in known])


@router.get("/api/v1/receipts", policy=SIGNED_IN)
async def list_waiting(tx: TxDep, principal: PrincipalDep) -> WaitingList:
    """List how many receipts of one's own listens stand in days that are not closed; they are claimed after the close."""
    waiting = await service.waiting(tx, user_id=principal.user_id)
    return WaitingList(items=[WaitingBody(epoch=epoch, listens=count) for epoch, count in waiting.items()])


@router.get("/api/v1/receipts/{epoch}", policy=SIGNED_IN)
async def list_receipts(epoch: date, tx: TxDep, principal: PrincipalDep, runtime: RuntimeDep) -> OwnReceipts:
    """List one's own receipts of a closed epoch, with their paths; nobody else's."""
    found = await service.own_receipts(tx, user_id=principal.user_id, epoch=epoch)
    bodies = [
        ReceiptBody(
            commitment=str(leaf.receipt.commitment),
            song_id=str(leaf.receipt.song),
            is_summary=leaf.is_summary,
            artist_id=leaf.artist_id,
            seconds=leaf.receipt.seconds,
            nonce=str(leaf.receipt.nonce),
            leaf_index=leaf.place,
            siblings=[str(one) for one in path.siblings],
        )
        for leaf, path in zip(found.leaves, found.paths, strict=True)
    ]
    return OwnReceipts(
        epoch=_body(found.closed),
        epoch_number=str(service.epoch_element(epoch)),
        tiers=await service.tiers_of(tx, epoch=epoch),
        anonymity_floor=runtime.settings.claim_anonymity_floor,
        receipts=bodies,
    )


@router.get("/api/v1/epochs", policy=ANYONE)
async def list_epochs(
    tx: TxDep, before: date | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 30
) -> EpochList:
    """List closed epochs, the newest first, for anybody; those before a day."""
    return EpochList(items=[_body(one) for one in await service.list_closed(tx, before=before, limit=limit)])


@router.get("/api/v1/epochs/{epoch}", policy=ANYONE)
async def show_epoch(epoch: date, tx: TxDep) -> EpochDetail:
    """Show a closed epoch with how many summaries of each tier it has."""
    closed = await service.closed(tx, epoch=epoch)
    return EpochDetail(**_body(closed).model_dump(), tiers=await service.tiers_of(tx, epoch=epoch))


def _body(closed: Closed) -> EpochBody:
    return EpochBody(
        epoch=closed.epoch,
        root=str(closed.root),
        leaves=closed.leaves,
        per_unit_vibe_minor=closed.per_listen,
        claimable_until=closed.claimable_until,
        deployment=closed.key_id,
        signed=closed.signed.decode(),
        signature=closed.signature.hex(),
    )
