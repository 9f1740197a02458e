"""Whole worlds to train and measure on, as the tables that features are computed from.

`plain` is the Handbook's world as it stands: a customer is a person with one card, a terminal is who is paid. `music` dresses
the same payments as a music platform sees them (devices, networks, mail providers, thieves who are not the victim) and adds
card testing, and payouts of honest artists and of stream farms. Every number of it is an assumption; see docs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from vibestream.contexts.payment.fraud.domain.statistics.simulator import handbook, music
from vibestream.contexts.payment.fraud.domain.statistics.simulator.handbook import Payments, Scale
from vibestream.contexts.payment.fraud.domain.statistics.tables import (
    CODES,
    MOST_CENTS,
    EventTable,
    Ints,
    QueryTable,
    concatenate,
)

START_MS: Final = 1_790_812_800_000
"""1 October 2026, midnight UTC: simulated time begins here."""
DEFAULT: Final = Scale(customers=6_000, terminals=3_000, days=72, terminals_taken=1, customers_taken=2)
"""What is trained on when nobody says otherwise: large enough for some hundred frauds of each kind."""
WARM_UP_DAYS: Final = 37
"""Before this day windows are not full; what happens then is history only."""


@dataclass(frozen=True, slots=True)
class World:
    """Payments and payouts in order of time, with the truth about each."""

    table: QueryTable
    scenario: Ints
    """0 for honest; 1 to 3 as in the Handbook, 4 card testing, 5 stream farm, 6 a payout taken over."""

    @property
    def day(self) -> Ints:
        """The day of each since the start."""
        return (self.table.events.at - START_MS) // (handbook.DAY_S * 1000)


def plain(payments: Payments) -> World:
    """Return the Handbook's payments with nothing added."""
    count = len(payments.second)
    nothing = np.zeros(count, np.int64)
    codes = dict.fromkeys(CODES, nothing)
    codes |= {
        "user": payments.customer + 1,
        "method": payments.customer + 1,
        "payee": payments.terminal + 1_000_000_001,
    }
    events = EventTable(
        at=START_MS + payments.second * 1000,
        cents=np.minimum(payments.cents, MOST_CENTS),
        payout=np.zeros(count, np.bool_),
        codes=codes,
        declined=np.zeros(count, np.bool_),
        fraud=payments.fraud,
    )
    unknown = np.full(count, np.nan)
    return World(QueryTable(events, np.full(count, -1, np.int64), unknown, unknown, {}), payments.scenario)


def simulated(scale: Scale = DEFAULT, *, seed: int) -> World:
    """Return a music platform's world; the same seed gives the same one."""
    payments = handbook.simulate(scale, seed=seed)
    draw = np.random.default_rng([seed, 1])
    parts = [
        music.dressed(payments, draw, START_MS),
        music.card_tests(scale, draw, START_MS),
        music.payouts(scale, draw, START_MS),
    ]
    table = concatenate([part for part, _ in parts])
    scenario = np.concatenate([kind for _, kind in parts])
    order = np.argsort(table.events.at, kind="stable")
    return World(table.take(order), scenario[order])
