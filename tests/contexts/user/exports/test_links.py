"""Addresses of exports: good for one export, one person and some minutes, and for nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from vibestream.contexts.user.exports.domain.exports import LinkInvalid
from vibestream.contexts.user.exports.domain.links import require_good, signature_of

EXPORT, OTHER = UUID(int=1), UUID(int=2)
PERSON, STRANGER = UUID(int=3), UUID(int=4)
UNTIL = 1_800_000_000
SIGNED = signature_of(key=b"k" * 32, export_id=EXPORT, user_id=PERSON, until=UNTIL)


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def test_it_is_good_until_its_last_second_also_with_an_earlier_key():
    for keys in ([b"k" * 32], [b"new" * 11, b"k" * 32]):
        require_good(keys=keys, export_id=EXPORT, user_id=PERSON, until=UNTIL, signature=SIGNED, now=at(UNTIL - 1))


@pytest.mark.parametrize(
    ("export_id", "user_id", "until", "signature", "key", "second"),
    [
        (OTHER, PERSON, UNTIL, SIGNED, b"k" * 32, UNTIL - 1),
        (EXPORT, STRANGER, UNTIL, SIGNED, b"k" * 32, UNTIL - 1),
        (EXPORT, PERSON, UNTIL + 60, SIGNED, b"k" * 32, UNTIL - 1),
        (EXPORT, PERSON, UNTIL, SIGNED[:-1], b"k" * 32, UNTIL - 1),
        (EXPORT, PERSON, UNTIL, "", b"k" * 32, UNTIL - 1),
        (EXPORT, PERSON, UNTIL, "ñ", b"k" * 32, UNTIL - 1),
        (EXPORT, PERSON, UNTIL, SIGNED, b"j" * 32, UNTIL - 1),
        (EXPORT, PERSON, UNTIL, SIGNED, b"k" * 32, UNTIL),
    ],
)
def test_whatever_is_changed_makes_it_worthless(  # noqa: PLR0917 - a table
    export_id: UUID, user_id: UUID, until: int, signature: str, key: bytes, second: int
):
    with pytest.raises(LinkInvalid):
        require_good(keys=[key], export_id=export_id, user_id=user_id, until=until, signature=signature, now=at(second))
