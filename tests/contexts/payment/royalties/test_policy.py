"""Policies, rates and countries: what of them is refused, and which counts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.factories.royalties import HEARD, MONTH, NEXT, close, make_policy, pays, person, usd
from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.domain.engines import ENGINES, count
from vibestream.contexts.payment.royalties.domain.payees import Rate, Standing, rate_of, settle
from vibestream.contexts.payment.royalties.domain.policy import EngineName, Idle, Rules, policy_of_month
from vibestream.contexts.payment.royalties.domain.usage import Revenue, Usage
from vibestream.contexts.payment.royalties.service import (
    AlreadySaid,
    InvalidAdvance,
    InvalidCountry,
    InvalidMonth,
    InvalidPolicy,
    InvalidReason,
    MonthIsClosed,
    NoPolicy,
    OwnAdvance,
)
from vibestream.kernel.ids import RoyaltyRunId, new_id
from vibestream.platform.database import Tx


@pytest.mark.parametrize(
    "wrong",
    [
        {"pool_share_bp": -1}, {"pool_share_bp": 10_001}, {"hold_days": -1}, {"hold_days": 366},
        {"rules": {"least_listens": -1}}, {"rules": {"most_per_track": 0}}, {"rules": {"most_per_listener": -1}},
    ],
    ids=str,
)  # fmt: skip
def test_a_policy_that_nothing_could_be_shared_by_is_none(wrong: dict[str, Any]):
    with pytest.raises(InvalidPolicy):
        make_policy(**wrong)


def test_of_a_month_counts_the_newest_of_the_latest_policies_not_after_it():
    policies = [
        make_policy(version=1, effective_from=date(2026, 1, 1)),
        make_policy(version=2, effective_from=NEXT),
        make_policy(version=3, effective_from=MONTH),
        make_policy(version=4, effective_from=MONTH),
    ]
    assert [policy_of_month(policies, month=month).version for month in (date(2026, 10, 1), MONTH, NEXT)] == [1, 4, 2]
    with pytest.raises(NoPolicy):
        policy_of_month(policies, month=date(2025, 12, 1))


async def test_a_policy_says_why_and_from_which_month(tx: Tx):
    with pytest.raises(InvalidPolicy):
        await service.set_policy(tx, policy=make_policy(note=""), made_by=None)
    with pytest.raises(InvalidMonth):
        await service.set_policy(tx, policy=make_policy(effective_from=date(2026, 11, 2)), made_by=None)
    policy = make_policy(rules={"idle": Idle.UNALLOCATED, "most_per_track": 7, "subscribers_only": False})
    version = await service.set_policy(tx, policy=policy, made_by=person())
    kept = await service.policy_for(tx, month=MONTH)
    assert (kept.version, kept.rules) == (version, policy.rules)


async def test_a_rate_is_said_once_for_an_open_month(tx: Tx):
    for wrong, error in (
        (Rate("de", MONTH, 1), InvalidCountry),
        (Rate("DEU", MONTH, 1), InvalidCountry),
        (Rate("DE", MONTH, 10_001), InvalidPolicy),
        (Rate("DE", date(2026, 11, 3), 1), InvalidMonth),
    ):
        with pytest.raises(error):
            await service.set_withholding_rate(tx, rate=wrong, made_by=None)
    await service.set_withholding_rate(tx, rate=Rate("DE", NEXT, 500), made_by=None)
    with pytest.raises(AlreadySaid):
        await service.set_withholding_rate(tx, rate=Rate("DE", NEXT, 600), made_by=None)
    await close(tx, pays(person(), 100))
    for month in (MONTH, date(2026, 10, 1)):  # before a closed month is closed too
        with pytest.raises(MonthIsClosed):
            await service.set_withholding_rate(tx, rate=Rate("FR", month, 500), made_by=None)


async def test_where_one_is_taxed_counts_from_the_first_open_month(tx: Tx):
    payee = person()
    assert await service.set_country(tx, payee_id=payee, country="ES", now=HEARD) == MONTH
    with pytest.raises(AlreadySaid):
        await service.set_country(tx, payee_id=payee, country="PT", now=HEARD)
    await close(tx, pays(person(), 100))
    assert await service.set_country(tx, payee_id=payee, country="PT", now=HEARD) == NEXT


def test_rates_change_by_month():
    rates = [Rate("DE", MONTH, 500), Rate("DE", NEXT, 700), Rate("FR", MONTH, 900)]
    found = [rate_of(rates, country="DE", month=month) for month in (date(2026, 10, 1), MONTH, NEXT, date(2030, 1, 1))]
    assert found == [0, 500, 700, 700]
    assert (rate_of(rates, country=None, month=NEXT), rate_of(rates, country="US", month=NEXT)) == (0, 0)


@pytest.mark.parametrize(
    ("earned", "standing", "parts"),
    [  # recouped, withheld, repaid, payable
        (700, Standing(), (0, 0, 0, 700)),
        (0, Standing(5, 5, "DE", 5_000), (0, 0, 0, 0)),
        (700, Standing(1_000, 50, "DE", 1_500), (700, 0, 0, 0)),
        (700, Standing(300, 50, "DE", 1_500), (300, 60, 50, 290)),
        (700, Standing(0, 9_999, "DE", 1_500), (0, 105, 595, 0)),
        (1, Standing(0, 0, "DE", 5_000), (0, 0, 0, 1)),  # half a cent: to the even one
        (3, Standing(0, 0, "DE", 5_000), (0, 2, 0, 1)),
        (700, Standing(0, 0, "DE", 10_000), (0, 700, 0, 0)),
    ],
)
def test_earnings_are_divided_in_order_and_wholly(earned: int, standing: Standing, parts: tuple[int, ...]):
    found = settle(earned, standing)
    assert (found.recouped, found.withheld, found.repaid, found.payable) == parts
    assert sum(parts) == earned


async def test_an_advance_is_somebody_else_s_and_a_positive_amount(tx: Tx):
    payee = person()
    for amount, note in ((0, "x"), (-1, "x"), (5, ""), (5, "x" * 501)):
        with pytest.raises(InvalidAdvance):
            await service.grant_advance(
                tx, advance_id=new_id(), payee_id=payee, amount=usd(amount), note=note, granted_by=person()
            )
    with pytest.raises(OwnAdvance):
        await service.grant_advance(tx, advance_id=new_id(), payee_id=payee, amount=usd(5), note="x", granted_by=payee)


async def test_a_reversal_has_a_reason(tx: Tx):
    for reason in ("", "x" * 501):
        with pytest.raises(InvalidReason):
            await service.ask_reversal(tx, run_id=RoyaltyRunId(new_id()), asked_by=person(), reason=reason)


def test_a_track_and_a_listener_that_nobody_knows_exclude_nothing():
    usage = Usage.of([])
    counted = count(usage, [Revenue(person(), 5, 0, (person(),))], rules=Rules(most_per_listener=3, most_per_track=1))
    assert [engine(9, counted, Rules()).tolist() for engine in ENGINES.values()] == [[], []]
    assert set(ENGINES) == set(EngineName)
