"""Finding an account and looking at it; each look leaves a line in the security log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from vibestream.contexts.user.access.service import Role
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.accounts.service import Account, AccountMissing, AddressInvalid
from vibestream.contexts.user.administration import store
from vibestream.contexts.user.administration.domain import PersonUnknown
from vibestream.contexts.user.administration.store import Held
from vibestream.contexts.user.attempts import service as attempts
from vibestream.contexts.user.attempts.service import Standing
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.locks import service as locks
from vibestream.contexts.user.locks.service import Lock
from vibestream.contexts.user.passkeys import service as passkeys
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.service import ArtistMissing, ArtistProfile, FanProfile
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.sessions.service import Session
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_LONGEST: Final = 320
_SHOWN: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an account is held back by at this moment."""

    sign_in: Standing
    """Attempts at its address by browsers that it does not know."""
    app_waits_s: int
    """For so long no code of its authenticator app is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An account as an admin sees it: kinds of factors, never what they are; where it is entered from, coarsely."""

    account: Account
    fan: FanProfile
    artists: tuple[ArtistProfile, ...]
    roles: tuple[Held, ...]
    factors: tuple[str, ...]
    """`password`, `app`, `recovery`, `passkey`: those that it has."""
    sessions: tuple[Session, ...]
    locks: tuple[Lock, ...]
    limits: Limits

    @property
    def locked(self) -> Lock | None:
        """The lock that holds it; None: it can be entered."""
        return next((one for one in self.locks if one.unlocked_at is None), None)


async def find(tx: Tx, *, text: str, by: UserId, network: str, now: datetime) -> UserId:
    """Return whose id, handle or address a text is. Each is compared whole: nothing in it stands for anything else.

    Raises:
        PersonUnknown: nobody's. Commit the transaction nevertheless, since a search that finds nobody is logged, too.
    """
    found = await _whose(tx, text.strip()[: _LONGEST + 1])
    if found is None:
        action = audit_log.Action.ACCOUNT_SOUGHT
        await audit_log.record(tx, action=action, user_id=None, actor_id=by, now=now, network=network)
        raise PersonUnknown
    return found


async def look(tx: Tx, *, user_id: UserId, key: bytes, by: UserId, network: str, now: datetime) -> Seen:
    """Return an account as an admin sees it; that it was looked at is written down. `key`: what addresses are hashed by.

    Raises:
        AccountMissing: there is none, or it was erased.
    """
    account = await accounts.account(tx, user_id=user_id)
    lookup = accounts.canonical(account.email).lookup
    limits = Limits(
        sign_in=await attempts.standing(tx, key=key, lookup=lookup, now=now),
        app_waits_s=await factors.waits_s(tx, user_id=user_id, now=now),
    )
    seen = Seen(
        account=account,
        fan=await profiles.fan(tx, user_id=user_id),
        artists=tuple(await profiles.artists_of(tx, user_id=user_id)),
        roles=tuple(await store.list_held(tx, user_id=user_id)),
        factors=await _factors(tx, user_id),
        sessions=tuple(await sessions.sessions_of(tx, user_id=user_id, now=now)),
        locks=tuple(await locks.locks_of(tx, user_id=user_id)),
        limits=limits,
    )
    action = audit_log.Action.ACCOUNT_SEEN
    await audit_log.record(tx, action=action, user_id=user_id, actor_id=by, now=now, network=network)
    return seen


async def holders(tx: Tx) -> list[Held]:
    """Return who holds a role, but artists, of whom there are many: by role, then in the order in which they got it."""
    return await store.list_holders(tx, but=Role.ARTIST, most=_SHOWN)


async def _whose(tx: Tx, text: str) -> UserId | None:
    if len(text) > _LONGEST:
        return None
    try:
        if "@" in text[1:]:
            return (await accounts.user_by_email(tx, email=text)).user_id
        if (plain := _id(text)) is not None:
            return (await accounts.account(tx, user_id=plain)).user_id
        return (await profiles.artist_by_handle(tx, handle=text.removeprefix("@"))).user_id
    except (AddressInvalid, AccountMissing, ArtistMissing):
        return None


def _id(text: str) -> UserId | None:
    try:
        return UserId(UUID(text))
    except ValueError:
        return None


async def _factors(tx: Tx, user_id: UserId) -> tuple[str, ...]:
    beside = await factors.factors_of(tx, user_id=user_id)
    has = {
        "password": await passwords.hash_of(tx, user_id=user_id) is not None,
        "app": beside.second,
        "recovery": beside.recovery_left > 0,
        "passkey": bool(await passkeys.passkeys_of(tx, user_id=user_id)),
    }
    return tuple(kind for kind, held in has.items() if held)
