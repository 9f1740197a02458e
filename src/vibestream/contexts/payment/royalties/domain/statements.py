"""Statements: what a payee earned in a month, and the canonical form of it that a run's transaction commits to.

The canonical form, version 1, is one JSON object in UTF-8: members sorted by name, no spaces, only the characters
escaped that JSON requires. Amounts are whole minor units of the currency, as text; months are `YYYY-MM`, ids lower-case
with hyphens. The statements of a run are the leaves of an RFC 6962 tree, ordered by payee id, and the tree's root stands
as `statements` in the details of the run's ledger transaction, which the ledger's seal holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from vibestream.contexts.payment.royalties.domain.months import label
from vibestream.contexts.payment.royalties.domain.payees import Settlement
from vibestream.contexts.payment.royalties.domain.policy import EngineName
from vibestream.contexts.payment.royalties.domain.runs import Line, PayeeShare, PoolView, RunView
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Currency

FORMAT: Final = "vibestream.statement.v1"
RUN_KIND: Final = "royalty_run"
"""The kind of a run's ledger transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What every statement of a run says of the run."""

    month: date
    currency: Currency
    number: int
    engine: EngineName
    policy_version: int
    gross: int
    fees: int
    pool: int
    pool_share_bp: int
    unallocated: int
    usage_hash: bytes

    @property
    def key(self) -> str:
        """The idempotency key of the run's ledger transaction."""
        return run_key(self.month, self.currency, self.number)

    @classmethod
    def of(cls, run: RunView, pool: PoolView) -> RunFacts:
        """Return the facts of a run that was posted."""
        return cls(
            month=run.month,
            currency=run.currency,
            number=run.number,
            engine=run.engine,
            policy_version=run.policy_version,
            gross=pool.gross,
            fees=pool.fees,
            pool=run.pool,
            pool_share_bp=pool.pool_share_bp,
            unallocated=run.unallocated,
            usage_hash=run.usage_hash,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementPart:
    """What a payee earned in a month in one currency: one run."""

    run: RunView
    pool: PoolView
    share: PayeeShare
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarningsBalance:
    """What a payee has of one currency now, in minor units."""

    currency: Currency
    pending: int
    available: int
    in_transit: int
    advance: int
    """Advanced and not yet recouped."""
    debt: int
    """Was paid too much, and is kept of what comes next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A payee's month: a part per currency that still stands, and what the payee has now."""

    payee_id: UserId
    month: date
    parts: tuple[StatementPart, ...]
    reversed: tuple[RunView, ...]
    """Runs of the month that were taken back, the newest first."""
    balances: tuple[EarningsBalance, ...]
    titles: Mapping[UUID, tuple[str | None, str | None]]
    """Title and ISRC of each track, where known."""
    made_at: datetime


def run_key(month: date, currency: Currency, number: int) -> str:
    """Return the idempotency key of a run: a month, a currency and which attempt at it."""
    return f"royalties:{label(month)}:{currency.code}:{number}"


def canonical_statement(facts: RunFacts, share: PayeeShare, lines: Iterable[Line]) -> dict[str, Any]:
    """Return what a run says of one payee, as the JSON object that is committed to."""
    return {
        "format": FORMAT,
        "month": label(facts.month),
        "currency": facts.currency.code,
        "run": facts.number,
        "engine": facts.engine.value,
        "policy": facts.policy_version,
        "usage": facts.usage_hash.hex(),
        "gross": str(facts.gross),
        "fees": str(facts.fees),
        "pool_share_bp": facts.pool_share_bp,
        "pool": str(facts.pool),
        "unallocated": str(facts.unallocated),
        "payee": str(share.payee_id),
        "pro_rata": str(share.pro_rata),
        "user_centric": str(share.user_centric),
        **_settled(share.settlement),
        "lines": [_line(line) for line in lines],
    }


def canonical_bytes(statement: Mapping[str, Any]) -> bytes:
    """Return the bytes of a canonical statement.

    Raises:
        UnicodeEncodeError: it holds text that no encoding has.
    """
    return json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def leaves_of(facts: RunFacts, shares: Sequence[PayeeShare], lines: Sequence[Line]) -> list[bytes]:
    """Return the canonical bytes of each payee's statement, in the order of payees; lines are ordered by payee too."""
    leaves, at = [], 0
    for share in shares:
        end = at
        while end < len(lines) and lines[end].payee_id == share.payee_id:
            end += 1
        leaves.append(canonical_bytes(canonical_statement(facts, share, lines[at:end])))
        at = end
    return leaves


def _settled(one: Settlement) -> dict[str, Any]:
    return {
        "earned": str(one.earned),
        "recouped": str(one.recouped),
        "country": one.country,
        "rate_bp": one.rate_bp,
        "withheld": str(one.withheld),
        "repaid": str(one.repaid),
        "payable": str(one.payable),
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "track": str(line.claim.track_id),
        "heard": label(line.claim.heard_month),
        "share_bp": line.share_bp,
        "listens": str(line.listens),
        "counted": str(line.counted),
        "track_earned": str(line.track_earned),
        "pro_rata": str(line.pro_rata),
        "user_centric": str(line.user_centric),
    }
