"""Saying yes or no to a purpose, and doing at once what follows from it, in the same transaction.

Every door through which somebody says it goes through here: the JSON of consents and of one's own figures, and their pages.
Consents keep what was said; what follows is of other capabilities and contexts.
"""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.user.consents import service as consents
from vibestream.contexts.user.consents.service import Purpose, Standing
from vibestream.flows import count_listening
from vibestream.kernel.ids import SessionId, UserId
from vibestream.platform.database import Tx


async def give(
    tx: Tx, *, user_id: UserId, purpose: Purpose, version: int, session_id: SessionId, now: datetime
) -> Standing:
    """Agree to a version of a purpose's text that was read; who agrees to be counted has what they heard so far counted.

    Raises:
        TextChanged: another text is asked for by now.
    """
    standing = await consents.give(
        tx, user_id=user_id, purpose=purpose, version=version, session_id=session_id, now=now
    )
    if purpose is Purpose.ANALYTICS:
        await count_listening.recount(tx, user_id=user_id, now=now)
    return standing


async def withdraw(tx: Tx, *, user_id: UserId, purpose: Purpose, session_id: SessionId, now: datetime) -> Standing:
    """Take an agreement back, and delete what was kept by it: once this is committed there is nothing left of it."""
    standing = await consents.withdraw(tx, user_id=user_id, purpose=purpose, session_id=session_id, now=now)
    if purpose is Purpose.ANALYTICS:
        await count_listening.forget(tx, user_id=user_id)
    return standing
