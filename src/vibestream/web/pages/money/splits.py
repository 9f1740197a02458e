"""Splits: who earns by a song of one's own, proposed, accepted, declined. The owner's rest is what others do not get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from vibestream.contexts.payment.royalties import service as royalties
from vibestream.contexts.payment.royalties.service import Share, SplitView
from vibestream.contexts.user.profiles import service as profiles
from vibestream.kernel.errors import InvalidInput, VibeStreamError
from vibestream.kernel.ids import TrackId, UserId
from vibestream.kernel.money import BASIS_POINTS
from vibestream.platform.access import SIGNED_IN, Principal
from vibestream.platform.database import Tx
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, TxDep
from vibestream.platform.http.routing import Router
from vibestream.web.pages.forms import Filled, see_other
from vibestream.web.pages.money.paying import FORM_BYTES
from vibestream.web.rendering import answer_with, render, sentence_of

router = Router(include_in_schema=False)

_PAGE: Final = "/studio/splits"
_ROWS: Final = 5
"""Others that one form can name beside the owner."""
_LONGEST: Final = 60


class ShareUnreadable(InvalidInput):
    """A share is no percentage above zero with at most two decimals, or all of them leave the owner less than nothing."""

    code = "form.share_unreadable"


class PayeeUnknown(InvalidInput):
    """No artist here has this handle."""

    code = "form.payee_unknown"


@dataclass(frozen=True, slots=True)
class ShareRow:
    """A payee's part of a split, in words."""

    name: str
    share: str
    accepted: bool
    mine: bool


@dataclass(frozen=True, slots=True)
class SplitRow:
    """A split in the list."""

    split_id: UUID
    made_at: datetime
    state: str
    """`withdrawn`, `waiting` or `counts`."""
    counts_from: str
    shares: tuple[ShareRow, ...]
    asks_me: bool
    open: bool


@router.get(f"{_PAGE}/tracks/{{track_id}}", policy=SIGNED_IN)
async def show_splits(track_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep) -> Response:
    """Show who earns by a song of one's own, and the form for another split."""
    return await _page(request, tx, principal, track_id, form=Filled())


@router.post(f"{_PAGE}/tracks/{{track_id}}", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def propose(track_id: UUID, request: Request, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Propose a split. It counts when everybody named in it has accepted."""
    sent = await request.form()
    values = {
        name: text[:_LONGEST]
        for number in range(1, _ROWS + 1)
        for name in (f"handle{number}", f"share{number}")
        if isinstance(text := sent.get(name, ""), str)
    }
    try:
        shares = await _shares(tx, values, owner=principal.user_id)
        await royalties.set_splits(tx, track_id=TrackId(track_id), owner=principal.user_id, shares=shares, now=now)
    except royalties.UnknownTrack:
        raise
    except VibeStreamError as error:
        form = Filled(values).refused(sentence_of(request, error))
        raise answer_with(request, error, await _page(request, tx, principal, track_id, form=form)) from None
    return see_other(f"{_PAGE}/tracks/{track_id}")


@router.get(_PAGE, policy=SIGNED_IN)
async def show_all(request: Request, tx: TxDep, principal: PrincipalDep) -> Response:
    """Show every split that one proposed or is named in."""
    found = await royalties.splits_of_person(tx, person=principal.user_id)
    names = await _names(tx, found)
    rows = [(one.title or "", _row(one, names, me=principal.user_id)) for one in found]
    return render(request, "money/all_splits.html", rows=rows)


@router.post(f"{_PAGE}/{{split_id}}/accept", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def accept(split_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Accept one's share of a split."""
    await royalties.accept_split(tx, split_id=split_id, payee=principal.user_id, now=now)
    return see_other(_PAGE)


@router.post(f"{_PAGE}/{{split_id}}/withdraw", policy=SIGNED_IN, max_body_bytes=FORM_BYTES)
async def withdraw(split_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Take a split back, or decline one, before it counts."""
    await royalties.withdraw_split(tx, split_id=split_id, person=principal.user_id, now=now)
    return see_other(_PAGE)


async def _page(request: Request, tx: Tx, principal: Principal, track_id: UUID, *, form: Filled) -> Response:
    found = await royalties.splits_of_track(tx, track_id=TrackId(track_id), owner=principal.user_id)
    names = await _names(tx, found)
    title = next((one.title for one in found if one.title), "")
    return render(
        request,
        "money/splits.html",
        track_id=track_id,
        title=title,
        rows=[_row(one, names, me=principal.user_id) for one in found],
        numbers=range(1, _ROWS + 1),
        form=form,
    )


async def _shares(tx: Tx, values: Mapping[str, str], *, owner: UserId) -> list[Share]:
    """Return the shares that were typed, by artists' handles; what is left is the owner's."""
    found: dict[UserId, int] = {}
    for number in range(1, _ROWS + 1):
        handle, share = (values.get(f"{name}{number}", "").strip() for name in ("handle", "share"))
        if not handle and not share:
            continue
        try:
            artist = await profiles.artist_by_handle(tx, handle=handle.removeprefix("@"))
        except VibeStreamError:
            raise PayeeUnknown(f"Nobody here has the handle {handle}.") from None
        if artist.user_id == owner or artist.user_id in found:
            raise ShareUnreadable("Name everybody else once; the rest is yours.")
        found[artist.user_id] = _basis_points(share)
    rest = BASIS_POINTS - sum(found.values())
    if rest < 0:
        raise ShareUnreadable("The shares are more than the whole.")
    return [Share(payee, share) for payee, share in [*found.items(), *([(owner, rest)] if rest else [])]]


def _basis_points(text: str) -> int:
    try:
        share = Decimal(text.replace(",", ".").removesuffix("%").strip()) * 100
    except InvalidOperation:
        raise ShareUnreadable("A share is a percentage such as 12.5.") from None
    if not share.is_finite() or share != share.to_integral_value() or not 0 < share <= BASIS_POINTS:
        raise ShareUnreadable("A share is above 0 and at most 100, with at most two decimals.")
    return int(share)


async def _names(tx: Tx, found: list[SplitView]) -> dict[UserId, str]:
    return await profiles.names_of(tx, user_ids={share.payee_id for one in found for share in one.shares})


def _row(one: SplitView, names: Mapping[UserId, str], *, me: UserId) -> SplitRow:
    state = "withdrawn" if one.withdrawn else "waiting" if one.in_force_from is None else "counts"
    return SplitRow(
        split_id=one.split_id,
        made_at=one.made_at,
        state=state,
        counts_from=royalties.label(one.in_force_from or one.effective_from),
        shares=tuple(
            ShareRow(
                names.get(share.payee_id, ""),
                f"{Decimal(share.share_bp).scaleb(-2).normalize():f}\N{NO-BREAK SPACE}%",
                share.payee_id in one.accepted,
                share.payee_id == me,
            )
            for share in one.shares
        ),
        asks_me=state == "waiting" and me not in one.accepted and me in {share.payee_id for share in one.shares},
        open=state == "waiting",
    )
