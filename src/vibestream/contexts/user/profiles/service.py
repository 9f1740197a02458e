"""Fan and artist profiles: one account, one fan, any few artists.

Becoming an artist grants the role `artist`. A handle that an artist leaves stays theirs and leads to them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Final

from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.events import ArtistProfileChanged, ArtistProfileCreated
from vibestream.contexts.user.profiles import domain, store
from vibestream.contexts.user.profiles.domain import (
    ArtistProfile,
    FanProfile,
    Handle,
    HandleInvalid,
    Link,
    LinkInvalid,
    PreferenceInvalid,
    parse_handle,
    require_preferences,
)
from vibestream.kernel.errors import Conflict, Forbidden, Limited, Missing
from vibestream.kernel.ids import ArtistId, UserId, new_id
from vibestream.kernel.text import one_line, paragraphs
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish

__all__ = [
    "ArtistMissing",
    "ArtistProfile",
    "ArtistsExhausted",
    "FanProfile",
    "Handle",
    "HandleChangesLimited",
    "HandleInvalid",
    "HandleTaken",
    "Link",
    "LinkInvalid",
    "NotVerified",
    "OwnerOnly",
    "PreferenceInvalid",
    "artist",
    "artist_by_handle",
    "artists",
    "artists_of",
    "become_artist",
    "change_artist",
    "change_fan",
    "create_fan",
    "display_name_of",
    "fan",
    "hold_handle",
    "links_of",
    "names_of",
    "parse_handle",
    "require_preferences",
    "require_verified",
    "shown_artist",
]

MOST_ARTISTS: Final = 5
"""Artist profiles of one account; more is a label's business."""
_MOST_HANDLES: Final = 3
_HANDLES_WITHIN: Final = timedelta(days=30)


class HandleTaken(Conflict):
    """Another artist has, or had, this handle or one that looks like it."""

    code: ClassVar[str] = "profile.handle_taken"

    def __init__(self, *, handle: str) -> None:
        super().__init__(f"The handle {handle} is taken, or looks like one that is. Choose another.")
        self.handle = handle


class HandleChangesLimited(Limited):
    """The artist took as many handles within thirty days as allowed."""

    code: ClassVar[str] = "profile.handle_changes_limited"


class ArtistsExhausted(Conflict):
    """The account has as many artist profiles as allowed."""

    code: ClassVar[str] = "profile.artists_exhausted"


class ArtistMissing(Missing):
    """There is no such artist, or not of this account."""

    code: ClassVar[str] = "profile.artist_missing"


class OwnerOnly(Forbidden):
    """Name and handle are changed by the owner alone."""

    code: ClassVar[str] = "profile.owner_only"

    def __init__(self) -> None:
        super().__init__("Only the owner changes the name and the handle.")


class NotVerified(Forbidden):
    """The account's e-mail address was not proved yet."""

    code: ClassVar[str] = "profile.not_verified"


def display_name_of(text: str) -> str:
    """Return a name as it will be shown: NFC, one line, 1 to 80 characters, nothing invisible.

    Raises:
        TextInvalid: says what is wrong.
    """
    return one_line(text, field="display_name", most=domain.NAME_CHARACTERS)


async def create_fan(tx: Tx, *, user_id: UserId, display_name: str, locale: str, theme: str = "system") -> None:
    """Give an account its fan profile, or put it in the place of the one it has.

    Raises:
        TextInvalid, PreferenceInvalid: say what is wrong.
    """
    require_preferences(locale=locale, theme=theme)
    name = display_name_of(display_name)
    await store.save_fan(tx, fan=FanProfile(user_id=user_id, display_name=name, locale=locale, theme=theme))


async def fan(tx: Tx, *, user_id: UserId) -> FanProfile:
    """Return an account's fan profile.

    Raises:
        LookupError: the account has none, which is a defect: every account is made with one.
    """
    found = await store.load_fan(tx, user_id=user_id)
    if found is None:
        raise LookupError(user_id)
    return found


async def names_of(tx: Tx, *, user_ids: Collection[UserId]) -> dict[UserId, str]:
    """Return what accounts are called, by id; one that there is not, or not any more, is missing from the answer."""
    return await store.load_names(tx, user_ids=user_ids) if user_ids else {}


async def change_fan(
    tx: Tx, *, user_id: UserId, display_name: str | None = None, locale: str | None = None, theme: str | None = None
) -> FanProfile:
    """Change what is given of an account's fan profile and return it as it is then.

    Raises:
        TextInvalid, PreferenceInvalid: say what is wrong.
    """
    found = await store.lock_fan(tx, user_id=user_id)
    if found is None:
        raise LookupError(user_id)
    changed = replace(
        found,
        display_name=found.display_name if display_name is None else display_name_of(display_name),
        locale=locale or found.locale,
        theme=theme or found.theme,
    )
    require_preferences(locale=changed.locale, theme=changed.theme)
    await store.save_fan(tx, fan=changed)
    return changed


async def become_artist(
    tx: Tx,
    *,
    user_id: UserId,
    name: str,
    handle: str,
    now: datetime,
    bio: str = "",
    links: Sequence[tuple[str, str]] = (),
) -> ArtistProfile:
    """Make an artist profile for an account, grant it the role `artist`, and announce ArtistProfileCreated.

    `links` are (label, https address) pairs. Of two that take one handle at the same moment, one succeeds.

    Raises:
        NotVerified: the account's address was not proved.
        HandleTaken, HandleInvalid, LinkInvalid, TextInvalid: say what to change.
        ArtistsExhausted: the account has five already.
    """
    # The account's own row is the lock, so that two requests at once cannot pass the limit together.
    if await store.lock_fan(tx, user_id=user_id) is None or not await store.is_verified(tx, user_id=user_id):
        raise NotVerified("Verify your e-mail address first.")
    if len(await store.list_artists(tx, user_id=user_id)) >= MOST_ARTISTS:
        raise ArtistsExhausted(f"An account has at most {MOST_ARTISTS} artist profiles.")
    chosen = domain.parse_handle(handle)
    profile = ArtistProfile(
        artist_id=ArtistId(new_id()),
        user_id=user_id,
        name=one_line(name, field="name", most=domain.NAME_CHARACTERS),
        handle=chosen.text,
        bio=paragraphs(bio, field="bio", most=domain.BIO_CHARACTERS),
        links=links_of(links),
        created_at=now,
        changed_at=now,
    )
    await store.save_artist(tx, artist=profile)
    if not await store.take_handle(tx, artist_id=profile.artist_id, handle=chosen, now=now):
        raise HandleTaken(handle=chosen.text)
    await access.grant_role(tx, user_id=user_id, role=access.Role.ARTIST, granted_by=user_id, now=now)
    await publish(
        tx,
        ArtistProfileCreated(
            artist_id=profile.artist_id, user_id=user_id, name=profile.name, handle=profile.handle, occurred_at=now
        ),
    )
    return profile


async def change_artist(
    tx: Tx,
    *,
    artist_id: ArtistId,
    user_id: UserId,
    now: datetime,
    name: str | None = None,
    handle: str | None = None,
    bio: str | None = None,
    links: Sequence[tuple[str, str]] | None = None,
) -> ArtistProfile:
    """Change what is given of an artist profile that an account owns or, but for name and handle, edits; announce ArtistProfileChanged for a new name or handle.

    An artist that takes another name or handle is not verified any more.

    Raises:
        ArtistMissing: no such artist of this account, and none that it edits.
        OwnerOnly: an editor gave another name or handle.
        HandleTaken, HandleInvalid, LinkInvalid, TextInvalid: say what to change.
        HandleChangesLimited: three handles were taken within the last thirty days.
    """
    found = await store.lock_artist(tx, artist_id=artist_id, user_id=user_id)
    if found is None:
        raise ArtistMissing("There is no such artist profile of yours.")
    if user_id != found.user_id and (name not in {None, found.name} or handle not in {None, found.handle}):
        raise OwnerOnly
    changed = replace(
        found,
        name=found.name if name is None else one_line(name, field="name", most=domain.NAME_CHARACTERS),
        handle=found.handle if handle is None else await _take(tx, artist=found, handle=handle, now=now),
        bio=found.bio if bio is None else paragraphs(bio, field="bio", most=domain.BIO_CHARACTERS),
        links=found.links if links is None else links_of(links),
    )
    if changed == found:
        return found
    changed = replace(changed, changed_at=now)
    await store.save_artist(tx, artist=changed)
    if (changed.name, changed.handle) != (found.name, found.handle):
        await store.drop_verified(tx, artist_id=artist_id)
        await publish(
            tx,
            ArtistProfileChanged(
                artist_id=artist_id, user_id=found.user_id, name=changed.name, handle=changed.handle, occurred_at=now
            ),
        )
    return changed


async def artist(tx: Tx, *, artist_id: ArtistId) -> ArtistProfile:
    """Return an artist profile, hidden or not: for those who speak for it, and for moderators.

    Raises:
        ArtistMissing: there is none.
    """
    found = await store.load_artist(tx, artist_id=artist_id)
    if found is None:
        raise ArtistMissing("There is no such artist.")
    return found


async def shown_artist(tx: Tx, *, artist_id: ArtistId) -> ArtistProfile:
    """Return an artist profile, for everybody to see.

    Raises:
        ArtistMissing: there is none, or a moderator hid it.
    """
    found = await store.load_shown(tx, artist_id=artist_id)
    if found is None:
        raise ArtistMissing("There is no such artist.")
    return found


async def artist_by_handle(tx: Tx, *, handle: str) -> ArtistProfile:
    """Return the artist that a handle leads to; a former handle, or one that looks alike, leads to its artist too.

    Compare `handle` of what is returned with what was asked, and redirect when they differ.

    Raises:
        ArtistMissing: no artist has or had it, or a moderator hid it.
    """
    try:
        asked = domain.parse_handle(handle)
    except HandleInvalid:
        raise ArtistMissing("There is no such artist.") from None
    found = await store.find_by_handle(tx, skeleton=asked.skeleton)
    if found is None:
        raise ArtistMissing("There is no such artist.")
    return found


async def artists(tx: Tx, *, artist_ids: Sequence[ArtistId]) -> dict[ArtistId, ArtistProfile]:
    """Return the artist profiles with these ids, by id; unknown ids are left out."""
    found = await store.list_by_ids(tx, artist_ids=list(artist_ids))
    return {profile.artist_id: profile for profile in found}


async def artists_of(tx: Tx, *, user_id: UserId) -> list[ArtistProfile]:
    """Return the artists that an account speaks for, the oldest first."""
    return await store.list_artists(tx, user_id=user_id)


async def hold_handle(tx: Tx, *, user_id: UserId, handle: Handle, now: datetime) -> None:
    """Make an account the holder of a handle, for whatever of its profiles; of two at the same moment, one succeeds.

    Raises:
        HandleTaken: another account has, or had, this one or one that looks like it; or its holder left within a year.
    """
    if not await store.hold_handle(tx, user_id=user_id, handle=handle, now=now):
        raise HandleTaken(handle=handle.text)


async def require_verified(tx: Tx, *, user_id: UserId) -> None:
    """Return when an account's address was proved.

    Raises:
        NotVerified: it was not.
    """
    if not await store.is_verified(tx, user_id=user_id):
        raise NotVerified("Verify your e-mail address first.")


def links_of(links: Sequence[tuple[str, str]]) -> tuple[Link, ...]:
    """Return the links of (label, address) pairs, cleaned.

    Raises:
        LinkInvalid, TextInvalid: say what to change.
    """
    named = [(one_line(label, field="links", most=domain.LABEL_CHARACTERS), url) for label, url in links]
    return domain.parse_links(named)


async def _take(tx: Tx, *, artist: ArtistProfile, handle: str, now: datetime) -> str:
    chosen = domain.parse_handle(handle)
    if chosen.text == artist.handle:
        return chosen.text
    if not await store.take_handle(tx, artist_id=artist.artist_id, handle=chosen, now=now):
        raise HandleTaken(handle=chosen.text)
    taken = await store.list_handles_since(tx, artist_id=artist.artist_id, since=now - _HANDLES_WITHIN)
    if len(taken) > _MOST_HANDLES:
        free_again = taken[0] + _HANDLES_WITHIN - now
        raise HandleChangesLimited(
            f"At most {_MOST_HANDLES} handles within {_HANDLES_WITHIN.days} days.",
            retry_after_s=int(free_again.total_seconds()),
        )
    return chosen.text
