"""Declaring who hears what, and the mistakes that are refused at once."""

from __future__ import annotations

import pytest

from tests.factories.events import Closed, Counted, CountedAgain
from vibestream.platform.events.subscriptions import Consumers, Poison, Subscription


async def handle(tx, event):
    raise AssertionError("not called here")


def test_a_subscription_has_exactly_one_handler():
    with pytest.raises(ValueError, match="either handle or handle_batch"):
        Subscription(event=Counted, consumer="c")
    with pytest.raises(ValueError, match="either handle or handle_batch"):
        Subscription(event=Counted, consumer="c", handle=handle, handle_batch=handle)


def test_a_consumer_hears_a_schema_once():
    with pytest.raises(ValueError, match=r"c subscribes twice to vibestream.test.counted version 1"):
        Consumers([Subscription(event=Counted, consumer="c", handle=handle)] * 2)


def test_a_consumer_has_one_poison_policy():
    with pytest.raises(ValueError, match="c has two poison policies"):
        Consumers(
            [
                Subscription(event=Counted, consumer="c", handle=handle),
                Subscription(event=Closed, consumer="c", handle=handle, poison=Poison.SKIP),
            ]
        )


def test_finds_the_subscription_of_a_schema():
    first = Subscription(event=Counted, consumer="c", handle=handle, poison=Poison.SKIP)
    second = Subscription(event=CountedAgain, consumer="c", handle=handle, poison=Poison.SKIP)
    other = Subscription(event=Closed, consumer="b", handle=handle)
    consumers = Consumers([first, second, other])
    assert consumers.names == ("b", "c")
    assert consumers.types == ("vibestream.test.closed", "vibestream.test.counted")
    assert consumers.types_of("c") == {"vibestream.test.counted"}
    assert consumers.subscription("c", "vibestream.test.counted", 2) is second
    assert consumers.subscription("c", "vibestream.test.counted", 3) is None
    assert (consumers.poison_of("c"), consumers.poison_of("b")) == (Poison.SKIP, Poison.BLOCK_KEY)
