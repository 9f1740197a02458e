"""The keys take their turns, and what has expired goes."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.oauth.service import signing, tidying
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime
from vibestream.platform.sealed import Sealer

_KEPT: Final = timedelta(days=1)
_AT_ONCE: Final = 10_000


@periodic("user.oauth", every_s=3600)
async def tend_oauth(runtime: Runtime) -> None:
    """Make the next signing key a day before its turn; drop codes and tokens a day after they expired."""
    now = utc_now()
    async with runtime.database.begin() as tx:
        await signing.take_turns(tx, sealer=Sealer.of(runtime.settings, purpose=signing.PURPOSE), now=now)
    async with runtime.database.begin() as tx:
        await tidying.drop_expired(tx, before=now - _KEPT, most=_AT_ONCE)
