"""What a person paid and earned, by month, in the words of a page; from the payments they made and what their accounts did."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from typing import Final

from vibestream.contexts.payment.checkout.service import PaymentView, Purpose
from vibestream.contexts.payment.ledger.service import MonthSum
from vibestream.kernel.money import Currency, Money
from vibestream.web.charts import BarChart, Figure, bar_chart
from vibestream.web.localization import Language
from vibestream.web.pages.listening_figures import month_letter
from vibestream.web.sentences import N_


class What(enum.StrEnum):
    """What money was for, or came from."""

    TOP_UPS = "top_ups"
    SUBSCRIPTIONS = "subscriptions"
    TIPS = "tips"
    SHARES = "shares"
    CAMPAIGNS = "campaigns"
    REWARDS = "rewards"
    TIPS_RECEIVED = "tips_received"
    ROYALTIES = "royalties"


NAMES: Final[Mapping[What, str]] = {
    What.TOP_UPS: N_("Paid into the wallet"),
    What.SUBSCRIPTIONS: N_("Subscription"),
    What.TIPS: N_("Tips to artists"),
    What.SHARES: N_("Shares of songs"),
    What.CAMPAIGNS: N_("Campaigns"),
    What.REWARDS: N_("Rewards for listening"),
    What.TIPS_RECEIVED: N_("Tips from fans"),
    What.ROYALTIES: N_("Royalties"),
}
EARNED: Final = frozenset({What.REWARDS, What.TIPS_RECEIVED, What.ROYALTIES})
_SPENT: Final = frozenset(What) - EARNED - {What.TOP_UPS}
"""What is paid into the wallet is not spent yet."""
_PURPOSES: Final = {
    Purpose.WALLET_TOP_UP: What.TOP_UPS,
    Purpose.SUBSCRIPTION: What.SUBSCRIPTIONS,
    Purpose.TIP: What.TIPS,
    Purpose.SHARE_PURCHASE: What.SHARES,
    Purpose.CAMPAIGN_PURCHASE: What.CAMPAIGNS,
}
_GAINED: Final[Mapping[str, tuple[What, int]]] = {
    "reward": (What.REWARDS, 1),
    "reward_claim": (What.REWARDS, 1),
    "claim_order": (What.REWARDS, 1),
    "tip": (What.TIPS_RECEIVED, 1),
    "tip_return": (What.TIPS, -1),
    "subscription_refund": (What.SUBSCRIPTIONS, -1),
    "royalty_run": (What.ROYALTIES, 1),
    "royalty_recall": (What.ROYALTIES, 1),
}
"""What a gain through a kind of transaction is, and whether it adds to that or takes away from it."""
_LOST: Final[Mapping[str, tuple[What, int]]] = {
    "tip": (What.TIPS, 1),
    "tip_return": (What.TIPS_RECEIVED, -1),
    "subscription": (What.SUBSCRIPTIONS, 1),
    "royalty_run": (What.ROYALTIES, -1),
    "royalty_recall": (What.ROYALTIES, -1),
}

Sums = Mapping[tuple[date, What, Currency], int]


@dataclass(frozen=True, slots=True)
class PatternRow:
    """One line: a month, what it was, and how much was paid or earned."""

    month: date
    name: str
    paid: Money | None
    earned: Money | None


def sums_of(payments: Iterable[PaymentView], months: Iterable[MonthSum]) -> Sums:
    """Return what was paid and earned by month, in minor units.

    A payment counts in the month in which it was started, with what was taken less what was given back or disputed. What
    was paid out of the wallet counts when it was, and what came into the wallet by a payment is that payment, once.
    """
    sums: dict[tuple[date, What, Currency], int] = defaultdict(int)
    for one in payments:
        net = one.captured.minor - one.refunded.minor - one.disputed.minor
        month = one.started_at.astimezone(UTC).date().replace(day=1)
        sums[month, _PURPOSES[one.purpose], one.captured.currency] += net
    for line in months:
        for table, amount in ((_GAINED, line.gained), (_LOST, line.lost)):
            if line.kind in table:
                what, sign = table[line.kind]
                sums[line.month, what, amount.currency] += sign * amount.minor
    return {key: minor for key, minor in sums.items() if minor}


def rows_of(sums: Sums, spoken: Language) -> tuple[PatternRow, ...]:
    """Return the lines, the last month first, and in a month what was paid before what was earned."""
    order = {what: place for place, what in enumerate(What)}
    keys = sorted(sums, key=lambda key: (-key[0].toordinal(), order[key[1]], key[2].code))
    return tuple(
        PatternRow(
            month=month,
            name=spoken.gettext(NAMES[what]),
            paid=None if what in EARNED else Money(sums[month, what, currency], currency),
            earned=Money(sums[month, what, currency], currency) if what in EARNED else None,
        )
        for month, what, currency in keys
    )


def charts_of(sums: Sums, spoken: Language, *, year: int) -> tuple[BarChart, ...]:
    """Return a chart of what was spent and one of what was earned for each currency that there is any of."""
    charts = []
    for kinds in (_SPENT, EARNED):
        currencies = sorted({key[2] for key in sums if key[1] in kinds}, key=lambda one: one.code)
        charts += [_chart(sums, spoken, year, currency, kinds) for currency in currencies]
    return tuple(charts)


def _chart(sums: Sums, spoken: Language, year: int, currency: Currency, kinds: frozenset[What]) -> BarChart:
    figures: list[Figure] = []
    for number in range(1, 13):
        month = date(year, number, 1)
        minor = sum(
            amount for (at, what, of), amount in sums.items() if at == month and of == currency and what in kinds
        )
        figures.append(
            Figure(spoken.month(month), month_letter(month, spoken), minor, spoken.money(Money(minor, currency)))
        )
    title = spoken.gettext("Earned, in %(code)s") if kinds is EARNED else spoken.gettext("Spent, in %(code)s")
    return bar_chart(
        name=f"{'earned' if kinds is EARNED else 'spent'}-{currency.code}",
        title=title % {"code": currency.code},
        says=_says(figures, spoken, sum(one.value for one in figures), currency),
        heads=(spoken.gettext("Month"), currency.code),
        figures=figures,
    )


def _says(figures: Sequence[Figure], spoken: Language, total: int, currency: Currency) -> str:
    most = max(figures, key=lambda one: one.value)
    return spoken.gettext("%(total)s in all; most in %(month)s.") % {
        "total": spoken.money(Money(total, currency)),
        "month": most.label,
    }
