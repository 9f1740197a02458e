"""HTTP of held listens for their listener: what is looked at, and the appeal. Why each is held is told to moderators alone."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictStr

from vibestream.contexts.listen_reward.scoring.domain.cases import TEXT_MOST
from vibestream.contexts.listen_reward.scoring.service import cases
from vibestream.contexts.listen_reward.scoring.service.cases import Case, CaseState
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["held listens"])

_OWN: Final = 100
_MOST_BYTES: Final = 16 * 1024


class CaseBody(BaseModel):
    """Listens of one's own that wait for a person, or waited. What they are held for would teach farms, and is not told."""

    case_id: UUID
    opened_at: datetime
    due_at: datetime = Field(description="By then a person should have decided.")
    state: CaseState = Field(
        description="Released listens count as of the day of their release; rejected ones never do."
    )
    decided_at: datetime | None
    appeal: str | None = Field(description="What one said about it.")
    appealed_at: datetime | None

    @classmethod
    def of(cls, case: Case) -> Self:
        """Return a case as its listener is told of it."""
        return cls.model_validate(case, from_attributes=True)


class HeldBody(BaseModel):
    """A case with how many listens are in it."""

    case: CaseBody
    listens: int


class HeldList(BaseModel):
    """One's cases, the newest first; at most a hundred."""

    items: list[HeldBody]


class AppealRequest(BaseModel):
    """What a person should know before they decide."""

    model_config = ConfigDict(extra="forbid")

    words: StrictStr = Field(min_length=1, max_length=TEXT_MOST)


@router.get("/api/v1/me/held-listens", policy=SIGNED_IN)
async def list_held(tx: TxDep, principal: PrincipalDep) -> HeldList:
    """List what of one's own listening is or was looked at by a person."""
    rows = await cases.cases_of(tx, user_id=principal.user_id, limit=_OWN)
    return HeldList(items=[HeldBody(case=CaseBody.of(one.case), listens=one.listens) for one in rows])


@router.post("/api/v1/me/held-listens/appeal", policy=SIGNED_IN, max_body_bytes=_MOST_BYTES)
async def appeal(body: AppealRequest, tx: TxDep, principal: PrincipalDep, now: NowDep) -> CaseBody:
    """Say something about the case that is open, once; a person reads it before they decide."""
    return CaseBody.of(await cases.appeal(tx, user_id=principal.user_id, text=body.words, now=now))
