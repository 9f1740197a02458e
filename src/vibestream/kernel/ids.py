"""Typed identifiers: UUID version 7, made by the application, never by the database.

A version 7 UUID begins with its millisecond, so rows made together lie together in an index, and a list ordered by id
is a list ordered by time of making.
"""

from __future__ import annotations

import os
import time
from typing import Final, NewType
from uuid import UUID

EventId = NewType("EventId", UUID)
UserId = NewType("UserId", UUID)
SessionId = NewType("SessionId", UUID)
ArtistId = NewType("ArtistId", UUID)
"""An artist profile, not the account behind it."""
UploadId = NewType("UploadId", UUID)
ReleaseId = NewType("ReleaseId", UUID)
TrackId = NewType("TrackId", UUID)
AssetId = NewType("AssetId", UUID)
"""One packaged master: the immutable renditions made from one original."""
ListenId = NewType("ListenId", UUID)
"""One listening session of one account, track and player."""
HeldCaseId = NewType("HeldCaseId", UUID)
"""Held listens of one account, which wait together for a person's word."""
PoolPolicyId = NewType("PoolPolicyId", UUID)
"""How budgets of reward pools are spread, from an epoch on."""
PerkId = NewType("PerkId", UUID)
"""What an artist gives to whoever proves to have heard them."""
RewardId = NewType("RewardId", UUID)
AccountId = NewType("AccountId", UUID)
"""One ledger account, in one currency; a person has several."""
TransactionId = NewType("TransactionId", UUID)
"""One balanced ledger transaction."""
HoldId = NewType("HoldId", UUID)
PaymentId = NewType("PaymentId", UUID)
"""One attempt to buy something, whatever became of it."""
RefundId = NewType("RefundId", UUID)
SubscriptionId = NewType("SubscriptionId", UUID)
TipId = NewType("TipId", UUID)
RoyaltyRunId = NewType("RoyaltyRunId", UUID)
"""One month's royalties in one currency, as first reckoned or as corrected."""
PayoutId = NewType("PayoutId", UUID)
RiskDecisionId = NewType("RiskDecisionId", UUID)
"""What was decided about one payment or payout before it went on, and why."""

_SPARE_BITS: Final = 6
"""Ten random bytes are 80 bits; an identifier takes 74."""


def new_id() -> UUID:
    """Return a new version 7 UUID: 48 bits of Unix milliseconds, 74 random bits.

    Source: RFC 9562, section 5.7.
    """
    return uuid7(unix_ms=time.time_ns() // 1_000_000, entropy=int.from_bytes(os.urandom(10), "big") >> _SPARE_BITS)


def uuid7(*, unix_ms: int, entropy: int) -> UUID:
    """Return the version 7 UUID of a millisecond and 74 bits of entropy.

    Source: RFC 9562, section 5.7: unix_ts_ms(48) ver(4)=7 rand_a(12) var(2)=0b10 rand_b(62).
    """
    rand_a, rand_b = entropy >> 62 & 0xFFF, entropy & (1 << 62) - 1
    return UUID(int=(unix_ms & (1 << 48) - 1) << 80 | 7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b)


def unix_ms_of(identifier: UUID) -> int:
    """Return the Unix millisecond at which a version 7 UUID was made."""
    return identifier.int >> 80
