"""Receipts to claim: a listener, a tree with their receipt among strangers', and what they want to prove."""

from __future__ import annotations

from collections.abc import Sequence

from vibestream.contexts.listen_reward.claims.service import Holding
from vibestream.contexts.listen_reward.receipts.domain.field import Field
from vibestream.contexts.listen_reward.receipts.domain.receipt import Receipt, identity_commitment
from vibestream.contexts.listen_reward.receipts.domain.tree import ReceiptTree

SECRET = Field(12345)


def receipt(*, secret: Field = SECRET, seconds: int = 180, song: int = 77, epoch: int = 20781) -> Receipt:
    return Receipt(identity_commitment(secret), Field(song), seconds, Field(epoch), nonce=Field(999))


def holding(
    own: Receipt | None = None,
    *,
    secret: Field = SECRET,
    before: Sequence[int] = (5,),
    after: Sequence[int] = (6,),
    min_seconds: int = 60,
    song_disclosure: int = 0,
    payout: int = 4242,
) -> Holding:
    mine = own or receipt(secret=secret)
    tree = ReceiptTree([*(Field(one) for one in before), mine.leaf, *(Field(one) for one in after)])
    return Holding(
        secret=secret,
        receipt=mine,
        path=tree.path(len(before)),
        root=tree.root(),
        min_seconds=Field(min_seconds),
        song_disclosure=Field(song_disclosure),
        payout=Field(payout),
    )
