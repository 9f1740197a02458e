"""Events as JSON: what goes in comes out, and what is not an event is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.kernel.events import Event
from vibestream.kernel.ids import EventId, UserId
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.events.codec import UnreadableEvent, decode, encode


@dataclass(frozen=True, kw_only=True)
class Everything(Event):
    type: ClassVar[str] = "vibestream.test.everything"
    version: ClassVar[int] = 3

    user_id: UserId
    amount: Money
    until: datetime | None
    text: str
    count: int
    flag: bool
    parts: tuple[tuple[str, int], ...] = ()

    @property
    def key(self) -> str:
        return str(self.user_id)


ONE = Everything(
    occurred_at=datetime(2026, 11, 24, 12, 30, 0, 1, tzinfo=UTC),
    event_id=EventId(UUID("01a20b8d-30d9-7cd9-bdda-4b68d080192c")),
    user_id=UserId(UUID("01a20b8d-30d9-73d9-b574-694f00ba7dc6")),
    amount=Money(-5, VIBE),
    until=None,
    text="é",
    count=2**62,
    flag=True,
    parts=(("a", 1),),
)
GOLDEN = (
    '{"occurred_at":"2026-11-24T12:30:00.000001Z","event_id":"01a20b8d-30d9-7cd9-bdda-4b68d080192c",'
    '"user_id":"01a20b8d-30d9-73d9-b574-694f00ba7dc6","amount":{"minor":-5,"currency":{"code":"VIBE","exponent":4}},'
    '"until":null,"text":"é","count":4611686018427387904,"flag":true,"parts":[["a",1]]}'
)


def test_writes_every_field_by_its_name():
    assert encode(ONE) == GOLDEN


def test_reads_what_it_wrote():
    assert decode(Everything, GOLDEN) == ONE


everything = st.builds(
    Everything,
    occurred_at=st.datetimes(timezones=st.just(UTC)),
    event_id=st.uuids(),
    user_id=st.uuids(),
    amount=st.builds(Money, st.integers(-(2**63) + 1, 2**63 - 1), st.just(VIBE)),
    until=st.none() | st.datetimes(timezones=st.just(UTC)),
    text=st.text(),
    count=st.integers(-(2**63), 2**63 - 1),
    flag=st.booleans(),
    parts=st.lists(st.tuples(st.text(), st.integers(-9, 9)), max_size=3).map(tuple),
)


@given(everything)
def test_any_event_survives_the_journey(event):
    assert decode(Everything, encode(event)) == event


def test_a_reader_one_release_behind_ignores_fields_it_does_not_know():
    assert decode(Everything, json.dumps(json.loads(GOLDEN) | {"later": 1})) == ONE


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        ("count", "7", "count: Input should be a valid integer"),
        ("flag", 1, "flag: Input should be a valid boolean"),
        ("user_id", "not a uuid", "user_id: Input should be a valid UUID"),
        ("occurred_at", 5, "occurred_at: Input should be a valid datetime"),
        (
            "amount",
            {"minor": 1.5, "currency": {"code": "VIBE", "exponent": 4}},
            "amount.minor: Input should be a valid int",
        ),
    ],
)
def test_refuses_what_only_looks_like_the_right_type(field, value, where):
    with pytest.raises(UnreadableEvent) as refused:
        decode(Everything, json.dumps(json.loads(GOLDEN) | {field: value}))
    assert where in str(refused.value)
    assert refused.value.facts() == {"event_type": "vibestream.test.everything", "version": 3}


@pytest.mark.parametrize("data", ["", "nonsense", "[]", "{}"])
def test_refuses_what_is_no_event(data):
    with pytest.raises(UnreadableEvent, match=r"Not a readable vibestream.test.everything version 3"):
        decode(Everything, data)
