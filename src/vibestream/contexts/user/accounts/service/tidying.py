"""Dropping what is not needed any more, so that no personal data is kept for no reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.accounts import store
from vibestream.contexts.user.attempts import service as attempts
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.passkeys import service as passkeys
from vibestream.contexts.user.sessions import service as sessions
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime
from vibestream.platform.sealed import Sealer

_SIGN_UPS_KEPT: Final = timedelta(days=1)
_UNVERIFIED_KEPT: Final = timedelta(days=7)
_AT_ONCE: Final = 10_000


@periodic("user.tidy", every_s=3600)
async def tidy(runtime: Runtime) -> None:
    """Drop sign-ups a day after they expired, unverified accounts' data after a week, sessions a month after their end.

    Secrets of authenticator apps that a former secret key sealed are sealed again by the present one.
    """
    now = utc_now()
    async with runtime.database.begin() as tx:
        await store.drop_expired(tx, before=now - _SIGN_UPS_KEPT, most=_AT_ONCE)
    async with runtime.database.begin() as tx:
        await store.forget_unverified(tx, made_before=now - _UNVERIFIED_KEPT, most=_AT_ONCE)
    async with runtime.database.begin() as tx:
        await sessions.drop_expired(tx, now=now)
    async with runtime.database.begin() as tx:
        await store.drop_expired_steps(tx, before=now, most=_AT_ONCE)
    async with runtime.database.begin() as tx:
        await passkeys.drop_expired(tx, before=now, most=_AT_ONCE)
    async with runtime.database.begin() as tx:
        await attempts.drop_expired(tx, now=now, most=_AT_ONCE)
    async with runtime.database.begin() as tx:
        await factors.reseal(tx, sealer=Sealer.of(runtime.settings, purpose=factors.PURPOSE), most=_AT_ONCE)
