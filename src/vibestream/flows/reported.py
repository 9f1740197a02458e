"""What can be reported, as whoever reports it sees it, and what moderators call it.

People and artists are user's, releases music's; here they become one kind of subject.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.reports.service import Kind, Subject
from vibestream.kernel.errors import Missing
from vibestream.kernel.ids import ArtistId, ReleaseId, UserId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class Reported:
    """What is reported, what it is called, and its page."""

    subject: Subject
    name: str
    place: str


async def person(tx: Tx, *, handle: str, viewer: UserId) -> Reported:
    """Return the person's page that a handle leads to, as its viewer may report it.

    Raises:
        FanMissing: they may not see it, or there is none.
    """
    page = await fans.seen(tx, handle=handle, viewer=viewer)
    subject = Subject(kind=Kind.FAN, subject_id=page.user_id, owner_id=page.user_id)
    return Reported(subject, page.display_name, f"/u/{page.handle}")


async def artist(tx: Tx, *, handle: str) -> Reported:
    """Return the artist that a handle leads to, as anybody may report it.

    Raises:
        ArtistMissing: there is none to see.
    """
    found = await profiles.artist_by_handle(tx, handle=handle)
    subject = Subject(kind=Kind.ARTIST, subject_id=found.artist_id, owner_id=found.user_id)
    return Reported(subject, found.name, f"/artists/{found.handle}")


async def release(tx: Tx, *, release_id: UUID) -> Reported:
    """Return a public release, as anybody may report it.

    Raises:
        ReleaseMissing, TakenDown: there is none to see.
    """
    found = await catalogue.show_release(tx, release_id=ReleaseId(release_id), viewer=None)
    subject = Subject(kind=Kind.RELEASE, subject_id=release_id, owner_id=found.artist.owner_user_id)
    return Reported(subject, f"{found.title}, {found.artist.name}", f"/releases/{release_id}")


async def named(tx: Tx, *, kind: Kind, subject_id: UUID) -> tuple[str, str]:
    """Return what a subject is called and where it is; its id, and nowhere, when it is there no more."""
    try:
        match kind:
            case Kind.FAN:
                page = await fans.own_page(tx, user_id=UserId(subject_id))
                return (page.display_name, f"/u/{page.handle}") if page else (str(subject_id), "")
            case Kind.ARTIST:
                found = await profiles.artist(tx, artist_id=ArtistId(subject_id))
                return found.name, f"/artists/{found.handle}"
            case Kind.RELEASE:
                seen = await release(tx, release_id=subject_id)
                return seen.name, seen.place
    except (Missing, catalogue.TakenDown):
        return str(subject_id), ""
