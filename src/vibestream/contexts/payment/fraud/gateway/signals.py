"""The port to outside signals, and the guard before each: 150 ms, a breaker, and silence as the answer to any failure."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import structlog
from prometheus_client import Counter

from vibestream.contexts.payment.fraud.domain.breaker import Breaker, admit, report
from vibestream.contexts.payment.fraud.domain.facts import Facts

BUDGET_S: Final = 0.15
ASKED: Final = Counter(
    "vibestream_fraud_signals_total",
    "Outside parties asked for risk, by party and what came of it.",
    ["party", "outcome"],
)
_NS_PER_MS: Final = 1_000_000
_log = structlog.get_logger()


class SignalsUnavailable(Exception):
    """An outside party did not answer, or not in its own words. Never leaves `Signals`."""


class RiskSignals(Protocol):
    """An outside party. Safe to share between tasks of one loop."""

    @property
    def party(self) -> str:
        """Its name, for metrics."""

    async def look_up(self, facts: Facts) -> Mapping[str, float | str]:
        """Return what it says, by names of `statistics.tables.SIGNALS` and others for reviewers.

        Raises:
            SignalsUnavailable: it did not answer, or not in its own words.
        """

    async def close(self) -> None:
        """End its connections."""


class Signals:
    """Every outside party of this process. Asks all at once and returns what came within 150 ms; never raises."""

    def __init__(self, parties: Sequence[RiskSignals]) -> None:
        self._parties = tuple(parties)
        self._breakers = {party.party: Breaker() for party in self._parties}

    async def gather(self, *, facts: Facts) -> dict[str, float | str]:
        """Return the signals about a payment or payout; what is missing is left out.

        Called from a job or a saga's step before `assess`, never inside a transaction.
        """
        found = await asyncio.gather(*(self._ask(party, facts) for party in self._parties))
        return {name: value for signals in found for name, value in signals.items()}

    async def close(self) -> None:
        """End every connection."""
        for party in self._parties:
            await party.close()

    async def _ask(self, party: RiskSignals, facts: Facts) -> Mapping[str, float | str]:
        name = party.party
        self._breakers[name], may = admit(self._breakers[name], now_ms=_now_ms())
        if not may:
            ASKED.labels(name, "left_alone").inc()
            return {}
        try:
            async with asyncio.timeout(BUDGET_S):
                found = await party.look_up(facts)
        except (SignalsUnavailable, TimeoutError) as error:
            outcome = "timeout" if isinstance(error, TimeoutError) else "failed"
            _log.info("fraud.signal_missing", party=name, outcome=outcome, reason=str(error)[:200])
            ASKED.labels(name, outcome).inc()
            self._breakers[name] = report(self._breakers[name], well=False, now_ms=_now_ms())
            return {}
        ASKED.labels(name, "answered").inc()
        self._breakers[name] = report(self._breakers[name], well=True, now_ms=_now_ms())
        return found


def _now_ms() -> int:
    return time.monotonic_ns() // _NS_PER_MS
