"""Whose consent ended because the text that they agreed to changed is told: once per text, and that it stays off.

A text changes with a release of ours, which no event says: the schedule looks. Whoever was told already is passed over, so
that a look which was killed half way goes on at the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vibestream.contexts.user.consents import service as consents
from vibestream.contexts.user.consents.service import Purpose
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import Kind, Telling
from vibestream.kernel.ids import UserId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

_TOGETHER: Final = 500
"""People whom one transaction tells."""
_FIRST: Final = 1
"""Nobody can have agreed to an earlier text than this."""


@periodic("user.tell_consenters", every_s=3600)
async def tell_consenters(runtime: Runtime) -> None:
    """Tell whoever was not told yet that what they agreed to has another text."""
    await tell_ended(runtime.database, versions=consents.VERSIONS)


async def tell_ended(database: Database, *, versions: Mapping[Purpose, int]) -> None:
    """Tell whose consent ended because the text of its purpose is this version now, some hundreds at a time."""
    for purpose, version in versions.items():
        after: UserId | None = None
        while version > _FIRST:
            async with database.begin() as tx:
                people = await consents.outdated(tx, purpose=purpose, version=version, after=after, limit=_TOGETHER)
                await _tell(tx, people, purpose=purpose, version=version)
            if not people:
                break
            after = people[-1]


async def _tell(tx: Tx, people: list[UserId], *, purpose: Purpose, version: int) -> None:
    key = f"{purpose.value}:{version}"
    know = await notifications.which_know(tx, kind=Kind.CONSENT_ENDED, key=key, user_ids=people)
    facts = {"purpose": purpose.value}
    tellings = [Telling(user_id=one, key=key, facts=facts) for one in people if one not in know]
    await notifications.tell_many(tx, kind=Kind.CONSENT_ENDED, tellings=tellings, now=utc_now())
