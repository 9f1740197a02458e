"""One's own page, and somebody's as a viewer may see it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from vibestream.contexts.user.fans.domain import (
    ABOUT_CHARACTERS,
    FanMissing,
    FanPage,
    FanView,
    Followed,
    NoPageYet,
    Switches,
    parse_taste,
)
from vibestream.contexts.user.fans.store import follows, pages
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.service import (
    ArtistMissing,
    ArtistProfile,
    Handle,
    HandleChangesLimited,
    HandleInvalid,
)
from vibestream.kernel.ids import UserId
from vibestream.kernel.text import paragraphs
from vibestream.platform.database import Tx

_MOST_HANDLES: Final = 3
_HANDLES_WITHIN: Final = timedelta(days=30)
_LISTED: Final = 60


@dataclass(frozen=True, slots=True)
class LedTo:
    """What a handle leads to: an artist's page, a person's, or both, of one account."""

    artist: ArtistProfile | None
    person: FanPage | None


async def own_page(tx: Tx, *, user_id: UserId) -> FanPage | None:
    """Return somebody's own page; None before they chose a handle."""
    return await pages.load_own(tx, user_id=user_id)


async def made_page(tx: Tx, *, user_id: UserId) -> FanPage:
    """Return somebody's own page.

    Raises:
        NoPageYet: they have not made it.
    """
    found = await pages.load_own(tx, user_id=user_id)
    if found is None:
        raise NoPageYet
    return found


async def save_page(
    tx: Tx, *, user_id: UserId, handle: str, about: str, taste: str, switches: Switches, now: datetime
) -> FanPage:
    """Make somebody's own page, or change it, and return it as it is then.

    Raises:
        NotVerified: the account's address was not proved.
        HandleTaken, HandleInvalid, TasteInvalid, TextInvalid: say what to change.
        HandleChangesLimited: three handles were taken within the last thirty days.
    """
    await profiles.require_verified(tx, user_id=user_id)
    chosen = profiles.parse_handle(handle)
    found = await pages.lock_own(tx, user_id=user_id)
    fan = await profiles.fan(tx, user_id=user_id)
    page = FanPage(
        user_id=user_id,
        display_name=fan.display_name,
        handle=chosen.text,
        about=paragraphs(about, field="about", most=ABOUT_CHARACTERS),
        taste=parse_taste(taste),
        switches=switches,
        hidden=found is not None and found.hidden,
        since=found.since if found else now,
    )
    is_new = found is None or found.handle != chosen.text
    if is_new:
        await profiles.hold_handle(tx, user_id=user_id, handle=chosen, now=now)
    await pages.save_page(tx, page=page)
    if is_new:
        await _keep(tx, user_id=user_id, handle=chosen, now=now)
    return page


async def seen(tx: Tx, *, handle: str, viewer: UserId | None) -> FanPage:
    """Return the page that a handle leads to, which may be a former one of its owner's, if the viewer may see it.

    Raises:
        FanMissing: there is none, it is closed or hidden, or one of the two blocked the other: nothing tells these apart.
    """
    try:
        asked = profiles.parse_handle(handle)
    except HandleInvalid:
        raise FanMissing from None
    found = await pages.find_seen(tx, skeleton=asked.skeleton, viewer=viewer)
    if found is None:
        raise FanMissing
    return found


async def page_of(tx: Tx, *, page: FanPage, viewer: UserId | None) -> FanView:
    """Return a page that was `seen`, with what its switches let the viewer see; the owner sees what others would."""
    me, switches = page.user_id, page.switches
    artists = people = None
    if switches.shows_follows:
        artists = await follows.list_artists(tx, follower=me, viewer=viewer, limit=_LISTED)
        people = await follows.list_fans(tx, follower=me, viewer=viewer, limit=_LISTED)
    own = viewer == me
    return FanView(
        page=page,
        taste=page.taste if switches.shows_taste else (),
        badges=await pages.list_badges(tx, user_id=me) if switches.shows_badges else (),
        artists=tuple(artists or ()),
        people=tuple(people or ()),
        followers=await follows.count_followers(tx, fan_id=me) if switches.shows_follows else None,
        own=own,
        following=viewer is not None and not own and await follows.follows_fan(tx, follower=viewer, fan_id=me),
    )


async def followed_artists(
    tx: Tx, *, page: FanPage, viewer: UserId | None, after: tuple[datetime, str] | None, limit: int
) -> list[Followed]:
    """Return whom the owner of a page that was `seen` follows of artists, the latest first, as `page_of` would let it be seen.

    `after` is since when the last one shown is followed, and their handle.
    """
    if not page.switches.shows_follows:
        return []
    return await follows.list_artists(tx, follower=page.user_id, viewer=viewer, after=after, limit=limit)


async def followed_people(
    tx: Tx, *, page: FanPage, viewer: UserId | None, after: tuple[datetime, str] | None, limit: int
) -> list[Followed]:
    """Return whom the owner of a page that was `seen` follows of people, as `followed_artists`."""
    if not page.switches.shows_follows:
        return []
    return await follows.list_fans(tx, follower=page.user_id, viewer=viewer, after=after, limit=limit)


async def own_artists(tx: Tx, *, user_id: UserId, after: tuple[datetime, str] | None, limit: int) -> list[Followed]:
    """Return the artists that somebody follows, for themselves, whatever their page shows to others."""
    return await follows.list_artists(tx, follower=user_id, viewer=user_id, after=after, limit=limit)


async def own_people(tx: Tx, *, user_id: UserId, after: tuple[datetime, str] | None, limit: int) -> list[Followed]:
    """Return the people that somebody follows, for themselves, whether they have a page or none."""
    return await follows.list_fans(tx, follower=user_id, viewer=user_id, after=after, limit=limit)


async def led_to(tx: Tx, *, handle: str, viewer: UserId | None) -> LedTo:
    """Return what a handle, which may be a former one, leads to as far as the viewer may see it.

    Raises:
        FanMissing: to nothing, or nothing that they may see.
    """
    artist = person = None
    with suppress(ArtistMissing):
        artist = await profiles.artist_by_handle(tx, handle=handle)
    with suppress(FanMissing):
        person = await seen(tx, handle=handle, viewer=viewer)
    if artist is None and person is None:
        raise FanMissing
    return LedTo(artist, person)


async def _keep(tx: Tx, *, user_id: UserId, handle: Handle, now: datetime) -> None:
    await pages.keep_handle(tx, user_id=user_id, skeleton=handle.skeleton, handle=handle.text, now=now)
    taken = await pages.list_handles_since(tx, user_id=user_id, since=now - _HANDLES_WITHIN)
    if len(taken) > _MOST_HANDLES:
        free_again = taken[0] + _HANDLES_WITHIN - now
        raise HandleChangesLimited(
            f"At most {_MOST_HANDLES} handles within {_HANDLES_WITHIN.days} days.",
            retry_after_s=int(free_again.total_seconds()),
        )
