"""Both engines: what always holds of them, against a second reckoning in plain Python, and by hand."""

# ruff: noqa: PLR0917 - shorthands, and what hypothesis gives
from __future__ import annotations

import random
from collections import defaultdict
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.payment.royalties.domain.engines import ENGINES, count, parts_of_subscribers
from vibestream.contexts.payment.royalties.domain.policy import EngineName, Exclusion, Idle, InvalidExclusion, Rules
from vibestream.contexts.payment.royalties.domain.usage import Claim, InvalidUsage, Revenue, Usage, UsageRow, payers_of
from vibestream.kernel.money import USD, Money, allocate

MONTH, EARLIER = date(2026, 11, 1), date(2026, 10, 1)
PRO_RATA, USER_CENTRIC = EngineName.PRO_RATA, EngineName.USER_CENTRIC


def person(number: int) -> UUID:
    return UUID(int=number)


def track(number: int) -> UUID:
    return UUID(int=1_000 + number)


def row(listener: int, of: int, listens: int, month: date = MONTH) -> UsageRow:
    return UsageRow(person(listener), Claim(track(of), month), listens, listens * 40_000)


def pays(subscriber: int, gross: int, fees: int = 0, *listeners: int) -> Revenue:
    return Revenue(person(subscriber), gross, fees, tuple(map(person, listeners or (subscriber,))))


def shared(engine: EngineName, pool: int, rows: list[UsageRow], revenue: list[Revenue], rules: Rules | None = None, exclusions: tuple[Exclusion, ...] = ()) -> dict[tuple[int, date], int]:  # fmt: skip
    rules = rules or Rules()
    counted = count(Usage.of(rows), revenue, rules=rules, exclusions=exclusions)
    parts = ENGINES[engine](pool, counted, rules).tolist()
    return {
        (claim.track_id.int - 1_000, claim.heard_month): part
        for claim, part in zip(counted.usage.claims, parts, strict=True)
    }


def by_track(engine: EngineName, pool: int, rows: list[UsageRow], revenue: list[Revenue], rules: Rules | None = None, exclusions: tuple[Exclusion, ...] = ()) -> dict[int, int]:  # fmt: skip
    found: defaultdict[int, int] = defaultdict(int)
    for (of, _), part in shared(engine, pool, rows, revenue, rules, exclusions).items():
        found[of] += part
    return dict(found)


# Ana pays 10.00 and hears track 1 ninety times; Bo pays 10.00 and hears track 2 ten times. 70 % of 20.00 are shared.
TWO = [row(1, 1, 90), row(2, 2, 10)]
FEES = [pays(1, 1_000), pays(2, 1_000)]


def test_the_textbook_case_by_hand():
    assert by_track(PRO_RATA, 1_400, TWO, FEES) == {1: 1_260, 2: 140}
    assert by_track(USER_CENTRIC, 1_400, TWO, FEES) == {1: 700, 2: 700}


def test_thirds_by_hand():
    """100 by weights 1, 1, 1: 33 each, and the odd one to the lowest id."""
    rows = [row(1, 1, 1), row(1, 2, 1), row(1, 3, 1)]
    for engine in ENGINES:
        assert by_track(engine, 100, rows, [pays(1, 500)]) == {1: 34, 2: 33, 3: 33}


def test_fees_are_taken_off_before_they_weigh():
    assert by_track(USER_CENTRIC, 900, TWO, [pays(1, 1_000, 400), pays(2, 1_000, 700)]) == {1: 600, 2: 300}


def test_a_fee_that_costs_more_than_it_brings_weighs_nothing():
    assert by_track(USER_CENTRIC, 900, TWO, [pays(1, 100, 130), pays(2, 1_000)]) == {1: 0, 2: 900}


def test_the_fee_of_somebody_who_heard_nothing_is_spread_or_stays():
    fees = [*FEES, pays(3, 2_000)]
    assert by_track(USER_CENTRIC, 4_000, TWO, fees) == {1: 2_000, 2: 2_000}
    assert by_track(USER_CENTRIC, 4_000, TWO, fees, Rules(idle=Idle.UNALLOCATED)) == {1: 1_000, 2: 1_000}


def test_listening_that_nobody_pays_for_earns_nothing_unless_the_policy_lets_it():
    rows = [*TWO, row(9, 3, 1_000_000)]
    for engine in ENGINES:
        assert by_track(engine, 1_400, rows, FEES)[3] == 0
    everybody = Rules(subscribers_only=False)
    assert by_track(PRO_RATA, 1_400, rows, FEES, everybody)[3] == 1_400
    assert by_track(USER_CENTRIC, 1_400, rows, FEES, everybody)[3] == 0


def test_a_family_s_fee_pays_for_all_of_its_listening():
    rows = [row(1, 1, 5), row(4, 2, 15), row(2, 2, 10)]
    assert by_track(USER_CENTRIC, 2_000, rows, [pays(1, 1_000, 0, 1, 4), pays(2, 1_000)]) == {1: 250, 2: 1_750}


def test_one_s_own_fee_comes_before_a_family_s():
    family, own = pays(1, 1_500, 0, 1, 4), pays(4, 1_000)
    assert payers_of([family, own]) == payers_of([own, family]) == {person(1): person(1), person(4): person(4)}
    assert payers_of([pays(3, 1, 0, 3, 9), pays(2, 1, 0, 2, 9)])[person(9)] == person(2)


def test_caps_count_so_many_and_no_more():
    rows = [row(1, 1, 5_000), row(1, 2, 10), row(2, 2, 10)]
    assert by_track(PRO_RATA, 60, rows, FEES, Rules(most_per_track=40)) == {1: 40, 2: 20}
    # 5,010 listens are scaled down to 10: 5000/501 = 9.98 and 10/501 = 0.02, so ten and none.
    assert by_track(PRO_RATA, 20, rows, FEES, Rules(most_per_listener=10)) == {1: 10, 2: 10}


def test_a_track_below_the_least_earns_nothing_and_both_its_months_count_together():
    rows = [row(1, 1, 3), row(1, 1, 2, EARLIER), row(2, 2, 4)]
    assert shared(PRO_RATA, 90, rows, FEES, Rules(least_listens=5)) == {(1, EARLIER): 36, (1, MONTH): 54, (2, MONTH): 0}
    assert by_track(PRO_RATA, 90, rows, FEES, Rules(least_listens=6)) == {1: 0, 2: 0}


@pytest.mark.parametrize(
    ("exclusion", "left"),
    [
        (Exclusion(person(1), None, "bot"), {1: 0, 2: 100}),
        (Exclusion(None, track(2), "farm"), {1: 100, 2: 0}),
        (Exclusion(person(1), track(1), "loop"), {1: 0, 2: 100}),
        (Exclusion(person(2), track(1), "not heard"), {1: 90, 2: 10}),
        (Exclusion(person(77), track(88), "unknown"), {1: 90, 2: 10}),
    ],
)
def test_what_is_artificial_is_not_counted(exclusion: Exclusion, left: dict[int, int]):
    assert by_track(PRO_RATA, 100, TWO, FEES, exclusions=(exclusion,)) == left


@pytest.mark.parametrize(("listener", "of", "why"), [(None, None, "x"), (person(1), None, ""), (person(1), None, "x" * 201)])  # fmt: skip
def test_an_exclusion_says_what_and_why(listener, of, why):
    with pytest.raises(InvalidExclusion):
        Exclusion(listener, of, why)


@pytest.mark.parametrize("rows", [[row(1, 1, 0)], [row(1, 1, -1)], [row(1, 1, 1), row(1, 1, 2)]])
def test_usage_has_one_row_of_each_with_a_listen_at_least(rows):
    with pytest.raises(InvalidUsage):
        Usage.of(rows)


@pytest.mark.parametrize(("gross", "fees", "who"), [(-1, 0, (person(1),)), (1, -1, (person(1),)), (1, 0, ())])
def test_revenue_is_somebody_s_and_not_negative(gross, fees, who):
    with pytest.raises(InvalidUsage):
        Revenue(person(1), gross, fees, who)


def test_nobody_heard_anything():
    for engine in ENGINES:
        assert by_track(engine, 100, [], FEES) == {}
        assert by_track(engine, 100, TWO, []) == {1: 0, 2: 0}


ROWS = st.dictionaries(
    st.tuples(st.integers(1, 6), st.integers(1, 5), st.sampled_from([MONTH, EARLIER])), st.integers(1, 60), max_size=20
).map(lambda found: [row(who, of, n, month) for (who, of, month), n in found.items()])
REVENUE = st.dictionaries(st.integers(1, 7), st.tuples(st.integers(0, 3_000), st.integers(0, 400)), max_size=7).map(
    lambda found: [pays(who, gross, fees) for who, (gross, fees) in found.items()]
)
RULES = st.builds(
    Rules,
    least_listens=st.integers(0, 20),
    most_per_track=st.none() | st.integers(1, 30),
    most_per_listener=st.none() | st.integers(1, 40),
    subscribers_only=st.booleans(),
    idle=st.sampled_from(Idle),
)
POOL = st.integers(0, 10**12)


@given(pool=POOL, rows=ROWS, revenue=REVENUE, rules=RULES, engine=st.sampled_from(EngineName))
def test_no_unit_is_made_and_none_is_lost(pool, rows, revenue, rules, engine):
    counted = count(Usage.of(rows), revenue, rules=rules)
    parts = ENGINES[engine](pool, counted, rules).tolist()
    assert all(part >= 0 for part in parts)
    assert sum(parts) <= pool
    assert bool((counted.counted <= counted.usage.listens).all())
    if engine is PRO_RATA and counted.counted.any():
        assert sum(parts) == pool
    payer_heard = {counted.revenue[p].subscriber_id for p, n in zip(counted.payer, counted.counted, strict=True) if p >= 0 and n}  # fmt: skip
    paid = [one.net for one in revenue if one.subscriber_id in payer_heard]
    if engine is USER_CENTRIC and rules.idle is Idle.SPREAD and sum(paid):
        assert sum(parts) == pool


@given(pool=POOL, rows=ROWS, revenue=REVENUE, rules=RULES, engine=st.sampled_from(EngineName), seed=st.integers())
def test_the_order_in_which_things_arrive_changes_nothing(pool, rows, revenue, rules, engine, seed):
    before, digest = shared(engine, pool, rows, revenue, rules), Usage.of(rows).digest()
    random.Random(seed).shuffle(rows)
    random.Random(seed + 1).shuffle(revenue)
    assert shared(engine, pool, rows, revenue, rules) == before
    assert Usage.of(rows).digest() == digest


@given(rows=ROWS.filter(bool), extra=st.integers(1, 5))
def test_another_usage_has_another_digest(rows, extra):
    first = rows[0]
    changed = [UsageRow(first.listener_id, first.claim, first.listens + extra, first.heard_ms), *rows[1:]]
    assert Usage.of(changed).digest() != Usage.of(rows).digest()
    assert Usage.of(rows[1:]).digest() != Usage.of(rows).digest()


def by_money(pool: int, rows: list[UsageRow], revenue: list[Revenue]) -> dict[tuple[int, date], int]:
    """User-centric again, in plain Python with the kernel's own division, one subscriber after the other."""
    heard: defaultdict[UUID, dict[Claim, int]] = defaultdict(dict)
    for one in rows:
        heard[one.listener_id][one.claim] = one.listens
    active = sorted((fee for fee in revenue if fee.subscriber_id in heard), key=lambda fee: fee.subscriber_id)
    earned = {(claim.track_id.int - 1_000, claim.heard_month): 0 for one in rows for claim in [one.claim]}
    if not sum(fee.net for fee in active):
        return earned
    for fee, part in zip(active, allocate(Money(pool, USD), [fee.net for fee in active]), strict=True):
        claims = sorted(heard[fee.subscriber_id])
        for claim, piece in zip(claims, allocate(part, [heard[fee.subscriber_id][c] for c in claims]), strict=True):
            earned[claim.track_id.int - 1_000, claim.heard_month] += piece.minor
    return earned


@given(pool=POOL, rows=ROWS, revenue=REVENUE)
def test_a_second_reckoning_finds_the_same(pool, rows, revenue):
    assert shared(USER_CENTRIC, pool, rows, revenue) == by_money(pool, rows, revenue)


@given(pool=st.integers(0, 10**6), rows=ROWS, revenue=REVENUE, fee=st.integers(0, 2_000), listens=st.integers(1, 10**9))
def test_a_bot_earns_at_most_its_own_part_whatever_it_plays(pool, rows, revenue, fee, listens):
    """Account 8 plays track 9, which nobody else plays, as often as it likes."""
    rows, revenue = [*rows, row(8, 9, listens)], [*revenue, pays(8, fee)]
    rules = Rules()
    most = parts_of_subscribers(pool, count(Usage.of(rows), revenue, rules=rules), rules)[str(person(8))]
    assert by_track(USER_CENTRIC, pool, rows, revenue)[9] <= most
    assert most <= pool * fee // max(sum(one.net for one in revenue if one.subscriber_id.int in {r.listener_id.int for r in rows}), 1) + 1  # fmt: skip


def test_pro_rata_the_same_bot_takes_almost_everything():
    """One fee in three, and a track that nobody else hears: a third of the pool user-centric, 99.99 % pro-rata."""
    rows, fees = [*TWO, row(8, 9, 10**6)], [*FEES, pays(8, 1_000)]
    assert by_track(USER_CENTRIC, 2_100, rows, fees) == {1: 700, 2: 700, 9: 700}
    assert by_track(PRO_RATA, 1_000_000, rows, fees) == {1: 90, 2: 10, 9: 999_900}


@given(pool=st.integers(0, 10**6), rows=ROWS, revenue=REVENUE, more=st.integers(1, 1_000))
def test_playing_more_takes_nothing_from_other_subscribers(pool, rows, revenue, more):
    """Adding listens of subscriber 1 changes nothing of what subscriber 2's fee pays for."""
    alone = [one for one in rows if one.listener_id == person(2)]
    fees = [*(one for one in revenue if one.subscriber_id.int not in {1, 2}), pays(1, 1_000), pays(2, 1_000)]
    before = [*alone, row(2, 2, 1, date(2026, 9, 1)), row(1, 7, 1)]
    after = [*alone, row(2, 2, 1, date(2026, 9, 1)), row(1, 7, 1 + more)]
    assert by_track(USER_CENTRIC, pool, before, fees) == by_track(USER_CENTRIC, pool, after, fees)
