"""Cases of held listens: the queue, a decision, an appeal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vibestream.contexts.listen_reward.events import ListensDecided
from vibestream.contexts.listen_reward.scoring.domain import cases as domain
from vibestream.contexts.listen_reward.scoring.domain.cases import Case, CaseState
from vibestream.contexts.listen_reward.scoring.store import cases as store
from vibestream.contexts.listen_reward.scoring.store.cases import CaseRow, HeldListen
from vibestream.kernel.errors import Missing
from vibestream.kernel.ids import HeldCaseId, ListenId, UserId
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish

__all__ = ["Case", "CaseNotFound", "CaseRow", "CaseState", "HeldListen"]


class CaseNotFound(Missing):
    """There is no such case, or the account has none that is open."""

    code = "scoring.case_not_found"


@dataclass(frozen=True, slots=True)
class Explained:
    """A case with the newest of its listens."""

    case: Case
    listens: list[HeldListen]


async def queue(tx: Tx, *, after: tuple[datetime, HeldCaseId] | None, limit: int) -> list[CaseRow]:
    """Return the cases that wait for a person, those that are due first first."""
    return await store.list_open(tx, after=after, limit=limit)


async def count_open(tx: Tx, *, now: datetime) -> tuple[int, int]:
    """Return how many cases wait, and how many of them are late."""
    return await store.count_open(tx, now=now)


async def explain(tx: Tx, *, case_id: HeldCaseId, limit: int) -> Explained:
    """Return a case with the newest of its listens and what each was decided by.

    Raises:
        CaseNotFound: there is none.
    """
    case = await store.load_case(tx, case_id)
    if case is None:
        raise CaseNotFound("There is no such case.")
    return Explained(case, await store.listens_of(tx, case_id, limit=limit))


async def cases_of(tx: Tx, *, user_id: UserId, limit: int) -> list[CaseRow]:
    """Return an account's cases, the newest first."""
    return await store.list_cases_of(tx, user_id, limit=limit)


async def listens_in(tx: Tx, *, case_id: HeldCaseId) -> list[ListenId]:
    """Return the listens that are in a case now; while nobody has locked it, others may follow."""
    return await store.ids_of(tx, case_id)


async def decide(
    tx: Tx, *, case_id: HeldCaseId, state: CaseState, by: UserId, note: str, now: datetime
) -> list[ListenId]:
    """Decide a case, once, announce it, and return its listens; the caller moves them on in this transaction.

    Raises:
        CaseNotFound: there is none.
        CaseDecided: it was decided before.
        OwnCase: they listened, or own a song in it.
        WordsMissing: they did not say why.
    """
    case = await store.lock_case(tx, case_id)
    if case is None:
        raise CaseNotFound("There is no such case.")
    owners = await store.owners_of(tx, case_id)
    await store.save_case(tx, domain.decide_case(case, owners=owners, state=state, by=by, note=note, now=now))
    released = state is CaseState.RELEASED
    await publish(tx, ListensDecided(occurred_at=now, case_id=case_id, user_id=case.user_id, released=released))
    return await store.ids_of(tx, case_id)


async def appeal(tx: Tx, *, user_id: UserId, text: str, now: datetime) -> Case:
    """Add a listener's words to their open case.

    Raises:
        CaseNotFound: they have none that is open.
        AppealedBefore: they have spoken.
        WordsMissing: they said nothing, or too much.
    """
    case = await store.lock_open_case_of(tx, user_id)
    if case is None:
        raise CaseNotFound("Nothing of yours is being looked at.")
    appealed = domain.appeal_case(case, text=text, now=now)
    await store.save_case(tx, appealed)
    return appealed
