"""The memory of the stand-ins: whole transactions, parts that fail by themselves, and what outlives both."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from vibestream.sandbox.gateways.faults import Fault, Faults
from vibestream.sandbox.gateways.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store(tmp_path / "books.sqlite")
    yield one
    one.close()


def put(store: Store, ref: str, *, kind: str = "charge", parent: str | None = None, created: int = 1) -> None:
    store.put("stripe", kind, ref, {"id": ref}, created=created, parent=parent)


def refs(store: Store, kind: str = "charge", **asked: object) -> list[str]:
    return [one["id"] for one in store.newest_first("stripe", kind, **asked)]  # type: ignore[arg-type]


class Stop(Exception):
    pass


def test_a_block_that_fails_leaves_nothing(store: Store):
    with pytest.raises(Stop), store.transaction():
        put(store, "a")
        raise Stop

    assert refs(store) == []


def test_a_part_that_fails_leaves_the_rest(store: Store):
    with store.transaction():
        put(store, "a")
        with pytest.raises(Stop), store.transaction():
            put(store, "b")
            with store.transaction():
                put(store, "c")
            raise Stop
        put(store, "d")

    assert refs(store) == ["d", "a"]


def test_a_fault_is_used_up_even_when_what_it_befell_is_undone(store: Store):
    faults = Faults(store)
    faults.add("stripe", Fault.INSUFFICIENT_BALANCE, act="payout", times=3, options={})
    kinds = frozenset({Fault.INSUFFICIENT_BALANCE})

    with pytest.raises(Stop), store.transaction():
        with pytest.raises(Stop), store.transaction():
            assert faults.take("stripe", kinds, act="payout") is not None
            raise Stop
        assert faults.take("stripe", kinds, act="payout") is not None
        raise Stop

    assert [one["times"] for one in faults.left("stripe")] == [1]


def test_faults_befall_their_act_in_their_order(store: Store):
    faults = Faults(store)
    faults.add("stripe", Fault.HTML, act="refund", times=1, options={})
    faults.add("stripe", Fault.ERROR_500, act="*", times=1, options={"effect": True})
    faults.add("paypal", Fault.HTML, act="*", times=1, options={})
    kinds = frozenset({Fault.HTML, Fault.ERROR_500})

    taken = [faults.take("stripe", kinds, act=act) for act in ("create", "create", "refund", "refund")]

    assert [None if one is None else (one.kind, one.effect) for one in taken] == [
        (Fault.ERROR_500, True),
        None,
        (Fault.HTML, False),
        None,
    ]
    assert faults.take("paypal", kinds, act="x", exactly=True) is None
    assert faults.left("paypal") == [{"kind": "html", "on": "*", "times": 1}]


def test_documents_are_listed_by_parent_time_and_cursor(store: Store):
    for at, ref in enumerate("abcdef", 1):
        put(store, ref, parent="odd" if at % 2 else "even", created=at)
        put(store, ref, kind="line", created=at)

    assert refs(store, parent="odd") == ["e", "c", "a"]
    assert refs(store, since=2, until=5) == ["d", "c", "b"]
    assert refs(store, before="c") == ["b", "a"]
    assert refs(store, after="d") == ["f", "e"]
    assert refs(store, "line", before="b") == ["a"]


def test_what_is_due_is_taken_once_and_in_its_order(store: Store):
    for ref, at in (("late", 9), ("second", 5), ("first", 3)):
        store.schedule("paypal", "work", ref, at=at)
    store.schedule("stripe", "work", "other", at=1)

    assert store.take_due("paypal", "work", now=5) == ["first", "second"]
    assert store.take_due("paypal", "work", now=5) == []
    assert store.take_due("paypal", "work", now=9) == ["late"]


def test_what_was_written_is_there_when_it_is_opened_again(tmp_path: Path):
    first = Store(tmp_path / "books.sqlite")
    put(first, "a")
    first.set_fact("clock", "5")
    second = Store(tmp_path / "books.sqlite")

    assert (refs(second), second.fact("clock"), second.fact("none")) == (["a"], "5", None)
    first.close()
    second.close()
