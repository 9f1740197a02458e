"""How often a reset may be asked for, and its code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from vibestream.contexts.user.recovery.domain import Asked, Reset, address_hash, code_of, is_code, wait_s

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HERE, THERE = "192.0.2.0/24", "198.51.100.0/24"
ONE = UUID(int=1)
KEY = b"k" * 32


def asked(network: str, *minutes_ago: int) -> list[Asked]:
    return [Asked(NOW - timedelta(minutes=ago), network) for ago in minutes_ago]


def test_three_from_one_network_are_enough_until_the_first_is_an_hour_old():
    assert wait_s(asked(HERE, 50, 20), network=HERE, now=NOW) == 0
    assert wait_s(asked(HERE, 50, 20, 10), network=HERE, now=NOW) == 600


def test_a_stranger_elsewhere_does_not_use_up_what_the_owner_has():
    assert wait_s(asked(THERE, *range(20, 1, -1)), network=HERE, now=NOW) == 0


def test_twenty_are_enough_from_wherever():
    many = [Asked(NOW - timedelta(minutes=40 - n), f"198.51.{n}.0/24") for n in range(20)]
    assert wait_s(many, network=HERE, now=NOW) == 1200


def test_a_reset_is_open_until_its_last_try_and_its_last_instant():
    reset = Reset(
        reset_id=ONE,
        user_id=None,
        browser_hash=b"",
        created_at=NOW,
        expires_at=NOW + timedelta(minutes=10),
        tries_left=1,
    )
    assert reset.is_open(NOW + timedelta(minutes=9, seconds=59))
    assert not reset.is_open(NOW + timedelta(minutes=10))


def test_only_its_own_eight_digits_are_its_code():
    code = code_of(key=KEY, reset_id=ONE)
    assert len(code) == 8
    assert code.isdecimal()
    assert is_code(given=f" {code[:4]}-{code[4:]} ", key=KEY, reset_id=ONE)
    arabic = code.translate({ord(str(n)): 0x0660 + n for n in range(10)})
    for other in (code_of(key=KEY, reset_id=UUID(int=2)), code_of(key=b"x" * 32, reset_id=ONE), "", code[:7], arabic):
        assert not is_code(given=other, key=KEY, reset_id=ONE)


def test_an_address_is_counted_by_what_tells_nothing_of_it():
    ana = address_hash(key=KEY, lookup="ana@example.org")
    assert len(ana) == 32
    assert ana != address_hash(key=KEY, lookup="%na@example.org")
    assert ana != address_hash(key=b"x" * 32, lookup="ana@example.org")
