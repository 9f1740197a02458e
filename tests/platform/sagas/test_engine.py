"""What a saga does with each outcome of a step, and that it ends either done or undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.events import counted
from tests.factories.orders import assert_settled, begin_order, run_jobs, standing
from tests.factories.till import CUT_AFTER, CUT_BEFORE, ERROR, ORDER, REFUSE, Order, Till, port_file
from vibestream.kernel.errors import Limited, Missing, Unavailable
from vibestream.kernel.ids import new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish
from vibestream.platform.invariants import check_all
from vibestream.platform.runtime import Runtime
from vibestream.platform.sagas import Call, Local, NotSent, Outside, Refused, Saga, State, declare, engine, start, store
from vibestream.platform.sagas.engine import ALERT_AFTER, UnknownSaga, resume_sagas, step
from vibestream.platform.sagas.invariants import INVARIANTS
from vibestream.platform.sagas.outcomes import Outcome, outcome_inside, outcome_outside


def failing(*faults: str | None, only: str = "charge") -> Callable[[str], str | None]:
    """Return a till's faults: these in turn for one operation, none for the others."""
    waiting = list(faults)

    def fault(operation: str) -> str | None:
        return waiting.pop(0) if operation == only and waiting else None

    return fault


async def test_goes_through_its_steps_in_order(shop: Runtime, till: Till):
    saga_id = await begin_order(shop.database)
    await run_jobs(shop)
    end = await standing(shop.database, saga_id)
    assert (end.state, end.step, end.tries, end.error, end.refusal) == (State.COMPLETED, 4, 0, "", None)
    assert ORDER.decode(end.data) == Order(saga_id, 5, charged=True, noted=True)
    assert till.calls == {f"{saga_id}:charge": 1, f"{saga_id}:note": 1}
    assert till.asked == {}
    assert await assert_settled(shop.database, till, orders=1) == (1, 0)


async def test_a_refusal_outside_undoes_what_came_before_and_not_what_was_refused(shop: Runtime, till: Till):
    till.fault = failing(REFUSE)
    saga_id = await begin_order(shop.database)
    await run_jobs(shop)
    end = await standing(shop.database, saga_id)
    assert (end.state, end.step, end.refusal) == (State.COMPENSATED, 0, "saga.refused")
    assert till.calls == {f"{saga_id}:charge": 1}
    assert await assert_settled(shop.database, till, orders=1) == (0, 1)


async def test_a_refusal_inside_undoes_every_step_before_the_last_first(shop: Runtime, till: Till):
    saga_id = await begin_order(shop.database, decline=True)
    await run_jobs(shop)
    end = await standing(shop.database, saga_id)
    assert (end.state, end.refusal) == (State.COMPENSATED, "conflict")
    assert ORDER.decode(end.data) == Order(saga_id, 5, decline=True, charged=True, refunded=True, noted=True)
    assert till.calls == {f"{saga_id}:charge": 1, f"{saga_id}:note": 1, f"{saga_id}:charge:undo": 1}
    assert await assert_settled(shop.database, till, orders=1) == (0, 1)


async def test_an_unknown_outcome_is_asked_for_and_not_repeated_when_it_happened(shop: Runtime, till: Till):
    till.fault = failing(CUT_AFTER)
    saga_id = await begin_order(shop.database)
    await run_jobs(shop)
    assert till.calls[f"{saga_id}:charge"] == 1
    assert till.asked[f"{saga_id}:charge"] == 1
    assert await assert_settled(shop.database, till, orders=1) == (1, 0)


async def test_an_unknown_outcome_that_never_happened_is_asked_for_and_then_repeated(shop: Runtime, till: Till):
    till.fault = failing(CUT_BEFORE)
    saga_id = await begin_order(shop.database)
    await run_jobs(shop)
    assert till.calls[f"{saga_id}:charge"] == 1
    assert till.asked[f"{saga_id}:charge"] == 1
    assert await assert_settled(shop.database, till, orders=1) == (1, 0)


async def test_an_unknown_outcome_that_turns_out_a_refusal_compensates(shop: Runtime, till: Till):
    def fault(operation: str) -> str | None:
        return CUT_BEFORE if operation == "charge" else None

    till.fault = fault
    saga_id = await begin_order(shop.database)
    await run_jobs(shop, most=2)
    till.book[f"{saga_id}:charge"] = "refused"
    await run_jobs(shop)
    assert till.calls == {}
    assert (await standing(shop.database, saga_id)).state is State.COMPENSATED


async def test_an_unknown_outcome_stays_unknown_while_the_answer_cannot_be_had(shop: Runtime, till: Till):
    answers = {"charge": [CUT_AFTER], "ask": [CUT_BEFORE, ERROR, CUT_AFTER]}
    till.fault = lambda operation: answers[operation].pop(0) if answers.get(operation) else None
    saga_id = await begin_order(shop.database)
    await run_jobs(shop)
    assert till.calls[f"{saga_id}:charge"] == 1
    assert till.asked[f"{saga_id}:charge"] == 3
    assert await assert_settled(shop.database, till, orders=1) == (1, 0)


async def test_a_closed_till_leaves_what_was_unknown_unknown(shop: Runtime, till: Till):
    till.fault = failing(CUT_AFTER)
    saga_id = await begin_order(shop.database)
    await run_jobs(shop, most=2)
    port_file(shop).write_text("1")
    await run_jobs(shop, most=2)
    stuck = await standing(shop.database, saga_id)
    assert stuck.error == "NotSent: The till is closed."
    port_file(shop).write_text(str(till.port))
    await run_jobs(shop)
    assert till.calls[f"{saga_id}:charge"] == 1
    assert till.asked[f"{saga_id}:charge"] == 1


async def test_a_call_that_was_never_sent_is_made_again_without_asking(shop: Runtime, till: Till):
    port_file(shop).write_text("1")
    saga_id = await begin_order(shop.database)
    await run_jobs(shop, most=3)
    port_file(shop).write_text(str(till.port))
    await run_jobs(shop)
    assert till.asked == {}
    assert till.calls[f"{saga_id}:charge"] == 1
    assert await assert_settled(shop.database, till, orders=1) == (1, 0)


async def test_compensation_is_never_terminal_and_somebody_is_told(shop: Runtime, till: Till):
    till.fault = {"refund": CUT_BEFORE, "ask": CUT_BEFORE}.get
    saga_id = await begin_order(shop.database, decline=True)
    await run_jobs(shop, most=4 + 1 + ALERT_AFTER)
    async with shop.database.begin() as tx:
        (stuck,) = await store.list_stuck(tx)
    assert (stuck.id, stuck.state, stuck.step, stuck.tries) == (saga_id, State.COMPENSATING, 2, ALERT_AFTER)
    await run_jobs(shop, most=20)
    assert (await standing(shop.database, saga_id)).state is State.COMPENSATING
    till.fault = lambda _: None
    await run_jobs(shop)
    assert await assert_settled(shop.database, till, orders=1) == (0, 1)
    async with shop.database.begin() as tx:
        assert await store.list_stuck(tx) == []


async def test_an_undo_that_is_refused_is_told_at_once_and_tried_again(shop: Runtime, till: Till):
    till.fault = failing(REFUSE, only="refund")
    saga_id = await begin_order(shop.database, decline=True)
    await run_jobs(shop, most=6)
    async with shop.database.begin() as tx:
        (stuck,) = await store.list_stuck(tx)
    assert (stuck.tries, stuck.error) == (1, "Refused: The till says no.")
    del till.book[f"{saga_id}:charge:undo"]
    await run_jobs(shop)
    assert await assert_settled(shop.database, till, orders=1) == (0, 1)


async def test_a_job_that_comes_twice_or_late_does_nothing(shop: Runtime, till: Till):
    saga_id = await begin_order(shop.database)
    await step(shop, saga_id=str(saga_id), turn=0)
    await step(shop, saga_id=str(saga_id), turn=0)
    await step(shop, saga_id=str(saga_id), turn=7)
    await step(shop, saga_id=str(new_id()), turn=0)
    assert (await standing(shop.database, saga_id)).step == 1
    await run_jobs(shop)
    await step(shop, saga_id=str(saga_id), turn=4)
    assert await assert_settled(shop.database, till, orders=1) == (1, 0)


async def test_starting_one_twice_starts_it_once(shop: Runtime, till: Till):
    saga_id = new_id()
    for amount in (5, 9):
        async with shop.database.begin() as tx:
            assert await start(tx, ORDER, Order(saga_id, amount), now=utc_now(), saga_id=saga_id) == saga_id
    await run_jobs(shop)
    assert await assert_settled(shop.database, till, orders=1) == (1, 0)


async def test_one_of_a_rolled_back_transaction_never_was(shop: Runtime):
    with pytest.raises(ZeroDivisionError):
        async with shop.database.begin() as tx:
            saga_id = await start(tx, ORDER, Order(new_id(), 5), now=utc_now())
            raise ZeroDivisionError
    async with shop.database.begin() as tx:
        assert await store.find(tx, saga_id=saga_id) is None
        assert await tx.value("SELECT count(*) FROM jobs.procrastinate_jobs") == 0


async def test_one_without_a_job_is_given_one(shop: Runtime, till: Till):
    saga_id = await begin_order(shop.database)
    async with shop.database.begin() as tx:
        await tx.execute("DELETE FROM jobs.procrastinate_jobs")
    await resume_sagas(shop)
    await run_jobs(shop)
    assert (await standing(shop.database, saga_id)).step == 0
    assert (await check_all(shop.database, INVARIANTS))[0].finding.ok

    async with shop.database.begin() as tx:
        await tx.execute("UPDATE platform.saga SET due_at = now() - interval '10 minutes'")
    (checked,) = await check_all(shop.database, INVARIANTS)
    assert (checked.finding.ok, checked.finding.detail) == (False, f"not moved on: test.order {saga_id}")
    assert checked.finding.figure == "1 sagas unfinished, 0 of them stuck and alerted"
    await resume_sagas(shop)
    await resume_sagas(shop)
    async with shop.database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM jobs.procrastinate_jobs") == 1
    await run_jobs(shop)
    assert await assert_settled(shop.database, till, orders=1) == (1, 0)


async def test_one_that_this_release_does_not_know_waits(shop: Runtime):
    saga_id = await begin_order(shop.database)
    async with shop.database.begin() as tx:
        await tx.execute("UPDATE platform.saga SET version = 9")
    with pytest.raises(UnknownSaga, match=r"test.order version 9"):
        await step(shop, saga_id=str(saga_id), turn=0)


async def test_a_turn_that_is_overtaken_while_it_calls_changes_nothing(shop: Runtime, till: Till):
    saga_id = await begin_order(shop.database)
    await step(shop, saga_id=str(saga_id), turn=0)

    async with shop.database.begin() as tx:
        row = await store.load(tx, saga_id=saga_id)
        assert row is not None
        await tx.execute("UPDATE platform.saga SET turn = turn + 1")
    await engine._take_turn(shop, ORDER, row)
    assert till.calls == {}
    await engine._take_turn(shop, ORDER, replace(row, step=0))
    await engine._fail(shop, ORDER, row, ValueError(), Outcome.BUSINESS)
    after = await standing(shop.database, saga_id)
    assert (after.step, after.tries, after.state) == (1, 0, State.FORWARD)


async def test_a_turn_that_is_overtaken_during_its_call_does_not_advance(shop: Runtime, till: Till):
    @declare_once
    def overtaken() -> Saga[Order]:
        async def make(runtime: Runtime, order: Order, key: str) -> Order:
            async with runtime.database.begin() as tx:
                await tx.execute("UPDATE platform.saga SET turn = turn + 1 WHERE id = %s", [order.order_id])
            return order

        async def ask(runtime: Runtime, order: Order, key: str) -> Order | None:
            raise AssertionError("not asked")

        return Saga(name="test.overtaken", data=Order, steps=(Outside(name="call", do=Call(make=make, ask=ask)),))

    saga_id = new_id()
    async with shop.database.begin() as tx:
        await start(tx, overtaken, Order(saga_id, 1), now=utc_now(), saga_id=saga_id)
    await step(shop, saga_id=str(saga_id), turn=0)
    assert (await standing(shop.database, saga_id)).step == 0


def declare_once(build: Callable[[], Saga[Order]]) -> Saga[Order]:
    """Declare a saga, also when the test runs a second time in this process."""
    made = build()
    try:
        return declare(made)
    except ValueError:
        from vibestream.platform.sagas.definition import _declared

        _declared[made.name, made.version] = made
        return made


async def test_what_a_step_raises_before_its_call_is_tried_again_without_asking(shop: Runtime, till: Till):
    saga_id = await begin_order(shop.database)
    await step(shop, saga_id=str(saga_id), turn=0)
    async with shop.database.begin() as tx:
        await tx.execute("UPDATE platform.saga SET data = '{}'")
    await run_jobs(shop, most=3)
    stuck = await standing(shop.database, saga_id)
    assert stuck.error.startswith("ValidationError")
    assert stuck.state is State.FORWARD
    assert till.calls == {}
    async with shop.database.begin() as tx:
        await tx.execute("UPDATE platform.saga SET data = %s", [ORDER.encode(Order(saga_id, 5))])
    await run_jobs(shop)
    assert till.asked == {}
    assert await assert_settled(shop.database, till, orders=1) == (1, 0)


async def test_a_defect_inside_is_no_refusal(shop: Runtime):
    tries = 0

    @declare_once
    def defective() -> Saga[Order]:
        async def do(tx: Tx, order: Order) -> Order:
            nonlocal tries
            tries += 1
            if tries < 3:
                raise ZeroDivisionError
            await publish(tx, counted("saga", 1))
            return order

        return Saga(name="test.defective", data=Order, steps=(Local(name="do", do=do),))

    async with shop.database.begin() as tx:
        saga_id = await start(tx, defective, Order(new_id(), 1), now=utc_now())
    await run_jobs(shop)
    assert (await standing(shop.database, saga_id)).state is State.COMPLETED
    async with shop.database.begin() as tx:
        cursor = await tx.connection.execute("SELECT correlation_id, causation_id FROM platform.outbox")
        assert await cursor.fetchall() == [(saga_id, saga_id)]


async def test_pauses_grow_and_a_step_that_succeeds_starts_anew(shop: Runtime, till: Till):
    till.fault = lambda _: CUT_BEFORE
    saga_id = await begin_order(shop.database)
    pauses = []
    for _ in range(5):
        await run_jobs(shop, most=1)
        now = await standing(shop.database, saga_id)
        pauses.append((now.tries, round((now.due_at - now.changed_at) / timedelta(seconds=1), 3)))
    assert pauses == [(0, 0), (1, 0.5), (2, 1), (3, 2), (4, 4)]
    till.fault = lambda _: None
    await run_jobs(shop, most=1)
    assert (await standing(shop.database, saga_id)).tries == 0


@pytest.mark.parametrize(
    ("error", "inside", "outside"),
    [
        (Refused("no"), Outcome.BUSINESS, Outcome.BUSINESS),
        (Missing("no"), Outcome.BUSINESS, Outcome.BUSINESS),
        (NotSent("no"), Outcome.TRANSIENT, Outcome.TRANSIENT),
        (Limited("no", retry_after_s=1), Outcome.TRANSIENT, Outcome.TRANSIENT),
        (Unavailable("no"), Outcome.TRANSIENT, Outcome.UNKNOWN),
        (TimeoutError(), Outcome.TRANSIENT, Outcome.UNKNOWN),
        (ConnectionResetError(), Outcome.TRANSIENT, Outcome.UNKNOWN),
        (psycopg.OperationalError(), Outcome.TRANSIENT, Outcome.UNKNOWN),
        (psycopg.errors.UniqueViolation(), Outcome.TRANSIENT, Outcome.UNKNOWN),
        (ZeroDivisionError(), Outcome.TRANSIENT, Outcome.UNKNOWN),
    ],
)
def test_only_a_refusal_is_a_refusal(error: Exception, inside: Outcome, outside: Outcome):
    assert (outcome_inside(error), outcome_outside(error)) == (inside, outside)


def test_a_saga_needs_steps_with_names_of_their_own():
    async def do(tx: Tx, order: Order) -> Order:
        raise AssertionError("not called here")

    with pytest.raises(ValueError, match=r"Saga test.none needs steps"):
        Saga(name="test.none", data=Order, steps=())
    with pytest.raises(ValueError, match=r"Saga test.same needs steps"):
        Saga(name="test.same", data=Order, steps=(Local(name="a", do=do), Local(name="a", do=do)))
    with pytest.raises(ValueError, match=r"There is a saga test.order version 1 already"):
        declare(Saga(name="test.order", data=Order, steps=(Local(name="a", do=do),)))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    faults=st.lists(st.sampled_from([None, None, CUT_BEFORE, CUT_AFTER, ERROR, REFUSE]), max_size=12),
    decline=st.booleans(),
    repeats=st.lists(st.integers(0, 12), max_size=4),
)
async def test_whatever_the_till_does_the_order_ends_done_or_undone(
    shop: Runtime, till: Till, faults: list[str | None], decline: bool, repeats: list[int]
):
    waiting = list(faults)

    def fault(operation: str) -> str | None:
        chosen = waiting.pop(0) if waiting else None
        # A refund or a note that is refused for good is for people to mend, and a question has no refusal.
        return None if chosen == REFUSE and operation != "charge" else chosen

    till.fault = fault
    saga_id = await begin_order(shop.database, decline=decline)
    await run_jobs(shop)
    for turn in repeats:
        await step(shop, saga_id=str(saga_id), turn=turn)
    end = await standing(shop.database, saga_id)
    assert end.state.finished
    refused = decline or till.book.get(f"{saga_id}:charge") == "refused"
    assert end.state is (State.COMPENSATED if refused else State.COMPLETED)
    async with shop.database.begin() as tx:
        orders = await tx.value("SELECT count(*) FROM platform.saga")
    await assert_settled(shop.database, till, orders=orders)
