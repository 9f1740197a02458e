"""Reading an account's round, and beginning the next.

Every way in reads the round before it compares what is shown with what is kept, and the statement that opens the session
locks the account's row and compares once more. Whoever puts everybody out begins the next round first, and ends the
sessions after. So one of the two comes first: either the session is there and is ended, or it is never opened. The lock is
shared among those who get in: they do not wait for one another. What lets somebody in later (an app, a token, a passkey, an
account elsewhere) is made under the same lock, by a session that is open then.
"""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.user.ways_in import store
from vibestream.contexts.user.ways_in.domain import Overtaken, Round
from vibestream.kernel.ids import SessionId, UserId
from vibestream.platform.database import Tx

__all__ = ["Overtaken", "Round", "begin", "next_round", "require_signed_in"]


async def begin(tx: Tx, *, user_id: UserId, since: datetime | None = None) -> Round:
    """Return in which round somebody shows that an account is theirs; to be called before that is looked at.

    `since`: when they began, if it was not known then whose account it is: by a passkey, or an account at an issuer.

    Raises:
        Overtaken: everybody was put out since then, or there is no such account.
    """
    found = await store.load_round(tx, user_id=user_id, since=since)
    if found is None:
        raise Overtaken
    return found


async def require_signed_in(tx: Tx, *, user_id: UserId, session_id: SessionId) -> None:
    """Return when a session is open; it is not ended until this transaction ends.

    For what lets somebody in later: an app, a token, a passkey, an account elsewhere. Whoever puts everybody out finds it,
    or it is never made.

    Raises:
        Overtaken: the session has ended.
    """
    if not await store.lock_signed_in(tx, user_id=user_id, session_id=session_id):
        raise Overtaken


async def next_round(tx: Tx, *, user_id: UserId, now: datetime) -> None:
    """Make what anybody has begun to show good for nothing: they do not get in, whatever they show.

    Waits for whoever is just getting in. To be called before what they get is ended.
    """
    await store.next_round(tx, user_id=user_id, now=now)
