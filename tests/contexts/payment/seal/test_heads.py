"""Heads and keys, against published vectors and forgers; and whether seals are one chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.factories.seal import KEY, KEYS, NOW, make_key
from vibestream.contexts.payment.seal.domain.chain import chain_faults
from vibestream.contexts.payment.seal.domain.heads import NO_SEAL
from vibestream.contexts.payment.seal.service import (
    Head,
    KeyUnknown,
    SignatureInvalid,
    by_id,
    trusted_key,
    trusted_keys,
    verify_head,
)
from vibestream.kernel.signing import PublicKey, SigningKey

# RFC 8037, appendix A.1 to A.3: a private key, its public key, and that one's thumbprint.
RFC_PRIVATE = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
RFC_PUBLIC = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
RFC_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_trusted_are_the_key_of_the_present_first_and_the_earlier_ones_once():
    keys = trusted_keys(sealing_key=RFC_PRIVATE, public_keys=[KEY.public.text, RFC_PUBLIC])
    assert keys == (PublicKey.parse(RFC_PUBLIC), KEY.public)
    assert trusted_keys(sealing_key=None, public_keys=[]) == ()


def make_head(
    number: int = 1,
    *,
    first: int = 0,
    size: int = 3,
    previous: bytes = NO_SEAL,
    key: SigningKey = KEY,
    at: datetime = NOW,
) -> Head:
    unsigned = Head(number, first, size, b"\x11" * 32, previous, at, key.public.key_id)
    return replace(unsigned, signature=key.sign(unsigned.signed))


def chain(*sizes: int, keys: tuple[SigningKey, ...] = ()) -> list[Head]:
    heads: list[Head] = []
    for place, size in enumerate(sizes):
        last = heads[-1] if heads else None
        heads.append(
            make_head(
                place + 1,
                first=last.size if last else 0,
                size=size,
                previous=last.digest if last else NO_SEAL,
                key=keys[place] if keys else KEY,
                at=NOW + timedelta(seconds=place),
            )
        )
    return heads


def test_what_is_signed_is_text_that_anybody_can_write():
    head = make_head(7, first=5, size=9, previous=b"\x22" * 32)
    assert head.signed.decode() == (
        "vibestream-ledger-seal-v1\n7\n5\n9\n" + "11" * 32 + "\n" + "22" * 32 + "\n2026-11-24T12:00:00.000000Z\n"
        + KEY.public.key_id + "\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"number": 2}, {"first": 1}, {"size": 4}, {"root": b"\x10" + b"\x11" * 31}, {"previous": b"\x01" * 32},
        {"sealed_at": NOW + timedelta(microseconds=1)}, {"signature": bytes(64)}, {"signature": b""},
    ],
    ids=str,
)  # fmt: skip
def test_a_head_in_which_anything_was_changed_is_refused(change: dict[str, object]):
    verify_head(make_head(), key=KEY.public)
    with pytest.raises(SignatureInvalid):
        verify_head(replace(make_head(), **change), key=KEY.public)  # type: ignore[arg-type]


def test_a_head_of_another_key_is_refused_whatever_it_calls_itself():
    with pytest.raises(KeyUnknown):
        verify_head(make_head(key=make_key(2)), key=KEY.public)
    with pytest.raises(SignatureInvalid):
        verify_head(replace(make_head(key=make_key(2)), key_id=KEY.public.key_id), key=KEY.public)
    with pytest.raises(KeyUnknown):
        trusted_key(KEYS, make_key(2).public.key_id)


def faults(heads: list[Head], **more: object) -> list[str]:
    return list(chain_faults(heads, **{"keys": KEYS, **more}))  # type: ignore[arg-type]


def test_a_whole_chain_has_no_faults_from_anywhere_on():
    heads = chain(3, 4, 9)
    assert faults(heads) == []
    assert faults(heads[1:], before=heads[0]) == []
    assert faults([]) == []


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (lambda heads: heads[1:], "seal 1 is missing"),
        (lambda heads: [heads[0], *heads[2:]], "seal 2 is missing"),
        (lambda heads: [heads[0], heads[3]], "seal 2 to 3 is missing"),
        (lambda heads: [heads[0], replace(heads[1], first=2), *heads[2:]], "seal 2 begins at leaf 2"),
        (lambda heads: [replace(heads[0], root=bytes(32)), *heads[1:]], "seal 2 does not name seal 1 as it is"),
        (lambda heads: [heads[0], replace(heads[1], sealed_at=NOW - timedelta(1))], "seal 2 is dated before seal 1"),
        (lambda heads: [*heads[:3], replace(heads[3], signature=bytes(64))], "seal 4: The signature of seal 4 is wrong."),
    ],
)  # fmt: skip
def test_each_break_of_a_chain_is_named(broken: Callable[[list[Head]], list[Head]], said: str):
    assert any(fault.startswith(said) for fault in faults(broken(chain(3, 4, 9, 10))))


def test_keys_may_change_and_a_replaced_one_signs_no_more():
    first, second = make_key(1), make_key(2)
    trusted = by_id([first.public, second.public])
    assert faults(chain(1, 2, 3, keys=(first, second, second)), keys=trusted) == []
    assert faults(chain(1, 2, 3, keys=(first, second, first)), keys=trusted) == [
        f"seal 3 is signed by {first.public.key_id}, which another key had replaced"
    ]


def test_a_chain_signed_by_a_stranger_is_no_chain():
    stranger = make_key(9)
    assert faults(chain(1, 2, keys=(KEY, stranger))) == [f"seal 2: No key {stranger.public.key_id} is trusted here."]


def test_instants_are_signed_in_utc_whatever_zone_they_are_given_in():
    from zoneinfo import ZoneInfo

    here = make_head(at=datetime(2026, 11, 24, 13, tzinfo=ZoneInfo("Europe/Madrid")))
    assert here.signed == make_head(at=datetime(2026, 11, 24, 12, tzinfo=UTC)).signed
