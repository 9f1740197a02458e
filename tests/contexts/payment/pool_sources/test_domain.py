"""What sources give and get back: to the unit, whatever the figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.payment.pool_sources.domain import (
    ISSUANCE,
    Given,
    SourceNameInvalid,
    returned,
    source_named,
    taken,
)
from vibestream.kernel.money import VIBE, Money

AMOUNTS = st.integers(0, 10**12)
GIVEN = st.dictionaries(st.sampled_from(["issuance", "label-week", "marketing", "spring", "zoo"]), AMOUNTS, min_size=1)


def points(minor: int) -> Money:
    return Money(minor, VIBE)


@given(gave=GIVEN, share=st.integers(0, 10**6))
def test_what_comes_back_is_split_to_the_unit_and_no_source_gets_more_than_it_gave(gave: dict[str, int], share: int):
    total = sum(gave.values())
    left = total * share // 10**6
    if left == 0:
        return
    parts = returned(points(left), {source: points(one) for source, one in gave.items()})

    assert sum(one.minor for one in parts.values()) == left
    for source, part in parts.items():
        assert 0 < part.minor <= gave[source]
        assert abs(part.minor * total - left * gave[source]) < total  # less than a unit from its exact part


def test_the_units_that_do_not_divide_go_to_the_largest_remainders():
    # Of 10: 10 * 50 / 99 = 5.05, 10 * 33 / 99 = 3.33, 10 * 16 / 99 = 1.62, so the tenth is the third's.
    gave = {"issuance": points(50), "marketing": points(33), "spring": points(16), "zoo": points(0)}
    assert returned(points(10), gave) == {"issuance": points(5), "marketing": points(3), "spring": points(2)}


@given(
    wanted=st.dictionaries(st.sampled_from(["a-a", "b-b", "c-c", ISSUANCE]), AMOUNTS),
    held=st.dictionaries(st.sampled_from(["a-a", "b-b"]), st.integers(-5, 10**12)),
)
def test_a_source_gives_what_is_wanted_or_all_that_it_has_and_issuance_all(
    wanted: dict[str, int], held: dict[str, int]
):
    gives = taken(
        [(source, points(one)) for source, one in wanted.items()], {source: points(one) for source, one in held.items()}
    )

    assert [one.source for one in gives] == list(wanted)
    for one in gives:
        limit = wanted[one.source] if one.source == ISSUANCE else max(held.get(one.source, 0), 0)
        assert one == Given(one.source, points(wanted[one.source]), points(min(wanted[one.source], limit)))


@pytest.mark.parametrize(
    "name", ["", "ab", "Marketing", "issuance", "-spring", "spring-", "a b c", "a" * 41, "señal", "x\ny"]
)
def test_a_name_is_short_and_plain_and_not_issuances(name: str):
    with pytest.raises(SourceNameInvalid):
        source_named(name)


def test_a_name_is_taken_without_the_space_around_it():
    assert source_named(" spring-sponsor-2027 ") == "spring-sponsor-2027"
