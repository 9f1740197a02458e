"""The codes of address changes, and how often one may be asked for."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from vibestream.contexts.user.email_changes import domain

KEY = b"k" * 32
ONE, OTHER = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_a_code_is_eight_digits_of_its_own_change_and_key():
    code = domain.code_of(key=KEY, change_id=ONE)
    assert len(code) == 8
    assert code.isdecimal()
    assert domain.is_code(given=f" {code[:4]} {code[4:]} ", key=KEY, change_id=ONE)
    assert domain.is_code(given=f"{code[:4]}-{code[4:]}", key=KEY, change_id=ONE)
    assert not domain.is_code(given=code, key=KEY, change_id=OTHER)
    assert not domain.is_code(given=code, key=b"x" * 32, change_id=ONE)
    assert not domain.is_code(given="\udcff" + code, key=KEY, change_id=ONE)
    assert not domain.is_code(given=code * 1000, key=KEY, change_id=ONE)


def test_a_code_that_undoes_is_known_however_it_is_typed():
    code = domain.undo_code_of(key=KEY, undo_id=ONE)
    assert [len(group) for group in code.split("-")] == [5, 5, 5, 5]
    plain = code.replace("-", "")
    expected = hashlib.sha256(plain.encode()).digest()
    for typed in (code, plain, plain.lower(), f"  {code} ", code.replace("-", " ")):
        assert domain.undo_hash(typed) == expected
    assert domain.undo_code_of(key=KEY, undo_id=OTHER) != code
    assert domain.undo_code_of(key=b"x" * 32, undo_id=ONE) != code


@pytest.mark.parametrize(
    "typed", ["", "A" * 19, "A" * 21, "1" * 20, "%" * 20, "Ä" * 20, "A" * 1_000_000, "\u017f" * 20]
)
def test_what_cannot_be_such_a_code_is_known_at_once(typed: str):
    assert domain.undo_hash(typed) is None


def test_one_waits_until_the_oldest_of_the_hour_is_an_hour_old():
    asked = [NOW - timedelta(minutes=59 - minute) for minute in range(5)]
    assert domain.wait_s(asked[:4], most=5, now=NOW) == 0
    assert domain.wait_s(asked, most=5, now=NOW) == 60
    assert domain.wait_s([NOW] * 6, most=5, now=NOW) == 3600
