"""HTTP of consents: how one stands, giving and withdrawing.

The addresses stand here because what was said is user's, and what follows from it is not.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from vibestream.contexts.user.consents import service as consents
from vibestream.contexts.user.consents.service import Purpose, Standing
from vibestream.flows import say_consent as say
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["consents"])


class ConsentBody(BaseModel):
    """How one stands to a purpose."""

    purpose: Purpose
    given: bool
    version: int = Field(description="Of the text as it is now.")
    since: datetime | None = Field(description="When one last said anything about it.")
    outdated: bool = Field(description="Whether one had consented to an earlier text.")


class ConsentsBody(BaseModel):
    """How one stands to every purpose."""

    consents: list[ConsentBody]


class Said(BaseModel):
    """What one says: yes, to a text that one has read; or no."""

    model_config = ConfigDict(extra="forbid")
    given: Annotated[bool, Field(strict=True)]
    version: Annotated[int, Field(strict=True, ge=1, le=10_000)] | None = Field(
        None, description="Of the text that was read; wanted for a yes."
    )

    @model_validator(mode="after")
    def _needs_a_text(self) -> Self:
        if self.given and self.version is None:
            raise ValueError("a consent is to a version of the text")
        return self


@router.get("/api/v1/me/consents", policy=SIGNED_IN)
async def list_consents(tx: TxDep, principal: PrincipalDep) -> ConsentsBody:
    """Show how one stands to every purpose that consent is asked for."""
    found = await consents.standings(tx, user_id=principal.user_id)
    return ConsentsBody(consents=[_body(one) for one in found])


@router.put("/api/v1/me/consents/{purpose}", policy=SIGNED_IN)
async def say_consent(purpose: Purpose, said: Said, tx: TxDep, principal: PrincipalDep, now: NowDep) -> ConsentBody:
    """Give consent to a purpose, or withdraw it: what was kept by a consent that is withdrawn is deleted at once."""
    user_id, session_id = principal.user_id, principal.session_id
    if said.given and said.version is not None:
        standing = await say.give(
            tx, user_id=user_id, purpose=purpose, version=said.version, session_id=session_id, now=now
        )
    else:
        standing = await say.withdraw(tx, user_id=user_id, purpose=purpose, session_id=session_id, now=now)
    return _body(standing)


def _body(standing: Standing) -> ConsentBody:
    return ConsentBody(
        purpose=standing.purpose,
        given=standing.given,
        version=standing.version,
        since=standing.since,
        outdated=standing.outdated,
    )
