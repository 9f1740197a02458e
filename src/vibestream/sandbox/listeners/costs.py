"""What pretending costs and what it earns, as data: assumptions, each said, none of them measured by us.

Amounts are millionths of a US dollar. Where one did not know, the assumption is the one that favours the adversary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MICRO: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Prices that an adversary pays, and what it is paid."""

    account: int = 100_000
    """One account: an address of its own that receives our code, and the minute that signing up takes. Assumed at 10 cents;
    sellers of verified mail accounts ask 2 to 50."""
    address_day: int = 400_000
    """One address of a proxy for a day. Assumed at 40 cents for one in a data centre; residential ones cost more."""
    gigabyte: int = 2_000_000
    """Traffic through proxies. Assumed at 2 dollars; residential proxies ask 2 to 8."""
    bytes_per_second: int = 12_000
    """Audio at 96 kbit/s, the lowest rung: a listen must be fetched where the server sees it."""
    device_day: int = 5_000
    """Running one player for a day: a slice of a rented machine, half a cent."""
    reward: int = 10_000
    """One rewarded listen: 1 VIBE, taken at 1 cent, what fraud's yardstick says; every point is assumed to be redeemed."""
    royalty: int = 3_000
    """What the artist behind it is paid for a listen under a pro-rata pool, a third of a cent. Under the user-centric engine
    an account that pays nothing brings nothing."""
    budget_listens_day: int = 10_000
    """Listens that a day's reward budget pays in all; the farm is assumed to get every one before people do."""
    listener_cap: int = 400
    track_cap: int = 5
    horizon_days: int = 30
    """For so long whoever was not caught goes on as on their last day. Whoever is held stops paying at once."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a strategy did, as far as it costs and earns; sums over the horizon."""

    accounts: int
    address_days: int
    device_days: int
    seconds_fetched: int
    rewarded: int
    counted: int


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Gain and cost."""

    earned: int
    cost: int

    @property
    def gain(self) -> int:
        """What is left; below zero it does not pay."""
        return self.earned - self.cost


def reckon(ledger: Ledger, costs: Costs) -> Reckoning:
    """Return what a strategy earned and what it cost."""
    rewarded = min(ledger.rewarded, costs.budget_listens_day * costs.horizon_days)
    earned = rewarded * costs.reward + ledger.counted * costs.royalty
    traffic = ledger.seconds_fetched * costs.bytes_per_second * costs.gigabyte // 10**9
    return Reckoning(
        earned,
        ledger.accounts * costs.account
        + ledger.address_days * costs.address_day
        + ledger.device_days * costs.device_day
        + traffic,
    )
