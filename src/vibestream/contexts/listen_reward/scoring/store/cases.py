"""Cases of held listens."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from vibestream.contexts.listen_reward.scoring.domain.cases import Case, CaseState
from vibestream.kernel.ids import ArtistId, HeldCaseId, ListenId, TrackId, UserId
from vibestream.platform.database import Tx

_CASE: Final = """
    case_id, user_id, opened_at, due_at, state, decided_at, decided_by, note, appeal, appealed_at FROM listen_reward.held_case
"""
_COUNTED: Final = """
    case_id, user_id, opened_at, due_at, state, decided_at, decided_by, note, appeal, appealed_at,
    (SELECT count(*)::int FROM listen_reward.held_listen h WHERE h.case_id = c.case_id) AS listens
    FROM listen_reward.held_case c
"""


@dataclass(frozen=True, slots=True)
class HeldListen:
    """A listen in a case, with what was decided about it and by what."""

    listen_id: ListenId
    track_id: TrackId
    artist_id: ArtistId
    owner_user_id: UserId
    scored_at: datetime
    verdict: str
    quality: int
    risk_ppm: int | None
    reasons: list[str]
    features: list[float]
    feature_set: int
    model: str | None


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case with how many listens wait in it."""

    case: Case
    listens: int


async def standing_of(
    tx: Tx, users: Collection[UserId], *, rejected_since: datetime
) -> tuple[dict[UserId, HeldCaseId], set[UserId]]:
    """Return the open cases of accounts, and whose case was rejected since an instant."""
    rows = await tx.all(
        lambda *, user_id, case_id, state: (UserId(user_id), HeldCaseId(case_id), state),
        """
        SELECT user_id, case_id, state FROM listen_reward.held_case
        WHERE user_id = ANY(%s) AND (state = 'open' OR (state = 'rejected' AND decided_at > %s))
        """,
        [list(users), rejected_since],
    )
    return (
        {user: case for user, case, state in rows if state == "open"},
        {user for user, _, state in rows if state == "rejected"},
    )


async def insert_case(tx: Tx, case: Case) -> bool:
    """Open a case, where the account has none that is open; return whether it was opened."""
    return (
        await tx.execute(
            """
            INSERT INTO listen_reward.held_case (case_id, user_id, opened_at, due_at) VALUES (%s, %s, %s, %s)
            ON CONFLICT (user_id) WHERE state = 'open' DO NOTHING
            """,
            [case.case_id, case.user_id, case.opened_at, case.due_at],
        )
        == 1
    )


async def hold_listens(tx: Tx, held: Sequence[tuple[ListenId, UserId]]) -> set[ListenId]:
    """Put listens into the open cases of their listeners, which are kept from being decided until this transaction ends.

    Returns those that were put somewhere: a listener whose case was decided this instant has none that is open.
    """
    placed = await tx.values(
        """
        WITH cases AS MATERIALIZED (
            SELECT case_id, user_id FROM listen_reward.held_case
            WHERE user_id = ANY(%(users)s::uuid[]) AND state = 'open' ORDER BY case_id FOR SHARE
        )
        INSERT INTO listen_reward.held_listen (listen_id, case_id)
        SELECT h.listen_id, c.case_id
        FROM unnest(%(listens)s::uuid[], %(users)s::uuid[]) AS h (listen_id, user_id) JOIN cases c USING (user_id)
        RETURNING listen_id
        """,
        {"listens": [listen for listen, _ in held], "users": [user for _, user in held]},
    )
    return {ListenId(one) for one in placed}


async def lock_case(tx: Tx, case_id: HeldCaseId) -> Case | None:
    """Lock a case: it is decided by one transaction, and takes no listen meanwhile."""
    return await tx.one(_case, f"SELECT {_CASE} WHERE case_id = %s FOR UPDATE", [case_id])


async def load_case(tx: Tx, case_id: HeldCaseId) -> Case | None:
    """Return a case."""
    return await tx.one(_case, f"SELECT {_CASE} WHERE case_id = %s", [case_id])


async def lock_open_case_of(tx: Tx, user_id: UserId) -> Case | None:
    """Lock an account's open case, when it has one."""
    return await tx.one(
        _case,
        f"SELECT {_CASE} WHERE user_id = %s AND state = 'open' FOR UPDATE",
        [user_id],
    )


async def list_cases_of(tx: Tx, user_id: UserId, *, limit: int) -> list[CaseRow]:
    """Return an account's cases, the newest first."""
    return await tx.all(
        _row,
        f"""
        SELECT {_COUNTED} WHERE user_id = %s ORDER BY opened_at DESC, case_id DESC LIMIT %s
        """,
        [user_id, limit],
    )


async def save_case(tx: Tx, case: Case) -> None:
    """Write a locked case back."""
    await tx.execute(
        """
        UPDATE listen_reward.held_case SET state = %s, decided_at = %s, decided_by = %s, note = %s, appeal = %s, appealed_at = %s
        WHERE case_id = %s
        """,
        [case.state.value, case.decided_at, case.decided_by, case.note, case.appeal, case.appealed_at, case.case_id],
    )


async def list_open(tx: Tx, *, after: tuple[datetime, HeldCaseId] | None, limit: int) -> list[CaseRow]:
    """Return open cases, those that are due first first."""
    return await tx.all(
        _row,
        f"""
        SELECT {_COUNTED} WHERE state = 'open' AND (%s::timestamptz IS NULL OR (due_at, case_id) > (%s, %s))
        ORDER BY due_at, case_id LIMIT %s
        """,
        [*((None, None, None) if after is None else (after[0], *after)), limit],
    )


async def count_open(tx: Tx, *, now: datetime) -> tuple[int, int]:
    """Return how many cases are open, and how many of them are late."""
    found = await tx.one(
        lambda *, waiting, late: (waiting, late),
        """
        SELECT count(*)::int AS waiting, (count(*) FILTER (WHERE due_at < %s))::int AS late
        FROM listen_reward.held_case WHERE state = 'open'
        """,
        [now],
    )
    return found or (0, 0)


async def listens_of(tx: Tx, case_id: HeldCaseId, *, limit: int) -> list[HeldListen]:
    """Return the listens of a case with their scores, the newest first."""
    return await tx.all(
        HeldListen,
        """
        SELECT s.listen_id, s.track_id, s.artist_id, s.owner_user_id, s.scored_at, s.verdict, s.quality, s.risk_ppm, s.reasons,
            s.features, s.feature_set, s.model
        FROM listen_reward.held_listen h JOIN listen_reward.score s USING (listen_id)
        WHERE h.case_id = %s ORDER BY s.scored_at DESC, s.listen_id DESC LIMIT %s
        """,
        [case_id, limit],
    )


async def ids_of(tx: Tx, case_id: HeldCaseId) -> list[ListenId]:
    """Return the ids of a case's listens, ascending."""
    found = await tx.values(
        "SELECT listen_id FROM listen_reward.held_listen WHERE case_id = %s ORDER BY listen_id", [case_id]
    )
    return [ListenId(one) for one in found]


async def owners_of(tx: Tx, case_id: HeldCaseId) -> set[UserId]:
    """Return who owns songs that were heard in a case."""
    found = await tx.values(
        """
        SELECT DISTINCT s.owner_user_id FROM listen_reward.held_listen h JOIN listen_reward.score s USING (listen_id)
        WHERE h.case_id = %s
        """,
        [case_id],
    )
    return {UserId(one) for one in found}


def _case(
    *, case_id: UUID, user_id: UUID, state: str, decided_by: UUID | None, **same: Any
) -> Case:  # fmt: skip
    return Case(
        HeldCaseId(case_id),
        UserId(user_id),
        state=CaseState(state),
        decided_by=None if decided_by is None else UserId(decided_by),
        **same,
    )


def _row(*, listens: int, **case: Any) -> CaseRow:
    return CaseRow(_case(**case), listens)
