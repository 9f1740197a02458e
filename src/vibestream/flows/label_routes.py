"""HTTP of labels: a label's roster, an artist's labels, asking, accepting, ending.

The addresses stand here because a label that is accepted works on the artist's music from that moment.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.user.labels import service as labels
from vibestream.contexts.user.labels.service import LabelRole, Relation, Side
from vibestream.flows import work_for_artists
from vibestream.flows.artists_people import own_artist
from vibestream.kernel.ids import new_id
from vibestream.platform.access import SIGNED_IN, holds
from vibestream.platform.http.dependencies import IdempotencyDep, NowDep, PrincipalDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.rate_limits import rate_limit
from vibestream.platform.http.routing import Router
from vibestream.platform.http.step_up import fresh

router = Router(tags=["labels"])

_LABEL: Final = holds("label")
_BODY: Final = 4 * 1024
_ROSTER: Final = "/api/v1/label/artists"
_LABELS: Final = "/api/v1/artists/{artist_id}/labels"
_ANSWERS: Final = Depends(rate_limit("answer_label", "120/hour"))


class AskRequest(BaseModel):
    """Who is asked, and as what the label is to work for the artist."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"handle": "larkspur", "role": "analyst"}]}
    )

    handle: Annotated[str, Field(min_length=1, max_length=200, description="With or without an @ before it.")]
    role: LabelRole


class AskedBody(BaseModel):
    """What waits for the other side's answer, and until when it can be given."""

    relation_id: UUID
    expires_at: datetime


class RelationBody(BaseModel):
    """A label and an artist: working together, or one of them asked."""

    relation_id: UUID
    label_name: str
    artist_id: UUID
    artist_name: str
    artist_handle: str
    role: LabelRole
    asked_by: Side
    asked_at: datetime
    expires_at: datetime | None = Field(description="Until when it can be answered; null: it was accepted.")
    since: datetime | None = Field(description="When it was accepted; null: it waits for the other side's answer.")

    @classmethod
    def of(cls, one: Relation) -> RelationBody:
        """Return it as it is shown to either side."""
        return cls(
            relation_id=one.relation_id,
            label_name=one.label_name,
            artist_id=one.artist_id,
            artist_name=one.artist_name,
            artist_handle=one.artist_handle,
            role=one.role,
            asked_by=one.asked_by,
            asked_at=one.asked_at,
            expires_at=one.expires_at if one.since is None else None,
            since=one.since,
        )


@router.get(_ROSTER, policy=_LABEL)
async def list_roster(tx: TxDep, principal: PrincipalDep, now: NowDep, paging: PagingDep) -> Page[RelationBody]:
    """List a label's roster and what waits for an answer, by the artists' names."""
    after = paging.after_values(str, UUID)
    found = await labels.roster_of(
        tx, label=principal.user_id, now=now, after=after and (after[0], after[1]), limit=paging.fetch
    )
    return paging.page(found, item=RelationBody.of, position=lambda one: (one.artist_name, one.artist_id))


@router.post(
    _ROSTER,
    policy=_LABEL,
    status_code=201,
    max_body_bytes=_BODY,
    dependencies=[Depends(rate_limit("ask_artist", "60/hour"))],
)
async def ask_artist(
    body: AskRequest, tx: TxDep, principal: PrincipalDep, now: NowDep, _key: IdempotencyDep
) -> AskedBody:
    """Ask, as a label, to work for an artist; its owner is told, and has 30 days to answer."""
    relation_id = new_id()
    await labels.ask_artist(tx, label=principal.user_id, handle=body.handle, role=body.role, key=relation_id, now=now)
    return AskedBody(relation_id=relation_id, expires_at=now + labels.GOOD_FOR)


@router.post(f"{_ROSTER}/{{relation_id}}/accept", policy=_LABEL, status_code=204, dependencies=[_ANSWERS])
async def accept_artist(
    relation_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep, _key: IdempotencyDep
) -> Response:
    """Accept an artist who asked: from now on the label works on its music."""
    await work_for_artists.accept(tx, relation_id=relation_id, side=Side.LABEL, by=principal.user_id, now=now)
    return Response(status_code=204)


@router.delete(f"{_ROSTER}/{{relation_id}}", policy=_LABEL, status_code=204)
async def end_artist(relation_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """End the work for an artist, or refuse or withdraw what was asked; what the label may do ends at once."""
    await work_for_artists.end(tx, relation_id=relation_id, side=Side.LABEL, by=principal.user_id, now=now)
    return Response(status_code=204)


@router.get(_LABELS, policy=SIGNED_IN)
async def list_labels(
    artist_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep, paging: PagingDep
) -> Page[RelationBody]:
    """List the labels of one's own artist and what waits for an answer, by the labels' names."""
    own = (await own_artist(tx, artist_id=artist_id, user_id=principal.user_id)).artist_id
    after = paging.after_values(str, UUID)
    found = await labels.labels_of(
        tx,
        artist_id=own,
        owner=principal.user_id,
        now=now,
        after=after and (after[0], after[1]),
        limit=paging.fetch,
    )
    return paging.page(found, item=RelationBody.of, position=lambda one: (one.label_name, one.label_id))


@router.post(
    _LABELS,
    policy=SIGNED_IN,
    status_code=201,
    max_body_bytes=_BODY,
    dependencies=[Depends(rate_limit("ask_label", "30/hour")), Depends(fresh(5))],
)
async def ask_label(
    artist_id: UUID, body: AskRequest, tx: TxDep, principal: PrincipalDep, now: NowDep, _key: IdempotencyDep
) -> AskedBody:
    """Ask a label, by the handle of its page, to work for one's own artist; wants a proof of the last five minutes."""
    own, relation_id = (await own_artist(tx, artist_id=artist_id, user_id=principal.user_id)).artist_id, new_id()
    await labels.ask_label(
        tx, owner=principal.user_id, artist_id=own, handle=body.handle, role=body.role, key=relation_id, now=now
    )
    return AskedBody(relation_id=relation_id, expires_at=now + labels.GOOD_FOR)


@router.post(
    f"{_LABELS}/{{relation_id}}/accept",
    policy=SIGNED_IN,
    status_code=204,
    dependencies=[_ANSWERS, Depends(fresh(5))],
)
async def accept_label(
    artist_id: UUID, relation_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep, _key: IdempotencyDep
) -> Response:
    """Accept a label that asked: it works on the artist's music from now on; wants a proof of the last five minutes."""
    own = (await own_artist(tx, artist_id=artist_id, user_id=principal.user_id)).artist_id
    await work_for_artists.accept(
        tx, relation_id=relation_id, side=Side.ARTIST, by=principal.user_id, artist_id=own, now=now
    )
    return Response(status_code=204)


@router.delete(f"{_LABELS}/{{relation_id}}", policy=SIGNED_IN, status_code=204)
async def end_label(artist_id: UUID, relation_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """End a label's work for one's own artist, or refuse or withdraw what was asked; it is out at once."""
    own = (await own_artist(tx, artist_id=artist_id, user_id=principal.user_id)).artist_id
    await work_for_artists.end(
        tx, relation_id=relation_id, side=Side.ARTIST, by=principal.user_id, artist_id=own, now=now
    )
    return Response(status_code=204)
