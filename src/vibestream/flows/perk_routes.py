"""HTTP of perks: artists offer them, and whoever proves to be a fan opens one without saying who.

The addresses stand here because a perk is of two contexts: user knows whose an artist is, listening what was heard.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from fastapi import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from vibestream.contexts.listen_reward.fandom import service as fandom
from vibestream.contexts.listen_reward.fandom.service import (
    CODE_MOST,
    CODES_MOST,
    TEXT_MOST,
    TITLE_MOST,
    Asked,
    Offered,
)
from vibestream.flows.artists_people import own_artist
from vibestream.flows.open_perks import open_perk
from vibestream.kernel.errors import Conflict
from vibestream.kernel.ids import ArtistId, PerkId, new_id
from vibestream.platform.access import ANYONE, SIGNED_IN, holds
from vibestream.platform.http.dependencies import MaybePrincipalDep, NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["perks"])

MOST_BYTES: Final = 8 * 1024
_FORM_BYTES: Final = 256 * 1024
_ARTIST: Final = holds("artist")


class FanSignedIn(Conflict):
    """Whoever proves must not say who they are: a session would link the proof with the account."""

    code: ClassVar[str] = "fandom.signed_in"


class PerkRequest(BaseModel):
    """What an artist gives."""

    model_config = ConfigDict(extra="forbid")

    artist_id: UUID
    title: Annotated[StrictStr, Field(min_length=1, max_length=4 * TITLE_MOST, description="Everybody sees it.")]
    text: Annotated[StrictStr, Field(min_length=1, max_length=4 * TEXT_MOST, description="Whoever proves gets it.")]
    codes: Annotated[list[Annotated[StrictStr, Field(max_length=4 * CODE_MOST)]], Field(max_length=CODES_MOST)] = Field(
        default=[], description="Codes, of which each proof takes one."
    )
    least_s: StrictInt = Field(
        description="For how long somebody must have heard the artist on one day: 30, 60, 180, 300, 600, 1800 or 3600 seconds. "
        "A listen counts with its first half minute."
    )


class PerkBody(BaseModel):
    """A perk as everybody sees it."""

    perk_id: UUID
    artist_id: UUID
    title: str
    least_s: int
    opened: int | None = Field(
        description="By how many receipts it was opened: a fan counts once for each day that they prove. Null: by fewer than ten."
    )
    codes: int = Field(description="With how many codes it was offered; each goes to one receipt.")


class PerkList(BaseModel):
    """Perks, the newest first."""

    items: list[PerkBody]


class WithinBody(BaseModel):
    """A day by which one can open a perk."""

    epoch: date
    seconds: int
    hides_among: int = Field(description="How many heard the artist for so long on that day, oneself with them.")


class WithinList(BaseModel):
    """Days by which one can open a perk, the one that hides best first."""

    items: list[WithinBody]
    anonymity_floor: int = Field(description="A proof that hides among fewer must accept to be recognised.")


class ProofRequest(BaseModel):
    """A proof, what it says, and of which day."""

    model_config = ConfigDict(extra="forbid")

    proof: Any = Field(description="snarkjs's `proof.json`.")
    public_signals: Any = Field(
        description="snarkjs's `public.json`. `songDisclosure` is 2^129 plus the artist's identifier; `payout` binds the proof to "
        "`vibestream-perk-v1`, the deployment, the day's number, the perk's identifier and the expiry in seconds."
    )
    epoch: date
    expires_at: AwareDatetime = Field(description="Until when the proof counts: whole seconds, as it is bound to.")
    accepts_recognition: StrictBool = Field(
        default=False,
        description="That it may be guessed whose it is; needed where it hides among fewer than the floor.",
    )


class OpenedBody(BaseModel):
    """What the artist gives."""

    perk_id: UUID
    title: str
    text: str
    code: str | None = Field(
        description="One's own, where the perk has codes; the same whenever it is asked for again."
    )


@router.post("/api/v1/studio/perks", policy=_ARTIST, status_code=201, max_body_bytes=_FORM_BYTES)
async def offer(body: PerkRequest, tx: TxDep, principal: PrincipalDep, now: NowDep) -> PerkBody:
    """Offer a perk as an artist of one's own."""
    artist_id = (await own_artist(tx, artist_id=body.artist_id, user_id=principal.user_id)).artist_id
    perk = await fandom.offer(
        tx,
        artist_id=artist_id,
        made_by=principal.user_id,
        key=new_id(),
        title=body.title,
        text=body.text,
        least_s=body.least_s,
        now=now,
        codes="\n".join(" ".join(one.split()) for one in body.codes),
    )
    return _body(Offered(perk, None, len(body.codes)))


@router.get("/api/v1/studio/perks", policy=_ARTIST)
async def list_own(tx: TxDep, principal: PrincipalDep) -> PerkList:
    """List what one offers as any of one's artists."""
    found = await fandom.offered_by_maker(tx, made_by=principal.user_id)
    return PerkList(items=[_body(one) for one in found])


@router.delete("/api/v1/studio/perks/{perk_id}", policy=_ARTIST, status_code=204)
async def withdraw(perk_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Offer a perk of one's own no more."""
    await fandom.withdraw(tx, perk_id=PerkId(perk_id), made_by=principal.user_id, now=now)
    return Response(status_code=204)


@router.get("/api/v1/artists/{artist_id}/perks", policy=ANYONE)
async def list_perks(artist_id: UUID, tx: TxDep) -> PerkList:
    """List what an artist gives to fans; what is in it is for those who prove."""
    found = await fandom.offered_by_artist(tx, artist_id=ArtistId(artist_id))
    return PerkList(items=[_body(one) for one in found])


@router.get("/api/v1/perks/{perk_id}/days", policy=SIGNED_IN)
async def list_days(perk_id: UUID, tx: TxDep, principal: PrincipalDep, runtime: RuntimeDep, now: NowDep) -> WithinList:
    """List the days by whose receipts one can open a perk oneself. Whoever asks says that they look at it, and no more."""
    perk = await fandom.perk(tx, perk_id=PerkId(perk_id))
    days = await fandom.days_within(tx, perk=perk, user_id=principal.user_id, now=now)
    items = [WithinBody(epoch=one.epoch, seconds=one.seconds, hides_among=one.hides_among) for one in days]
    return WithinList(items=items, anonymity_floor=runtime.settings.claim_anonymity_floor)


@router.post("/api/v1/perks/{perk_id}/proofs", policy=ANYONE, max_body_bytes=MOST_BYTES)
async def prove(
    perk_id: UUID, body: ProofRequest, principal: MaybePrincipalDep, runtime: RuntimeDep, now: NowDep
) -> OpenedBody:
    """Get what is in a perk for a proof of fandom. Safe to repeat; refused when it is sent with a session."""
    if principal is not None:
        raise FanSignedIn("Send a proof without a session: with one, it would say who you are.")
    until: datetime = body.expires_at.replace(microsecond=0)
    asked = Asked(PerkId(perk_id), body.epoch, until, body.accepts_recognition)
    opened = await open_perk(runtime, proof=body.proof, signals=body.public_signals, asked=asked, now=now)
    perk = opened.perk
    return OpenedBody(perk_id=perk.perk_id, title=perk.title, text=perk.text, code=opened.code)


def _body(one: Offered) -> PerkBody:
    perk = one.perk
    return PerkBody(
        perk_id=perk.perk_id,
        artist_id=perk.artist_id,
        title=perk.title,
        least_s=perk.least_s,
        opened=one.opened,
        codes=one.codes,
    )
