"""What pretending costs, as data: each price with where it is from, and the means by which each strategy is carried out.

Amounts are millionths of a US dollar. A price has three levels: `low` favours the adversary, `usual` is what a buyer pays
without looking for long, `high` what one pays who must. Whether a strategy pays is said at the low level. What nobody publishes
is assumed, and says so.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MICRO: Final = 1_000_000


class Level(enum.StrEnum):
    """Whose prices: of an adversary who buys well, as most, or badly."""

    LOW = "low"
    USUAL = "usual"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Price:
    """One price at each level, of what, and where it is from."""

    low: int
    usual: int
    high: int
    unit: str
    source: str

    def at(self, level: Level) -> int:
        """Return the price of a level."""
        return {Level.LOW: self.low, Level.USUAL: self.usual, Level.HIGH: self.high}[level]


PRICES: Final[Mapping[str, Price]] = {
    "account": Price(
        *(5_000, 100_000, 500_000),
        unit="an account: a mail address that receives our code, and the minute of signing up",
        source="Thomas et al., Dialing Back Abuse on Phone Verified Accounts, CCS 2014: mail accounts from 0.5 cents; the others assumed",
    ),
    "phone": Price(
        *(80_000, 260_000, 4_930_000),
        unit="an account's code by telephone, where one is asked for: we ask for none",
        source="Cambridge Online Trust and Safety Index, 2025: 8 cents for the cheapest services, 26 cents in the US, 4.93 dollars in Japan",
    ),
    "centre_day": Price(
        *(50_000, 100_000, 400_000),
        unit="an address in a data centre, a day",
        source="assumed: 1.50, 3 and 12 dollars a month",
    ),
    "centre_gigabyte": Price(
        *(22_000, 25_000, 500_000),
        unit="a gigabyte through a data centre's address",
        source="IPRoyal, How to purchase additional data, read in 2026: 2.20 to 2.50 dollars for 100 GB; the high one assumed",
    ),
    "home_gigabyte": Price(
        *(890_000, 5_000_000, 8_000_000),
        unit="a gigabyte through somebody's home, its address included",
        source="ProxyNade, Per-GB proxy pricing, 2026: 0.89 and 5 dollars; the high one assumed",
    ),
    "machine_day": Price(
        *(5_000, 20_000, 50_000),
        unit="running one player for a day, a slice of a rented machine",
        source="assumed",
    ),
    "telephone_day": Price(
        *(30_000, 80_000, 200_000),
        unit="a used telephone for a day",
        source="assumed: 30, 80 and 200 dollars, written off over 1,000 days",
    ),
    "person_hour": Price(
        *(200_000, 2_000_000, 7_250_000),
        unit="an hour in which a person hears one song after another",
        source="Hara et al., A Data-Driven Analysis of Workers' Earnings on Amazon Mechanical Turk, CHI 2018: a median of 2 dollars; "
        "high is the US minimum wage; low assumes that one person tends ten telephones",
    ),
}


class Address(enum.StrEnum):
    """Whose network a strategy listens through."""

    OWN = "own"
    """One that is there anyway: nothing is paid for it."""
    CENTRE = "centre"
    HOME = "home"


class Machine(enum.StrEnum):
    """What plays."""

    RENTED = "rented"
    TELEPHONE = "telephone"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Means:
    """A way in which a strategy is carried out, and so what is paid for."""

    name: str
    address: Address
    machine: Machine = Machine.RENTED
    pays_people: bool = False
    """Whether people are paid for their hours; they bring their network, telephone and account."""
    buys_accounts: bool = True


_CENTRE: Final = Means("scripts in data centres", Address.CENTRE)
_HOME: Final = Means("scripts through others' homes", Address.HOME)
MEANS: Final[Mapping[str, tuple[Means, ...]]] = {
    "single_account_loop": (_CENTRE,),
    "skipper_30s": (_CENTRE,),
    "farm_1000": (_CENTRE,),
    "shared_device_farm": (Means("telephones at one's own address", Address.OWN, Machine.TELEPHONE),),
    "slow_drip_farm": (_HOME,),
    "collusion_ring": (Means("artists themselves, unpaid", Address.OWN, Machine.OWN, buys_accounts=False),),
    "heartbeat_forger": (_CENTRE,),
    "replayed_session": (_HOME,),
    "human_mimic": (
        _HOME,
        Means("people paid by the hour", Address.OWN, Machine.OWN, pays_people=True, buys_accounts=False),
    ),
}
"""Of each strategy; the worth of one with several is reckoned for each."""

BYTES_PER_S: Final = 12_000
"""Audio at 96 kbit/s, the lowest rung: a listen must be fetched where the server sees it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What is paid to whoever listens."""

    reward: int = 10_000
    """One rewarded listen: 1 VIBE, taken at 1 cent, what fraud's yardstick says; every point is assumed to be redeemed."""
    royalty: int = 3_000
    """What the strategy's artists are paid for a listen of theirs under a pro-rata pool, a third of a cent. Under the
    user-centric engine an account that pays nothing brings nothing."""
    budget_listens_day: int = 10_000
    """Listens that a day's reward budget pays in all; the strategy is assumed to get every one before people do."""
    horizon_days: int = 30
    """For so long whoever was not caught goes on as on their last day. Whoever is held stops paying at once."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a strategy did, as far as it costs and earns; sums over the horizon."""

    accounts: int
    address_days: int
    """Networks, each counted on each day on which it was used."""
    player_days: int
    """Accounts, each counted on each day on which it listened."""
    device_days: int
    fetched_ms: int
    rewarded: int
    royalties: int
    """Listens that counted of the strategy's own artists."""


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What came in and what it cost, and how much of it was rewards."""

    rewards: int
    royalties: int
    cost: int
    rewarded: int
    """Listens."""

    @property
    def earned(self) -> int:
        """What came in."""
        return self.rewards + self.royalties

    @property
    def gain(self) -> int:
        """What is left; below zero it does not pay."""
        return self.earned - self.cost

    @property
    def break_even(self) -> int | None:
        """What a rewarded listen may pay at most for nothing to be left; None: no listen was rewarded."""
        return max(self.cost - self.royalties, 0) // self.rewarded if self.rewarded else None


def reckon(ledger: Ledger, *, means: Means, worth: Worth, level: Level = Level.LOW) -> Reckoning:
    """Return what a strategy earned and what it cost by some means, at the prices of a level."""
    rewarded = min(ledger.rewarded, worth.budget_listens_day * worth.horizon_days)
    return Reckoning(
        rewards=rewarded * worth.reward,
        royalties=ledger.royalties * worth.royalty,
        cost=_cost(ledger, means, level),
        rewarded=rewarded,
    )


def _cost(ledger: Ledger, means: Means, level: Level) -> int:
    def price(name: str) -> int:
        return PRICES[name].at(level)

    sent = ledger.fetched_ms * BYTES_PER_S // 1000
    cost = ledger.accounts * price("account") if means.buys_accounts else 0
    if means.address is Address.CENTRE:
        cost += ledger.address_days * price("centre_day") + sent * price("centre_gigabyte") // 10**9
    elif means.address is Address.HOME:
        cost += sent * price("home_gigabyte") // 10**9
    if means.machine is Machine.RENTED:
        cost += ledger.player_days * price("machine_day")
    elif means.machine is Machine.TELEPHONE:
        cost += ledger.device_days * price("telephone_day")
    if means.pays_people:
        cost += ledger.fetched_ms * price("person_hour") // 3_600_000
    return cost
