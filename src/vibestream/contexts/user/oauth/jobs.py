"""The keys take their turns."""

from __future__ import annotations

from vibestream.contexts.user.oauth.service import signing
from vibestream.kernel.time import utc_now
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime
from vibestream.platform.sealed import Sealer


@periodic("user.oauth", every_s=3600)
async def tend_oauth(runtime: Runtime) -> None:
    """Make the next signing key a day before its turn."""
    async with runtime.database.begin() as tx:
        await signing.take_turns(tx, sealer=Sealer.of(runtime.settings, purpose=signing.PURPOSE), now=utc_now())
