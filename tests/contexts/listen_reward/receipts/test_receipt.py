"""A receipt binds each of its facts; its nullifier is one per leaf and secret."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from vibestream.contexts.listen_reward.receipts.domain.field import ORDER, Field, NotAFieldElement
from vibestream.contexts.listen_reward.receipts.domain.receipt import (
    ImpossibleReceipt,
    Receipt,
    epoch_element,
    identity_commitment,
    nullifier,
    song_element,
)
from vibestream.kernel.ids import TrackId

RECEIPT = Receipt(
    commitment=identity_commitment(Field(12345)), song=Field(77), seconds=180, epoch=Field(20781), nonce=Field(999)
)
# By circomlibjs 0.1.7.
COMMITMENT = Field(13059150956560990810415406171763697453840025444440421466910615287978457977403)
LEAF = Field(6116441878782836481504345248407559182213578399433783976157772167059590377565)
NULLIFIER = Field(20478008107852133742479954900686684670446389893193388853204627771031135248538)


def test_its_numbers_are_those_of_circomlibjs():
    # poseidon([8462101, 12345]), poseidon([8462103, that, 77, 180, 20781, 999]), poseidon([8462102, 12345, that leaf]).
    assert RECEIPT.commitment == COMMITMENT
    assert RECEIPT.leaf == LEAF
    assert nullifier(Field(12345), RECEIPT.leaf) == NULLIFIER


def test_each_fact_changes_the_leaf():
    others = [
        replace(RECEIPT, commitment=identity_commitment(Field(12346))),
        replace(RECEIPT, song=Field(78)),
        replace(RECEIPT, seconds=181),
        replace(RECEIPT, epoch=Field(20782)),
        replace(RECEIPT, nonce=Field(1000)),
    ]

    assert len({RECEIPT.leaf, *(one.leaf for one in others)}) == 6


def test_another_listener_or_another_leaf_has_another_nullifier():
    assert len({nullifier(Field(1), Field(2)), nullifier(Field(2), Field(2)), nullifier(Field(2), Field(1))}) == 3


@pytest.mark.parametrize(
    ("name", "value"), [("song", 0), ("seconds", -1), ("seconds", 2**16), ("nonce", 2**248), ("nonce", ORDER - 1)]
)
def test_what_the_circuit_cannot_prove_is_never_a_receipt(name: str, value: int):
    with pytest.raises(ImpossibleReceipt):
        replace(RECEIPT, **{name: Field(value)})


def test_the_ends_of_what_it_can_prove_are_receipts():
    assert replace(RECEIPT, seconds=2**16 - 1, nonce=Field(2**248 - 1)).leaf != replace(RECEIPT, seconds=0).leaf


def test_a_song_is_its_identifier_and_an_epoch_its_day():
    assert song_element(TrackId(UUID(int=2**128 - 1))) == 2**128 - 1
    assert epoch_element(date(1970, 1, 1)) == 0
    assert epoch_element(date(2026, 11, 24)) == 20781
    with pytest.raises(NotAFieldElement):
        epoch_element(date(1969, 12, 31))
