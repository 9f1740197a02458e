"""The pictures of what was reported, as whoever decides about it sees them."""

from __future__ import annotations

from uuid import UUID

from vibestream.contexts.user.pictures.domain import Picture, PictureMissing, Place
from vibestream.contexts.user.pictures.store import pictures as store
from vibestream.contexts.user.reports import service as reports
from vibestream.contexts.user.reports.service import Kind
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


async def pictures_to_judge(tx: Tx, *, kind: Kind, subject_id: UUID, by: UserId) -> dict[Place, Picture]:
    """Return the pictures of a page that was reported, by place, for a moderator who can decide about it.

    They are there while something is open of the page or while it is hidden, whoever else may see them: one decides by what
    one sees. Of a page that is neither, and for whoever reported it or whose it is, there are none: reporting a page opens
    no door to it.

    Raises:
        NothingReported: nothing was ever said of it.
    """
    case = await reports.case_of(tx, kind=kind, subject_id=subject_id)
    if kind is Kind.RELEASE or case.involves(by) or not (case.open or case.hidden):
        return {}
    found = await store.list_of_profile(tx, subject_id=subject_id)
    return {picture.place: picture for picture in found}


def judged_at(picture: Picture, *, kind: Kind) -> str:
    """Return where a moderator who can decide about a page of this kind fetches a picture of it, in its largest size."""
    return f"/moderation/reports/{kind.value}/{picture.subject_id}/pictures/{picture.place.value}.webp"


async def judged(tx: Tx, *, kind: Kind, subject_id: UUID, place: Place, by: UserId) -> Picture:
    """Return the picture in one place of a page that was reported, for a moderator who can decide about it.

    Raises:
        NothingReported: nothing was ever said of it.
        PictureMissing: there is none, or it is not theirs to decide, as `pictures_to_judge` says.
    """
    found = await pictures_to_judge(tx, kind=kind, subject_id=subject_id, by=by)
    if place not in found:
        raise PictureMissing
    return found[place]
