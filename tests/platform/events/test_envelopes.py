"""Arranging events into batches without breaking any key's order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tests.factories.events import Closed, Counted, closed, counted
from vibestream.platform.events.envelopes import Batch, Envelope, arrange
from vibestream.platform.events.subscriptions import Subscription


async def nothing(tx, event):
    raise AssertionError("not called here")


COUNT: Subscription[Any] = Subscription(event=Counted, consumer="c", handle=nothing)
CLOSE: Subscription[Any] = Subscription(event=Closed, consumer="c", handle=nothing)


def heard(*items: tuple[Subscription[Any], str, int]):
    for subscription, key, n in items:
        event = counted(key, n) if subscription is COUNT else closed(key, n)
        yield subscription, Envelope(n, 1, event.event_id, event.type, 1, key, "{}", UUID(int=0)), event


def shape(batches: list[Batch]) -> list[tuple[Subscription[Any], list[int]]]:
    return [(batch.subscription, [envelope.seq for envelope in batch.envelopes]) for batch in batches]


def test_one_subscription_is_one_batch():
    assert shape(arrange(heard((COUNT, "a", 1), (COUNT, "b", 2), (COUNT, "a", 3)))) == [(COUNT, [1, 2, 3])]


def test_different_keys_may_be_gathered_across_subscriptions():
    items = [(COUNT, "a", 1), (CLOSE, "b", 2), (COUNT, "c", 3), (CLOSE, "d", 4)]
    assert shape(arrange(heard(*items))) == [(COUNT, [1, 3]), (CLOSE, [2, 4])]


def test_a_keys_event_of_another_kind_begins_a_later_batch():
    items = [(COUNT, "a", 1), (CLOSE, "a", 2), (COUNT, "a", 3), (COUNT, "b", 4)]
    assert shape(arrange(heard(*items))) == [(COUNT, [1]), (CLOSE, [2]), (COUNT, [3, 4])]


def test_nothing_is_no_batch():
    assert arrange([]) == []


@given(st.lists(st.tuples(st.sampled_from([COUNT, CLOSE]), st.sampled_from("abc"))))
def test_every_event_comes_once_and_each_key_in_order(kinds):
    items = [(subscription, key, n) for n, (subscription, key) in enumerate(kinds)]
    batches = arrange(heard(*items))
    flat = [(envelope.key, envelope.seq) for batch in batches for envelope in batch.envelopes]
    assert sorted(n for _, n in flat) == list(range(len(items)))
    for key in "abc":
        assert [n for k, n in flat if k == key] == [n for _, k, n in items if k == key]
    for batch in batches:
        assert {type(event) for event in batch.events} == {batch.subscription.event}
        assert [envelope.event_id for envelope in batch.envelopes] == [event.event_id for event in batch.events]
