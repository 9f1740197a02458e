"""Accounts, sessions and artists for tests, made in the test's own transaction and without 140 ms of hashing each.

user = await make_user(tx)                     # verified, can sign in with user.password
user = await make_user(tx, email="ana@example.org", display_name="Ana", roles=["admin"])
artist = await make_artist(tx)                 # a user with an artist profile: artist.artist_id, artist.user
token = await signed_in(tx, user)              # a session's token, for the cookie
principal = await principal_of(tx, user)       # for services that take one
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.accounts import store as accounts_store
from vibestream.contexts.user.accounts.domain import parse_address
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.sessions.service import Device, EnteredBy, OpenedSession
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.kernel.ids import ArtistId, UserId, new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.access import Principal
from vibestream.platform.database import Tx

PASSWORD: Final = "velvet harbour lantern 42"
"""What every made user signs in with, unless the test gives another."""
MADE_AT: Final = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
DEVICE: Final = Device("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "192.0.2.0/24")

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account that a test made."""

    user_id: UserId
    email: str
    password: str
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artist:
    """An artist profile that a test made, and the account that speaks for it."""

    artist_id: ArtistId
    user: User
    name: str
    handle: str

    @property
    def user_id(self) -> UserId:
        """The account's id."""
        return self.user.user_id


async def make_user(
    tx: Tx,
    *,
    email: str | None = None,
    display_name: str = "Ana Río",
    password: str = PASSWORD,
    locale: str = "en",
    theme: str = "system",
    roles: Sequence[str] = (),
    verified: bool = True,
    now: datetime = MADE_AT,
) -> User:
    """Make an account; its address is verified and its password set unless `verified` is False."""
    user_id = UserId(new_id())
    address = parse_address(email or f"person-{next(_numbers)}-{user_id.hex[-8:]}@example.org")
    assert await accounts_store.add_account(tx, user_id=user_id, address=address, now=now)
    await profiles.create_fan(tx, user_id=user_id, display_name=display_name, locale=locale, theme=theme)
    if verified:
        await accounts_store.save_verified(tx, user_id=user_id, email=address.email, now=now)
        await passwords.set_password(tx, user_id=user_id, password_hash=_hash(password), now=now)
    for role in roles:
        await access.grant_role(tx, user_id=user_id, role=access.role_named(role), granted_by=None, now=now)
    return User(user_id=user_id, email=address.email, password=password, display_name=display_name)


async def make_artist(
    tx: Tx,
    *,
    user: User | None = None,
    name: str = "Río Lento",
    handle: str | None = None,
    now: datetime = MADE_AT,
) -> Artist:
    """Make an artist profile, of a new account unless one is given; announces ArtistProfileCreated."""
    owner = user or await make_user(tx, display_name=name, now=now)
    profile = await profiles.become_artist(
        tx,
        user_id=owner.user_id,
        name=name,
        handle=handle or f"artist-{next(_numbers)}-{owner.user_id.hex[-6:]}",
        now=now,
    )
    return Artist(artist_id=profile.artist_id, user=owner, name=profile.name, handle=profile.handle)


async def open_session(
    tx: Tx,
    user: User | Artist,
    *,
    now: datetime | None = None,
    device: Device = DEVICE,
    by: EnteredBy = EnteredBy.PASSWORD,
) -> OpenedSession:
    """Open a session for a made user, by default at the real time, which is what the HTTP edge compares it with."""
    in_round = await ways_in.begin(tx, user_id=user.user_id)
    return await sessions.open_session(
        tx, user_id=user.user_id, in_round=in_round, device=device, now=now or utc_now(), by=by
    )


async def signed_in(tx: Tx, user: User | Artist, *, now: datetime | None = None) -> str:
    """Return the token of a new session, to be sent in the session cookie."""
    return (await open_session(tx, user, now=now)).token


async def principal_of(tx: Tx, user: User | Artist, *, now: datetime | None = None) -> Principal:
    """Return a made user as a principal, by a real session."""
    instant = now or utc_now()
    found = await sessions.authenticate(tx, token=await signed_in(tx, user, now=instant), now=instant)
    assert found is not None
    return found


@functools.cache
def _hash(password: str) -> str:
    return passwords.HASHER.hash(password)
