"""Identifiers are version 7 UUIDs whose order is the order of making."""

from __future__ import annotations

import time
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from vibestream.kernel.ids import new_id, unix_ms_of, uuid7


def test_agrees_with_the_published_example():
    # RFC 9562, appendix A.6: 2022-02-22T14:22:22-05:00, rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F.
    entropy = 0xCC3 << 62 | 0x18C4DC0C0C07398F

    assert uuid7(unix_ms=0x017F22E279B0, entropy=entropy) == UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**74 - 1))
def test_carries_its_version_variant_and_millisecond(unix_ms: int, entropy: int):
    made = uuid7(unix_ms=unix_ms, entropy=entropy)

    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert unix_ms_of(made) == unix_ms


@given(st.integers(0, 2**48 - 2), st.integers(0, 2**74 - 1), st.integers(0, 2**74 - 1))
def test_a_later_millisecond_sorts_later_whatever_the_entropy(unix_ms: int, one: int, other: int):
    assert uuid7(unix_ms=unix_ms, entropy=one) < uuid7(unix_ms=unix_ms + 1, entropy=other)


def test_a_new_id_is_of_now_and_unlike_the_one_before():
    before = time.time_ns() // 1_000_000
    made = {new_id() for _ in range(1000)}
    after = time.time_ns() // 1_000_000

    assert len(made) == 1000
    assert all(before <= unix_ms_of(one) <= after for one in made)
