"""What a music platform meets beside the Handbook's fraud: stolen cards on new devices, card testing, stream farms.

Rates and amounts here are assumptions, chosen so that no single feature separates fraud from honesty: honest people also buy
a new phone, are declined, open accounts, and some honest artists have few listeners.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from vibestream.contexts.payment.fraud.domain.statistics.simulator.handbook import DAY_S, Payments, Scale
from vibestream.contexts.payment.fraud.domain.statistics.tables import (
    CODES,
    MISSING,
    MOST_CENTS,
    PURPOSES,
    Bools,
    EventTable,
    Floats,
    Ints,
    QueryTable,
)

DAY_MS: Final = DAY_S * 1000
HOUR_MS: Final = 3_600_000
_SPACE: Final = 1_000_000_000
"""Codes of one kind lie apart from those of another by this much."""
_DEVICES, _NETWORKS, _CARDS, _THIEVES, _PAYEES = (number * _SPACE for number in range(1, 6))
_PROVIDERS: Final = 60
_CARRIERS: Final = 200
"""Networks that many share."""
_DECLINED: Final = 0.03
_DECLINED_FRAUD: Final = 0.25
_NEW_DEVICE: Final = 0.01
_ON_THE_MOVE: Final = 0.2
_NOTICED_DAYS: Final = 7
_NEWCOMERS: Final = 0.5
_UNKNOWN: Final = 0.03
_GAPS: Final = {"method": 0.35, "device": 0.08, "network": 0.05, "domain": 0.03, "country": 0.1}
"""How often a fact is not known."""
_SMALL_INCOME: Final = 1_500
_YEARS_MS: Final = 3 * 365 * DAY_MS

CARD_TESTING: Final = 4
STREAM_FARM: Final = 5
TAKEN_OVER: Final = 6


def dressed(payments: Payments, draw: np.random.Generator, start_ms: int) -> tuple[QueryTable, Ints]:
    """Return the Handbook's payments as a music platform sees them, and the scenario of each.

    Most people pay a few times a month, many join while we look, and every one of them pays for a first time: a model that
    had only met regulars would take a newcomer for a thief. Of cards that were taken (scenario 3), half are used by whoever
    took the account over, on another device; half by a thief with a fresh account of their own.
    """
    people = _people(payments, draw, start_ms)
    kept = people.pays(payments, draw)
    payments = Payments(
        *(getattr(payments, name)[kept] for name in ("second", "customer", "terminal", "cents", "scenario"))
    )
    count, customer = len(payments.second), payments.customer
    stolen = (payments.scenario == 3) & (customer % 2 == 0)  # noqa: PLR2004 - the scenario
    taken = (payments.scenario == 3) & ~stolen  # noqa: PLR2004 - the scenario
    second_card = draw.random(count) < 0.1  # noqa: PLR2004
    second_device = draw.random(count) < 0.25  # noqa: PLR2004
    new_device = draw.random(count) < _NEW_DEVICE
    device = _DEVICES + customer * 4 + second_device + 2 * (stolen | taken)
    device = np.where(new_device, _DEVICES + _SPACE // 2 + np.arange(count), device)
    away = (draw.random(count) < _ON_THE_MOVE) | stolen | taken
    at = start_ms + payments.second * 1000 + draw.integers(0, 1000, count)
    created = np.where(stolen, at - draw.integers(HOUR_MS, 12 * DAY_MS, count), people.created[customer])
    # A crooked payee is paid for something; a top-up and a subscription have no payee.
    purpose = np.where(
        payments.scenario == 2,  # noqa: PLR2004 - the scenario
        draw.choice([2, 3, 4], count),
        draw.choice(5, count, p=[0.3, 0.2, 0.1, 0.1, 0.3]),
    )
    card = customer * 2 + (second_card & (payments.scenario == 0)) + 2 * len(people.created) * _replaced(payments)
    codes = {
        "user": np.where(stolen, _THIEVES + customer, customer + 1),
        "method": _CARDS + card,
        "device": device,
        "network": np.where(away, _NETWORKS + draw.integers(0, _CARRIERS, count), _NETWORKS + _CARRIERS + customer),
        "domain": 1 + _skewed(customer, _PROVIDERS),
        "payee": np.where(purpose >= 2, _PAYEES + payments.terminal, 0),  # noqa: PLR2004 - see PURPOSES
        "country": 1 + np.where(stolen | taken, draw.integers(0, 30, count), customer % 30),
    }
    table = _table(
        at=at,
        cents=payments.cents,
        purpose=purpose,
        codes=_with_gaps(codes, draw),
        declined=draw.random(count) < np.where(payments.fraud, _DECLINED_FRAUD, _DECLINED),
        fraud=payments.fraud,
        account_created=np.where(draw.random(count) < _UNKNOWN, np.nan, created.astype(np.float64)),
    )
    return table, payments.scenario


def _replaced(payments: Payments) -> Ints:
    """Return how often the payer's card had been replaced: a week after each fraud with it its owner has another one."""
    stride = int(payments.day.max(initial=0)) + _NOTICED_DAYS + 1
    key = payments.customer * stride + payments.day
    frauds = np.sort(key[payments.fraud])
    before = np.searchsorted(frauds, np.maximum(key - _NOTICED_DAYS, payments.customer * stride))
    times = before - np.searchsorted(frauds, payments.customer * stride)
    return np.where(payments.scenario == 3, 0, times)  # noqa: PLR2004 - a thief has the card that was stolen


@dataclass(frozen=True, slots=True)
class _People:
    """Who pays, one row each."""

    joined_day: Ints
    """The day since the start that they joined on; before it they pay nothing."""
    thinned: Floats
    """Of the Handbook's payments, the share that they make."""
    created: Ints
    """Milliseconds since 1970."""

    def pays(self, payments: Payments, draw: np.random.Generator) -> Bools:
        """Say which payments happen: a victim's are kept, so that fraud stays as rare as it was meant to be."""
        often = draw.random(len(payments.second)) < self.thinned[payments.customer]
        happens: Bools = (payments.day >= self.joined_day[payments.customer]) & (often | (payments.scenario == 3))  # noqa: PLR2004
        return happens


def _people(payments: Payments, draw: np.random.Generator, start_ms: int) -> _People:
    count, days = int(payments.customer.max(initial=0)) + 1, int(payments.day.max(initial=0)) + 1
    newcomer = draw.random(count) < _NEWCOMERS
    joined = np.where(newcomer, draw.integers(0, days, count), 0)
    old = start_ms - draw.integers(0, _YEARS_MS, count)
    fresh = start_ms + joined * DAY_MS - draw.integers(0, 2 * HOUR_MS, count)
    return _People(
        joined_day=joined,
        thinned=draw.choice([1.0, 0.3, 0.05, 0.02], count, p=[0.1, 0.2, 0.4, 0.3]),
        created=np.where(newcomer, fresh, old),
    )


def _with_gaps(codes: dict[str, Ints], draw: np.random.Generator) -> dict[str, Ints]:
    """Return codes some of which are not known: a card is often known only at the gateway, after it was decided."""
    return {
        name: np.where(draw.random(len(column)) < _GAPS.get(name, 0.0), MISSING, column)
        for name, column in codes.items()
    }


def card_tests(scale: Scale, draw: np.random.Generator, start_ms: int) -> tuple[QueryTable, Ints]:
    """Return bursts in which stolen cards are tried on purchases of 0.99, most of them declined."""
    bursts = max(scale.days * scale.customers // 4_000, 1)
    sizes = draw.integers(5, 40, bursts)
    count = int(sizes.sum())
    burst = np.repeat(np.arange(bursts), sizes)
    begin = draw.integers(0, scale.days * DAY_MS, bursts)
    within = np.arange(count) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    at = start_ms + begin[burst] + within * draw.integers(4_000, 90_000, bursts)[burst] + draw.integers(0, 3_000, count)
    changing = draw.random(bursts)[burst] < 0.3  # noqa: PLR2004 - some take another device each time
    table = _table(
        at=at,
        cents=np.full(count, 99),
        purpose=np.full(count, PURPOSES.index("tip")),
        codes=_with_gaps(
            {
                "user": _THIEVES + _SPACE // 2 + burst,
                "method": _CARDS + _SPACE // 2 + np.arange(count),
                "device": _DEVICES + _SPACE // 4 + np.where(changing, _SPACE // 8 + np.arange(count), burst),
                "network": _NETWORKS + draw.integers(0, _CARRIERS, bursts)[burst],
                "domain": 1 + draw.integers(0, _PROVIDERS, bursts)[burst],
                "payee": _PAYEES + draw.integers(0, scale.terminals, bursts)[burst],
                "country": 1 + draw.integers(0, 30, bursts)[burst],
            },
            draw,
        ),
        declined=draw.random(count) < 0.75,  # noqa: PLR2004
        fraud=np.ones(count, np.bool_),
        account_created=(at - draw.integers(HOUR_MS // 4, 20 * DAY_MS, bursts)[burst]).astype(np.float64),
    )
    return table, np.full(count, CARD_TESTING)


@dataclass(frozen=True, slots=True)
class _Artists:
    """Who is paid out, one row each."""

    income: Floats
    """Cents a week."""
    concentration: Floats
    """Percent of the listens that come from the ten busiest accounts."""
    age_ms: Ints
    """Of the account, at the start."""
    farm: Bools


def payouts(scale: Scale, draw: np.random.Generator, start_ms: int) -> tuple[QueryTable, Ints]:
    """Return weekly payouts: of honest artists, of stream farms, and of accounts that somebody took over."""
    artists = _artists(max(scale.terminals // 2, 40), draw)
    weeks = scale.days // 7
    number = np.repeat(np.arange(len(artists.income)), weeks)
    at = (
        start_ms
        + np.tile(np.arange(weeks), len(artists.income)) * 7 * DAY_MS
        + draw.integers(0, 7 * DAY_MS, len(number))
    )
    asked = draw.random(len(number)) < 0.7  # noqa: PLR2004 - not everybody every week
    number, at = number[asked], at[asked]
    count = len(number)
    farm = artists.farm[number]
    taken = ~farm & (draw.random(count) < 0.006)  # noqa: PLR2004
    moved = taken | (draw.random(count) < np.where(farm, 0.35, 0.015))
    changed = np.where(
        moved, at - draw.integers(HOUR_MS // 4, 72 * HOUR_MS, count), start_ms - artists.age_ms[number] + HOUR_MS
    )
    table = _table(
        at=at,
        cents=np.maximum((artists.income[number] * draw.lognormal(0, 0.4, count)).astype(np.int64), 100),
        purpose=np.full(count, PURPOSES.index("payout")),
        codes=_with_gaps(
            {
                "user": _PAYEES + number,
                "payee": _PAYEES + number,
                "device": _DEVICES + _SPACE // 3 + number + np.where(taken, _SPACE // 8, 0),
                "network": _NETWORKS + _SPACE // 3 + np.where(taken | farm, draw.integers(0, _CARRIERS, count), number),
                "domain": 1 + _skewed(number, _PROVIDERS),
                "country": 1 + np.where(taken, draw.integers(0, 30, count), number % 30),
            },
            draw,
        ),
        declined=np.zeros(count, np.bool_),
        fraud=farm | taken,
        account_created=(start_ms - artists.age_ms[number]).astype(np.float64),
    )
    concentration = np.clip(artists.concentration[number] + draw.normal(0, 4, count), 0, 100)
    table = QueryTable(
        events=EventTable(
            **{name: getattr(table.events, name) for name in ("at", "cents", "codes", "declined", "fraud")},
            payout=np.ones(count, np.bool_),
        ),
        purpose=table.purpose,
        account_created=table.account_created,
        destination_changed=changed.astype(np.float64),
        signals={"listen_concentration": np.where(draw.random(count) < 0.1, np.nan, concentration)},  # noqa: PLR2004
    )
    return table, np.where(taken, TAKEN_OVER, np.where(farm, STREAM_FARM, 0))


def _artists(count: int, draw: np.random.Generator) -> _Artists:
    farm = draw.random(count) < 0.03  # noqa: PLR2004
    income = np.where(farm, draw.lognormal(9.5, 0.8, count), draw.lognormal(8.0, 1.3, count))
    few = draw.beta(8, 3, count) * 100
    return _Artists(
        income=income,
        # Small honest artists are heard by few as well.
        concentration=np.where(
            farm, few, np.where(income < _SMALL_INCOME, draw.beta(4, 4, count), draw.beta(1.5, 9, count)) * 100
        ),
        age_ms=np.where(farm, draw.integers(0, 60 * DAY_MS, count), draw.integers(0, _YEARS_MS, count)),
        farm=farm,
    )


def _skewed(number: Ints, choices: int) -> Ints:
    """Return a choice for each number, the same every time, low ones far more often: a few providers have most people."""
    spread = (number * 2_654_435_761 % 2**32) / 2**32
    chosen: Ints = (spread**4 * choices).astype(np.int64)
    return chosen


def _table(
    *,
    at: Ints,
    cents: Ints,
    purpose: Ints,
    codes: dict[str, Ints],
    declined: Bools,
    fraud: Bools,
    account_created: Floats,
) -> QueryTable:
    nothing = np.zeros(len(at), np.int64)
    return QueryTable(
        events=EventTable(
            at=at,
            cents=np.minimum(cents, MOST_CENTS),
            payout=np.zeros(len(at), np.bool_),
            codes={name: codes.get(name, nothing) for name in CODES},
            declined=declined,
            fraud=fraud,
        ),
        purpose=purpose.astype(np.int64),
        account_created=account_created,
        destination_changed=np.full(len(at), np.nan),
        signals={},
    )
