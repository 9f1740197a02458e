"""Giving and withdrawing consent, and asking whether there is one. The public interface of this capability.

if await consents.has(tx, user_id=user_id, purpose=consents.Purpose.ANALYTICS): ...

Whoever does what wants consent asks each time they do it, in the transaction in which they do it: an answer that is kept
would outlive a withdrawal.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from vibestream.contexts.user.consents import store
from vibestream.contexts.user.consents.domain import VERSIONS, Purpose, Standing, TextChanged, standing_of
from vibestream.kernel.ids import SessionId, UserId
from vibestream.platform.database import Tx

__all__ = [
    "VERSIONS",
    "Purpose",
    "Standing",
    "TextChanged",
    "give",
    "has",
    "outdated",
    "standings",
    "which_have",
    "withdraw",
    "withdraw_all",
]


async def has(tx: Tx, *, user_id: UserId, purpose: Purpose) -> bool:
    """Say whether a person consents to a purpose now.

    False until they said yes, once they withdrew it, when its text has changed since, and when there is no such person.
    """
    return user_id in await which_have(tx, user_ids=[user_id], purpose=purpose)


async def which_have(tx: Tx, *, user_ids: Collection[UserId], purpose: Purpose) -> set[UserId]:
    """Return those of these people who consent to a purpose now, as `has` says it of one."""
    return await store.list_given(tx, user_ids=user_ids, purpose=purpose, version=VERSIONS[purpose])


async def outdated(tx: Tx, *, purpose: Purpose, version: int, after: UserId | None, limit: int) -> list[UserId]:
    """Return people whose consent to a purpose ended because its text became this version, in the order of ids.

    At most `limit`, from behind the id `after` on when it is given.
    """
    return await store.list_outdated(tx, purpose=purpose, version=version, after=after, limit=limit)


async def standings(tx: Tx, *, user_id: UserId) -> tuple[Standing, ...]:
    """Return how a person stands to every purpose, in the order in which they are asked for."""
    last = await store.last_of(tx, user_id=user_id)
    return tuple(_standing(purpose, last.get(purpose)) for purpose in Purpose)


async def give(
    tx: Tx, *, user_id: UserId, purpose: Purpose, version: int, session_id: SessionId, now: datetime
) -> Standing:
    """Note that a person consents to a purpose, having read this version of its text; said again it adds nothing.

    Raises:
        TextChanged: the text is another by now.
    """
    if version != VERSIONS[purpose]:
        raise TextChanged(version=VERSIONS[purpose])
    last = (await store.last_of(tx, user_id=user_id)).get(purpose)
    found = _standing(purpose, last)
    if not found.given:
        await store.add(
            tx, user_id=user_id, purpose=purpose, given=True, version=version, session_id=session_id, now=now
        )
        found = standing_of(purpose, given=True, version=version, since=now)
    return found


async def withdraw(tx: Tx, *, user_id: UserId, purpose: Purpose, session_id: SessionId, now: datetime) -> Standing:
    """Note that a person does not consent to a purpose any more; where they never did, nothing is added."""
    last = (await store.last_of(tx, user_id=user_id)).get(purpose)
    if last is None or not last[0]:
        return _standing(purpose, last)
    await store.add(tx, user_id=user_id, purpose=purpose, given=False, version=last[1], session_id=session_id, now=now)
    return standing_of(purpose, given=False, version=last[1], since=now)


async def withdraw_all(tx: Tx, *, user_id: UUID, now: datetime) -> None:
    """End every consent of a person who is to be forgotten; the lines stay, of an id that leads to nobody."""
    for purpose, (given, version, _) in (await store.last_of(tx, user_id=user_id)).items():
        if given:
            await store.add(
                tx, user_id=user_id, purpose=purpose, given=False, version=version, session_id=None, now=now
            )


def _standing(purpose: Purpose, last: tuple[bool, int, datetime] | None) -> Standing:
    given, version, since = last or (False, VERSIONS[purpose], None)
    return standing_of(purpose, given=given, version=version, since=since)
