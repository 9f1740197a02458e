"""A payout's element binds every part of it, and its tiers are few."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from vibestream.contexts.listen_reward.claims.service import TIERS_S, Payout, payout_element
from vibestream.contexts.listen_reward.receipts.domain.field import Field

PAYOUT = Payout("vibestream.example", Field(20781), "wallet:abc", "VIBE", datetime(2026, 12, 1, tzinfo=UTC))


def test_it_is_the_first_248_bits_of_a_digest_of_lengths_and_parts():
    parts = [b"vibestream-payout-v1", b"vibestream.example", b"20781", b"wallet:abc", b"VIBE", b"1796083200"]
    written = b"".join(len(part).to_bytes(4, "big") + part for part in parts)

    assert payout_element(PAYOUT) == int(hashlib.sha256(written).hexdigest()[:62], 16)
    assert payout_element(PAYOUT) < 2**248


def test_every_part_is_bound_and_none_can_lend_a_letter_to_its_neighbour():
    others = [
        replace(PAYOUT, deployment="vibestream.exampl"),
        replace(PAYOUT, epoch=Field(20782)),
        replace(PAYOUT, address="wallet:abd"),
        replace(PAYOUT, currency="USD"),
        replace(PAYOUT, expires_at=PAYOUT.expires_at + timedelta(seconds=1)),
        replace(PAYOUT, address="wallet:abcV", currency="IBE"),
    ]

    assert len({payout_element(one) for one in [PAYOUT, *others]}) == 7


def test_tiers_are_few_and_ascend_from_the_least_that_counts():
    assert TIERS_S == (30, 60, 120, 240)
