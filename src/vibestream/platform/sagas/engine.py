"""Moving sagas: each turn is one job, which does one step and, in the transaction of its outcome, defers the next turn.

Everything that a turn decides on is in the row, and every write checks that the row is still at this turn: a job that
runs twice, or beside itself, changes nothing the second time. Before an outside call the row notes that it may have been
made; whoever comes after a crash finds that note and asks instead of calling.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import structlog
from prometheus_client import Counter

from vibestream.kernel.errors import Unavailable, VibeStreamError
from vibestream.kernel.ids import new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import caused_by
from vibestream.platform.failures import backoff_s
from vibestream.platform.jobs import defer, job, periodic
from vibestream.platform.quoted import said_by
from vibestream.platform.runtime import Runtime
from vibestream.platform.sagas import store
from vibestream.platform.sagas.definition import Call, Local, Outside, Saga, declared_sagas
from vibestream.platform.sagas.outcomes import NotYet, Outcome, outcome_inside, outcome_outside
from vibestream.platform.sagas.store import Row, State

D = TypeVar("D")

ALERT_AFTER: Final = 5
"""Failed tries of one step after which somebody is told; the tries go on."""
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 300.0
_OVERDUE_S: Final = 60.0

ENDED: Final = Counter("vibestream_sagas_ended", "Sagas that ended.", ["saga", "state"])
FAILED_TRIES: Final = Counter("vibestream_saga_tries_failed", "Failed tries of steps.", ["saga", "outcome"])
COMPENSATION_FAILURES: Final = Counter("vibestream_saga_compensation_failures", "Failed tries to undo.", ["saga"])

_log = structlog.get_logger()


class UnknownSaga(Unavailable):
    """A saga of a name and version that this release does not declare; a release that does will move it on."""

    code = "saga.unknown"


async def start(tx: Tx, saga: Saga[D], data: D, *, now: datetime, saga_id: UUID | None = None) -> UUID:
    """Begin a saga when, and only if, the transaction commits, and return its id.

    Starting one whose id exists already does nothing: give an id that the cause determines, and a cause that comes twice
    starts one saga.
    """
    chosen = saga_id or new_id()
    row = Row(
        id=chosen,
        name=saga.name,
        version=saga.version,
        data=saga.encode(data),
        state=State.FORWARD,
        step=0,
        turn=0,
        called=False,
        tries=0,
        correlation_id=chosen,
    )
    if await store.insert(tx, row, now=now):
        await defer(tx, step, saga_id=str(chosen), turn=0)
    return chosen


@job("platform.saga_step", queue="sagas", attempts=1_000_000)
async def step(runtime: Runtime, *, saga_id: str, turn: int) -> None:
    """Do one turn of a saga: nothing when it has had that turn.

    Raises:
        UnknownSaga: this release does not declare it.
    """
    async with runtime.database.begin() as tx:
        row = await store.load(tx, saga_id=UUID(saga_id))
    if row is None or row.turn != turn or row.state.finished:
        return
    saga = declared_sagas().get((row.name, row.version))
    if saga is None:
        raise UnknownSaga(f"This release knows no saga {row.name} version {row.version}.")
    with (
        structlog.contextvars.bound_contextvars(saga=row.name, saga_id=saga_id, turn=turn),
        caused_by(correlation_id=row.correlation_id, causation_id=row.id),
    ):
        await _take_turn(runtime, saga, row)


@periodic("platform.resume_sagas", every_s=60)
async def resume_sagas(runtime: Runtime) -> None:
    """Give a job to every saga that is due and has none: a safety net that catches nothing while all is well."""
    async with runtime.database.begin() as tx:
        found = await store.overdue(tx, before=utc_now() - timedelta(seconds=_OVERDUE_S))
        for saga_id, turn in found:
            _log.error("saga.resumed", saga_id=str(saga_id), turn=turn)
            await defer(tx, step, saga_id=str(saga_id), turn=turn)


async def _take_turn(runtime: Runtime, saga: Saga[Any], row: Row) -> None:
    forward = row.state is State.FORWARD
    what = saga.steps[row.step if forward else row.step - 1]
    match what:
        case Local():
            await _inside(runtime, saga, row, what.do if forward else what.undo or _nothing)
        case Outside() if forward:
            await _outside(runtime, saga, row, what.do, key=f"{row.id}:{what.name}")
        case Outside(undo=Call() as undo):
            await _outside(runtime, saga, row, undo, key=f"{row.id}:{what.name}:undo")
        case _:
            await _inside(runtime, saga, row, _nothing)


async def _nothing(_tx: Tx, data: Any) -> Any:
    """Undo a step that has nothing to undo."""
    return data


async def _inside(runtime: Runtime, saga: Saga[Any], row: Row, action: Callable[[Tx, Any], Awaitable[Any]]) -> None:
    """Do or undo a step in our database, in one transaction with the saga's progress."""

    async def work(tx: Tx) -> None:
        if await store.lock(tx, saga_id=row.id, turn=row.turn):
            data = await action(tx, saga.decode(row.data))
            await _advance(tx, saga, row, saga.encode(data))

    try:
        await runtime.database.run(work)
    except NotYet as wait:
        await _wait(runtime, row, until=wait.until)
    except Exception as error:
        await _fail(runtime, saga, row, error, outcome_inside(error))


async def _wait(runtime: Runtime, row: Row, *, until: datetime) -> None:
    """Take the same step again at an instant; nothing that it did before it said so is kept."""
    async with runtime.database.begin() as tx:
        if await store.lock(tx, saga_id=row.id, turn=row.turn):
            await store.note_wait(tx, saga_id=row.id, due_at=until, now=utc_now())
            await defer(tx, step, run_at=until, saga_id=str(row.id), turn=row.turn + 1)


async def _outside(runtime: Runtime, saga: Saga[Any], row: Row, call: Call[Any], *, key: str) -> None:
    """Make or take back an outside call, asking first when it may have been made before."""
    may_have_happened = row.called
    try:
        data = saga.decode(row.data)
        answer = await call.ask(runtime, data, key) if may_have_happened else None
        if answer is None:
            async with runtime.database.begin() as tx:
                if not await store.lock(tx, saga_id=row.id, turn=row.turn):
                    return
                await store.note_call(tx, saga_id=row.id)
            may_have_happened = True
            answer = await call.make(runtime, data, key)
    except Exception as error:
        outcome = outcome_outside(error) if may_have_happened else Outcome.TRANSIENT
        if row.called and outcome is Outcome.TRANSIENT:
            outcome = Outcome.UNKNOWN  # it says nothing about the call that was made before
        await _fail(runtime, saga, row, error, outcome)
        return
    async with runtime.database.begin() as tx:
        if await store.lock(tx, saga_id=row.id, turn=row.turn):
            await _advance(tx, saga, row, saga.encode(answer))


async def _advance(tx: Tx, saga: Saga[Any], row: Row, data: str) -> None:
    """Move to the next step, or to the end, in the transaction of the step's outcome."""
    at = row.step + (1 if row.state is State.FORWARD else -1)
    await _move(tx, saga, replace(row, data=data, step=at))


async def _move(tx: Tx, saga: Saga[Any], to: Row, *, refusal: str | None = None) -> None:
    if to.state is State.FORWARD and to.step == len(saga.steps):
        to = replace(to, state=State.COMPLETED)
    elif to.state is State.COMPENSATING and to.step == 0:
        to = replace(to, state=State.COMPENSATED)
    to = replace(to, turn=to.turn + 1, called=False)
    await store.save(tx, to, now=utc_now(), refusal=refusal)
    if to.state.finished:
        tx.after_commit(lambda: ENDED.labels(saga.name, to.state).inc())
    else:
        await defer(tx, step, saga_id=str(to.id), turn=to.turn)


async def _fail(runtime: Runtime, saga: Saga[Any], row: Row, error: Exception, outcome: Outcome) -> None:
    """Note what a failed try came to: compensation when a forward step was refused, else another try later."""
    FAILED_TRIES.labels(saga.name, outcome.value).inc()
    refused = outcome is Outcome.BUSINESS
    async with runtime.database.begin() as tx:
        if not await store.lock(tx, saga_id=row.id, turn=row.turn):
            return
        if refused and row.state is State.FORWARD:
            _log.info("saga.refused", step=saga.steps[row.step].name, error=_text(error))
            refusal = error.code if isinstance(error, VibeStreamError) else _text(error)
            await _move(tx, saga, replace(row, state=State.COMPENSATING), refusal=refusal)
            return
        await _try_later(tx, saga, row, error, outcome)


async def _try_later(tx: Tx, saga: Saga[Any], row: Row, error: Exception, outcome: Outcome) -> None:
    now = utc_now()
    pause_s = backoff_s(row.tries + 1, first_s=_FIRST_PAUSE_S, most_s=_LONGEST_PAUSE_S)
    due_at = now + timedelta(seconds=pause_s)
    undoing = row.state is State.COMPENSATING
    # An undo that is refused will not mend itself: somebody must look, at once. It is tried again all the same.
    alert = row.tries + 1 >= ALERT_AFTER or (undoing and outcome is Outcome.BUSINESS)
    row = replace(row, called=outcome is Outcome.UNKNOWN)
    if undoing:
        COMPENSATION_FAILURES.labels(saga.name).inc()
    if await store.note_failure(tx, row, error=_text(error), due_at=due_at, now=now, alert=alert):
        _log.error("saga.stuck", state=row.state.value, step=row.step, tries=row.tries + 1, error=_text(error))
    await defer(tx, step, run_at=due_at, saga_id=str(row.id), turn=row.turn + 1)


def _text(error: Exception) -> str:
    return said_by(error, most=2000)
