"""The Fraud Detection Handbook's simulator of card payments, made again from its description.

Customers and terminals lie on a grid; a customer pays at terminals nearby, at its own rate and in its own amounts. Three
kinds of fraud: amounts that nobody else pays, terminals that were taken over, cards that were.

Source: Le Borgne, Siblini, Lebichot, Bontempi, Reproducible Machine Learning for Credit Card Fraud Detection - Practical
Handbook, 2022, chapter 3, "Transaction data simulator".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from vibestream.contexts.payment.fraud.domain.statistics.tables import Bools, Floats, Ints

SIDE: Final = 100
"""The grid's side."""
DAY_S: Final = 86_400
_MEAN_AMOUNT: Final = (5, 100)
_MOST_PER_DAY: Final = 4
_NOON_SPREAD_S: Final = 20_000
_LARGE: Final = 220
_TERMINAL_TAKEN_DAYS: Final = 28
_CUSTOMER_TAKEN_DAYS: Final = 14
_TIMES: Final = 5


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a simulation is. The defaults are the Handbook's, but for the days."""

    customers: int = 5_000
    terminals: int = 10_000
    days: int = 183
    radius: float = 5.0
    """How far from home a customer pays."""
    terminals_taken: int = 2
    """A day, each for 28 days."""
    customers_taken: int = 3
    """A day, each for 14 days."""


@dataclass(frozen=True, slots=True)
class Payments:
    """Simulated payments in columns, by instant."""

    second: Ints
    """Since the simulation's start."""
    customer: Ints
    terminal: Ints
    cents: Ints
    scenario: Ints
    """0 for honest, else which fraud: 1 large amounts, 2 terminals, 3 cards."""

    @property
    def day(self) -> Ints:
        """The day of each."""
        return self.second // DAY_S

    @property
    def fraud(self) -> Bools:
        """Whether each is fraud."""
        return self.scenario > 0


def simulate(scale: Scale, *, seed: int) -> Payments:
    """Return simulated payments; the same seed gives the same ones."""
    draw = np.random.default_rng(seed)
    homes, terminals = draw.uniform(0, SIDE, (scale.customers, 2)), draw.uniform(0, SIDE, (scale.terminals, 2))
    mean = draw.uniform(*_MEAN_AMOUNT, scale.customers)
    rate = draw.uniform(0, _MOST_PER_DAY, scale.customers)
    near, start, count = _near(homes, terminals, scale.radius)
    rate = np.where(count > 0, rate, 0.0)
    often = draw.poisson(rate[:, None], (scale.customers, scale.days))
    customer = np.repeat(np.arange(scale.customers), often.sum(axis=1))
    day = np.repeat(np.tile(np.arange(scale.days), scale.customers), often.ravel())
    second = draw.normal(DAY_S / 2, _NOON_SPREAD_S, len(customer))
    kept = (second > 0) & (second < DAY_S)  # what falls outside its day does not happen
    customer, day, second = customer[kept], day[kept], second[kept]
    amount = draw.normal(mean[customer], mean[customer] / 2)
    amount = np.where(amount < 0, draw.uniform(0, 2 * mean[customer]), amount)
    terminal = near[start[customer] + draw.integers(0, count[customer])]
    order = np.lexsort((customer, day * DAY_S + second.astype(np.int64)))
    payments = Payments(
        second=(day * DAY_S + second.astype(np.int64))[order],
        customer=customer[order],
        terminal=terminal[order],
        cents=np.rint(amount * 100).astype(np.int64)[order],
        scenario=np.zeros(len(order), np.int64),
    )
    return _with_fraud(payments, scale, draw)


def _near(homes: Floats, terminals: Floats, radius: float) -> tuple[Ints, Ints, Ints]:
    """Return the terminals within reach of each home one after the other, where each home's begin, and how many."""
    lists = [np.flatnonzero(((terminals - home) ** 2).sum(axis=1) < radius * radius) for home in homes]
    count = np.array([len(one) for one in lists], np.int64)
    return np.concatenate(lists).astype(np.int64), np.cumsum(count) - count, count


def _with_fraud(payments: Payments, scale: Scale, draw: np.random.Generator) -> Payments:
    scenario, cents, day = payments.scenario.copy(), payments.cents.copy(), payments.day
    scenario[cents > _LARGE * 100] = 1
    by_terminal, by_customer = _grouped(payments.terminal), _grouped(payments.customer)
    for today in range(scale.days):
        for terminal in draw.choice(scale.terminals, scale.terminals_taken, replace=False):
            taken = _within(by_terminal, int(terminal), day, today, _TERMINAL_TAKEN_DAYS)
            scenario[taken] = 2
    for today in range(scale.days):
        for customer in draw.choice(scale.customers, scale.customers_taken, replace=False):
            own = _within(by_customer, int(customer), day, today, _CUSTOMER_TAKEN_DAYS)
            taken = draw.choice(own, len(own) // 3, replace=False)
            cents[taken] *= _TIMES
            scenario[taken] = 3
    return Payments(payments.second, payments.customer, payments.terminal, cents, scenario)


def _grouped(column: Ints) -> tuple[Ints, Ints]:
    order = np.argsort(column, kind="stable")
    return order, column[order]


def _within(grouped: tuple[Ints, Ints], value: int, day: Ints, first: int, days: int) -> Ints:
    order, values = grouped
    own = order[np.searchsorted(values, value) : np.searchsorted(values, value, side="right")]
    inside: Ints = own[(day[own] >= first) & (day[own] < first + days)]
    return inside
