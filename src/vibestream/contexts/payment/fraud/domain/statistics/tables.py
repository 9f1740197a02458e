"""Events as columns: the one shape that features are computed from, whether one decision or a simulated year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Selection: TypeAlias = npt.NDArray[Any] | slice

ENTITIES: Final = ("user", "method", "device", "network", "domain", "payee")
"""What events are counted by."""
CODES: Final = (*ENTITIES, "country")
"""What an event is told apart by."""
PURPOSES: Final = ("wallet_top_up", "subscription", "share_purchase", "campaign_purchase", "tip", "payout")
"""Purposes with a feature of their own; any other has none."""
SIGNALS: Final = (
    "radar_risk_score",
    "radar_risk_level",
    "minfraud_risk_score",
    "minfraud_ip_risk",
    "listen_concentration",
)
"""Signals that are features: Stripe Radar's score (0 to 100) and level (0 normal, 1 elevated, 2 highest), minFraud's scores
(0.01 to 99), and of a payout the percentage of its listens that came from its ten busiest accounts (0 to 100)."""
MISSING: Final = 0
"""The code of what is not known."""
MOST_CENTS: Final = 10_000_000
"""Amounts above 100,000 reference dollars count as this: more says nothing more, and squares still fit 64 bits."""


@dataclass(frozen=True, slots=True)
class EventTable:
    """Events in columns of one length."""

    at: Ints
    """Milliseconds since 1970."""
    cents: Ints
    """Reference cents, at most MOST_CENTS."""
    payout: Bools
    codes: Mapping[str, Ints]
    """By name in CODES: numbers that are equal where the values are; MISSING where there is none."""
    declined: Bools
    fraud: Bools
    """Known to be fraud when the features are computed; only looked at a week after the event."""

    def __len__(self) -> int:
        return len(self.at)

    def take(self, which: Selection) -> EventTable:
        """Return some of the events, by indices or by a mask."""
        return EventTable(
            at=self.at[which],
            cents=self.cents[which],
            payout=self.payout[which],
            codes={name: column[which] for name, column in self.codes.items()},
            declined=self.declined[which],
            fraud=self.fraud[which],
        )


@dataclass(frozen=True, slots=True)
class QueryTable:
    """Events to decide about, with what is known of each beside its history. Unknown numbers are NaN."""

    events: EventTable
    purpose: Ints
    """Index in PURPOSES, or -1."""
    account_created: Floats
    """Milliseconds since 1970."""
    destination_changed: Floats
    """Milliseconds since 1970."""
    signals: Mapping[str, Floats]
    """By name in SIGNALS; a name that is left out is unknown of all."""

    def __len__(self) -> int:
        return len(self.events)

    def take(self, which: Selection) -> QueryTable:
        """Return some of the queries, by indices or by a mask."""
        return QueryTable(
            events=self.events.take(which),
            purpose=self.purpose[which],
            account_created=self.account_created[which],
            destination_changed=self.destination_changed[which],
            signals={name: column[which] for name, column in self.signals.items()},
        )


def concatenate(tables: list[QueryTable]) -> QueryTable:
    """Return queries one after the other; a signal that one of them lacks is NaN there."""
    names = {name for table in tables for name in table.signals}
    events = [table.events for table in tables]
    return QueryTable(
        events=EventTable(
            at=np.concatenate([one.at for one in events]),
            cents=np.concatenate([one.cents for one in events]),
            payout=np.concatenate([one.payout for one in events]),
            codes={name: np.concatenate([one.codes[name] for one in events]) for name in CODES},
            declined=np.concatenate([one.declined for one in events]),
            fraud=np.concatenate([one.fraud for one in events]),
        ),
        purpose=np.concatenate([one.purpose for one in tables]),
        account_created=np.concatenate([one.account_created for one in tables]),
        destination_changed=np.concatenate([one.destination_changed for one in tables]),
        signals={
            name: np.concatenate([one.signals.get(name, np.full(len(one), np.nan)) for one in tables]) for name in names
        },
    )
