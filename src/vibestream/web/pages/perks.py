"""Perks: what an artist gives to fans, offered in the studio, and opened by a proof that the browser makes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import Form, Request
from starlette.responses import RedirectResponse, Response

from vibestream.contexts.listen_reward.fandom import service as fandom
from vibestream.contexts.listen_reward.fandom.service import (
    CODE_MOST,
    CODES_MOST,
    LEASTS_S,
    TEXT_MOST,
    TITLE_MOST,
    Offered,
    Within,
)
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.service import ArtistProfile
from vibestream.flows.artists_people import own_artist
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import PerkId, UserId, new_id
from vibestream.platform.access import ANYONE, SIGNED_IN, Principal, holds
from vibestream.platform.config import Settings
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import MaybePrincipalDep, NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.proving_files import address_of, files_of
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_ARTIST: Final = holds("artist")
_FORM_BYTES: Final = 256 * 1024
_LEAST_S: Final = 60
_MINUTE_S: Final = 60
Text = Annotated[str, Form(max_length=4 * TEXT_MOST)]
_FIELDS: Final = {"fandom.threshold_invalid": "least", "fandom.codes_invalid": "codes"}


@dataclass(frozen=True, slots=True)
class PerkRow:
    """A perk, and by which day one can open it; None when by none."""

    perk: Offered
    day: Within | None

    @property
    def length(self) -> str:
        """For how long the artist must have been heard."""
        return _length(self.perk.perk.least_s)


@dataclass(frozen=True, slots=True)
class ArtistPerksView:
    """What an artist gives, as one visitor sees it."""

    artist: ArtistProfile
    rows: tuple[PerkRow, ...]
    files: tuple[dict[str, str], ...]
    floor: int
    secret_from: date | None
    """Since when the visitor has receipts; None: since never."""


@dataclass(frozen=True, slots=True)
class ReachRow:
    """A perk that a fan can open, and by which day."""

    title: str
    artist: ArtistProfile
    day: Within
    length: str


@dataclass(frozen=True, slots=True)
class ReachView:
    """What a fan can open."""

    rows: tuple[ReachRow, ...]
    secret_from: date | None


@dataclass(frozen=True, slots=True)
class StudioPerksView:
    """What one gives, and the form for more."""

    rows: tuple[PerkRow, ...]
    artists: tuple[ArtistProfile, ...]
    names: dict[UUID, str]
    form: Filled
    key: UUID
    leasts: tuple[tuple[int, str], ...]
    title_most: int
    text_most: int
    done: str


@router.get("/artists/{handle}/perks", policy=ANYONE)
async def show_perks(
    *, handle: str, request: Request, tx: TxDep, principal: MaybePrincipalDep, runtime: RuntimeDep, now: NowDep
) -> Response:
    """Show what an artist gives to fans, and by which day one can prove to be one."""
    artist = await profiles.artist_by_handle(tx, handle=handle)
    if artist.handle != handle:
        return RedirectResponse(f"/artists/{artist.handle}/perks", HTTPStatus.PERMANENT_REDIRECT)
    rows = []
    for one in await fandom.offered_by_artist(tx, artist_id=artist.artist_id):
        days = (
            [] if principal is None
            else await fandom.days_within(tx, perk=one.perk, user_id=principal.user_id, now=now)
        )  # fmt: skip
        rows.append(PerkRow(one, days[0] if days else None))
    settings = runtime.settings
    view = ArtistPerksView(
        artist=artist,
        rows=tuple(rows),
        files=_files(settings, rows),
        floor=settings.claim_anonymity_floor,
        secret_from=await _secret_from(tx, principal),
    )
    return render(request, "artist_perks.html", view)


@router.get("/account/perks", policy=SIGNED_IN)
async def show_reach(request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Show what a fan can open, of all the artists whom they heard for long enough."""
    found = await fandom.within_reach(tx, user_id=principal.user_id, now=now)
    artists = await profiles.artists(tx, artist_ids=[perk.artist_id for perk, _ in found])
    rows = tuple(
        ReachRow(perk.title, artists[perk.artist_id], day, _length(perk.least_s))
        for perk, day in found
        if perk.artist_id in artists
    )
    return render(request, "account_perks.html", ReachView(rows, await _secret_from(tx, principal)))


@router.get("/studio/perks", policy=_ARTIST)
async def show_own(request: Request, tx: TxDep, principal: PrincipalDep, done: str = "") -> Response:
    """Show what one gives as an artist, with the form for more."""
    return await _studio_page(request, tx, principal.user_id, Filled({"least": str(_LEAST_S)}), done=done)


@router.post("/studio/perks", policy=_ARTIST, max_body_bytes=_FORM_BYTES)
async def offer(
    *,
    request: Request,
    tx: TxDep,
    principal: PrincipalDep,
    now: NowDep,
    key: Annotated[UUID, Form()],
    artist: Annotated[UUID, Form()],
    least: Annotated[int, Form()] = 0,
    title: Text = "",
    text: Text = "",
    codes: Annotated[str, Form(max_length=2 * CODES_MOST * CODE_MOST)] = "",
) -> Response:
    """Offer a perk; sent again, the form has made one all the same."""
    try:
        artist_id = (await own_artist(tx, artist_id=artist, user_id=principal.user_id)).artist_id
        await fandom.offer(
            tx,
            artist_id=artist_id,
            made_by=principal.user_id,
            key=key,
            title=title,
            text=text,
            least_s=least,
            now=now,
            codes=codes,
        )
    except VibeStreamError as error:
        field = str(error.facts().get("field", _FIELDS.get(error.code, "")))
        filled = Filled({"title": title, "text": text, "codes": codes, "least": str(least), "artist": str(artist)})
        refused = filled.refused(sentence_of(request, error), field_name=field)
        page = await _studio_page(request, tx, principal.user_id, refused)
        raise answer_with(request, error, page) from None
    return see_other("/studio/perks?done=offered")


@router.post("/studio/perks/{perk_id}/withdraw", policy=_ARTIST)
async def withdraw(perk_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Offer a perk no more."""
    await fandom.withdraw(tx, perk_id=PerkId(perk_id), made_by=principal.user_id, now=now)
    return see_other("/studio/perks?done=withdrawn")


async def _studio_page(request: Request, tx: Tx, user_id: UserId, form: Filled, *, done: str = "") -> Response:
    artists = await profiles.artists_of(tx, user_id=user_id)
    rows = [PerkRow(one, None) for one in await fandom.offered_by_maker(tx, made_by=user_id)]
    view = StudioPerksView(
        rows=tuple(rows),
        artists=tuple(artists),
        names={one.artist_id: one.name for one in artists},
        form=form,
        key=new_id(),
        leasts=tuple((one, _length(one)) for one in LEASTS_S),
        title_most=TITLE_MOST,
        text_most=TEXT_MOST,
        done=done,
    )
    return render(request, "studio_perks.html", view)


def _length(seconds: int) -> str:
    return f"{seconds} s" if seconds < _MINUTE_S else f"{seconds // _MINUTE_S} min"


async def _secret_from(tx: Tx, principal: Principal | None) -> date | None:
    if principal is None:
        return None
    known = await receipts.identities_of(tx, user_id=principal.user_id)
    return known[0][0] if known else None


def _files(settings: Settings, rows: list[PerkRow]) -> tuple[dict[str, str], ...]:
    """Return what is proved with, where there is something to prove."""
    if all(one.day is None for one in rows):
        return ()
    return tuple({"url": address_of(one), "sha256": one.sha256} for one in files_of(settings))
