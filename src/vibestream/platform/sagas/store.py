"""Sagas' rows."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vibestream.platform.database import Tx


class State(enum.StrEnum):
    """Where a saga stands."""

    FORWARD = "forward"
    COMPENSATING = "compensating"
    COMPLETED = "completed"
    COMPENSATED = "compensated"

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self in {State.COMPLETED, State.COMPENSATED}


@dataclass(frozen=True, slots=True)
class Row:
    """A saga as it is stored; see the migration for what each column means."""

    id: UUID
    name: str
    version: int
    data: str
    state: State
    step: int
    turn: int
    called: bool
    tries: int
    correlation_id: UUID

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", State(self.state))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a saga stands, for people."""

    id: UUID
    name: str
    version: int
    state: State
    step: int
    """Forward: the step to do next, from 0. Compensating: how many are left to undo."""
    tries: int
    """Failed tries of the present step."""
    due_at: datetime
    error: str
    """What the last failed try raised."""
    refusal: str | None
    """Why compensation began; None when it did not."""
    started_at: datetime
    changed_at: datetime
    data: str
    """The saga's data as JSON."""


@dataclass(frozen=True, slots=True)
class SagaFigures:
    """How the unfinished sagas of one name stand."""

    name: str
    forward: int
    compensating: int
    stuck: int
    """Those of both that failed so often that somebody was told."""


async def insert(tx: Tx, row: Row, *, now: datetime) -> bool:
    """Write a new saga and return whether there was none of its id."""
    return bool(
        await tx.execute(
            """
            INSERT INTO platform.saga
                (id, name, version, data, state, step, due_at, correlation_id, started_at, changed_at)
            VALUES (%s, %s, %s, %s::json, %s, %s, %s, %s, %s, %s)
            ON CONFLICT (id) DO NOTHING
            """,
            [row.id, row.name, row.version, row.data, row.state, row.step, now, row.correlation_id, now, now],
        )
    )


async def load(tx: Tx, *, saga_id: UUID) -> Row | None:
    """Return a saga as it stands, without locking it."""
    return await tx.one(
        Row,
        """
        SELECT id, name, version, data::text AS data, state, step, turn, called, tries, correlation_id
        FROM platform.saga WHERE id = %s
        """,
        [saga_id],
    )


async def lock(tx: Tx, *, saga_id: UUID, turn: int) -> bool:
    """Lock a saga and return whether it is still at this turn."""
    return bool(
        await tx.value("SELECT true FROM platform.saga WHERE id = %s AND turn = %s FOR UPDATE", [saga_id, turn])
    )


async def save(tx: Tx, row: Row, *, now: datetime, refusal: str | None = None) -> None:
    """Write where a saga stands after a step; that step's failures are forgotten."""
    await tx.execute(
        """
        UPDATE platform.saga SET data = %s::json, state = %s, step = %s, turn = %s, called = %s, tries = 0, due_at = %s,
            error = '', refusal = coalesce(%s, refusal), alerted_at = NULL, changed_at = %s
        WHERE id = %s
        """,
        [row.data, row.state, row.step, row.turn, row.called, now, refusal, now, row.id],
    )


async def note_call(tx: Tx, *, saga_id: UUID) -> None:
    """Note that the outside call of the present step may be made from now on."""
    await tx.execute("UPDATE platform.saga SET called = true WHERE id = %s", [saga_id])


async def note_wait(tx: Tx, *, saga_id: UUID, due_at: datetime, now: datetime) -> None:
    """Note that the present step is taken at an instant and not before."""
    await tx.execute(
        "UPDATE platform.saga SET turn = turn + 1, due_at = %s, changed_at = %s WHERE id = %s", [due_at, now, saga_id]
    )


async def note_failure(tx: Tx, row: Row, *, error: str, due_at: datetime, now: datetime, alert: bool) -> bool:
    """Note a failed try, and return whether this is the first of the step's that calls for an alert."""
    return bool(
        await tx.value(
            """
            UPDATE platform.saga SET turn = turn + 1, called = %(called)s, tries = tries + 1, error = %(error)s,
                due_at = %(due_at)s, changed_at = %(now)s,
                alerted_at = coalesce(alerted_at, CASE WHEN %(alert)s THEN %(now)s END)
            WHERE id = %(id)s RETURNING alerted_at = %(now)s
            """,
            {"id": row.id, "called": row.called, "error": error, "due_at": due_at, "now": now, "alert": alert},
        )
    )


async def find(tx: Tx, *, saga_id: UUID) -> Standing | None:
    """Return where a saga stands; None when there is none of this id."""
    return await tx.one(_standing, f"{_STANDING} WHERE id = %s", [saga_id])


async def list_stuck(tx: Tx, *, limit: int = 100) -> list[Standing]:
    """Return the sagas that somebody was told about and that are still not moving, the longest first."""
    return await tx.all(
        _standing,
        f"{_STANDING} WHERE alerted_at IS NOT NULL AND state IN ('forward', 'compensating') ORDER BY alerted_at LIMIT %s",
        [limit],
    )


async def figures(tx: Tx) -> list[SagaFigures]:
    """Return how the unfinished sagas of each name stand."""
    return await tx.all(
        SagaFigures,
        """
        SELECT name, (count(*) FILTER (WHERE state = 'forward'))::int AS forward,
            (count(*) FILTER (WHERE state = 'compensating'))::int AS compensating, count(alerted_at)::int AS stuck
        FROM platform.saga WHERE state IN ('forward', 'compensating') GROUP BY name ORDER BY name
        """,
    )


async def overdue(tx: Tx, *, before: datetime) -> list[tuple[UUID, int]]:
    """Return (id, turn) of unfinished sagas that were due before an instant and that no job moves on."""
    cursor = await tx.connection.execute(
        """
        SELECT id, turn FROM platform.saga
        WHERE state IN ('forward', 'compensating') AND due_at < %s AND NOT EXISTS (
            SELECT FROM jobs.procrastinate_jobs
            WHERE task_name = 'platform.saga_step' AND status IN ('todo', 'doing')
                AND args->>'saga_id' = saga.id::text AND (args->>'turn')::int = saga.turn
        )
        ORDER BY due_at LIMIT 1000
        """,
        [before],
    )
    return await cursor.fetchall()


_STANDING = """
    SELECT id, name, version, state, step, tries, due_at, error, refusal, started_at, changed_at, data::text AS data
    FROM platform.saga
"""


def _standing(state: str, **columns: object) -> Standing:
    return Standing(state=State(state), **columns)  # type: ignore[arg-type]  # the columns of _STANDING
