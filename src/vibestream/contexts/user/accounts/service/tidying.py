"""Sealing again what a former secret key sealed."""

from __future__ import annotations

from typing import Final

from vibestream.contexts.user.factors import service as factors
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime
from vibestream.platform.sealed import Sealer

_AT_ONCE: Final = 10_000


@periodic("user.tidy", every_s=3600)
async def tidy(runtime: Runtime) -> None:
    """Seal secrets of authenticator apps that a former secret key sealed again by the present one."""
    async with runtime.database.begin() as tx:
        await factors.reseal(tx, sealer=Sealer.of(runtime.settings, purpose=factors.PURPOSE), most=_AT_ONCE)
