"""Showing by an account elsewhere that it is still oneself, for an account that has neither a password nor a second factor.

The issuer is asked for a new authentication (prompt=login, max_age=0), and says in the token when that was; what it says
counts for the session that was sent there, and for the very account there that is connected with the person.

Source: OpenID Connect Core 1.0, 3.1.2.1 and 3.1.3.7.
"""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.identities.domain.errors import AnotherAccount, CannotProve, RequestExpired
from vibestream.contexts.user.identities.domain.values import Claimed, Request
from vibestream.contexts.user.identities.service.asking import Provider, provers, providers
from vibestream.contexts.user.identities.store import identities
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.sessions.service import Device, OpenedSession
from vibestream.kernel.ids import UserId
from vibestream.platform.access import Principal
from vibestream.platform.config import Settings
from vibestream.platform.database import Tx


async def proving_issuers(tx: Tx, *, settings: Settings, user_id: UserId) -> tuple[Provider, ...]:
    """Return by which issuers somebody can show that it is them: none where the account has a password or a second factor."""
    if not await _counts(tx, user_id=user_id):
        return ()
    connected = {one.provider for one in await identities.list_of(tx, user_id=user_id)} & provers(settings)
    return tuple(one for one in providers(settings) if one.name in connected)


async def prove(
    tx: Tx, *, request: Request, claimed: Claimed, principal: Principal | None, device: Device, now: datetime
) -> OpenedSession:
    """Take what an issuer says as the proof that it is still the account's owner, and return the session's new token.

    Raises:
        RequestExpired: another session was sent there, or nobody is signed in any more.
        AnotherAccount: somebody else showed who they are.
        CannotProve: the account has a password or a second factor by now.
        SessionMissing: the session has ended meanwhile.
    """
    if principal is None or (principal.user_id, principal.session_id) != (request.user_id, request.session_id):
        raise RequestExpired
    await identities.lock_person(tx, user_id=principal.user_id)
    found = await identities.find(tx, issuer=claimed.issuer, subject=claimed.subject)
    if found is None or found.user_id != principal.user_id:
        raise AnotherAccount
    if not await _counts(tx, user_id=principal.user_id):
        raise CannotProve
    await identities.save_used(tx, identity_id=found.identity_id, label=claimed.label, now=now)
    return await accounts.proved(tx, principal=principal, by=claimed.provider, device=device, now=now)


async def _counts(tx: Tx, *, user_id: UserId) -> bool:
    second = await factors.has_second(tx, user_id=user_id)
    return not second and await passwords.hash_of(tx, user_id=user_id) is None
