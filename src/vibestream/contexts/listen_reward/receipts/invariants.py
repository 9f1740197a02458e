"""What must always hold of receipts."""

from __future__ import annotations

import asyncio
from typing import Final

from vibestream.contexts.listen_reward.receipts.service import MOST_SECONDS, final_tree
from vibestream.contexts.listen_reward.receipts.store import leaves as store
from vibestream.contexts.listen_reward.receipts.store import nodes
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

SAMPLE: Final = 3
"""The newest closed epochs whose trees are rebuilt at each check: hashing 100,000 leaves takes twenty seconds."""
_SHOWN: Final = 5


async def _roots_hold(tx: Tx) -> Finding:
    wrong, leaves = [], 0
    newest = await store.list_closed(tx, before=None, limit=SAMPLE)
    for closed in newest:
        kept = await store.list_leaves(tx, closed.epoch)
        leaves += len(kept)
        tree = await asyncio.to_thread(final_tree, kept)
        if (tree.leaves, tree.root) != (closed.leaves, closed.root):
            wrong.append(str(closed.epoch))
        # An epoch that was closed before trees were kept has none for some minutes; a part of one is never right.
        elif (rows := await nodes.load_rows(tx, closed.epoch)) and rows != tree.rows:
            wrong.append(f"{closed.epoch} (its nodes)")
    return Finding(ok=not wrong, figure=f"{len(newest)} epochs rebuilt from {leaves:,} leaves", detail=", ".join(wrong))


async def _counted(tx: Tx) -> Finding:
    total = await tx.value("SELECT count(*) FROM listen_reward.receipt")
    wrong = await tx.values(
        """
        SELECT e.epoch FROM listen_reward.receipt_epoch e
        LEFT JOIN (
            SELECT epoch, count(*) AS leaves, max(place) AS last, count(listen_id) AS listens
            FROM listen_reward.receipt GROUP BY epoch
        ) r USING (epoch)
        WHERE e.leaves <> coalesce(r.leaves, 0) OR e.listens <> coalesce(r.listens, 0)
            OR coalesce(r.last, -1) <> e.leaves - 1
        ORDER BY e.epoch LIMIT %s
        """,
        [_SHOWN],
    )
    return Finding(ok=not wrong, figure=f"{total:,} receipts", detail=", ".join(map(str, wrong)))


async def _one_way(tx: Tx) -> Finding:
    by_receipt = await tx.value("SELECT count(*) FROM listen_reward.reward WHERE way = 'receipt'")
    wrong = await tx.values(
        """
        SELECT r.listen_id FROM listen_reward.reward r LEFT JOIN listen_reward.receipt p USING (listen_id)
        WHERE (r.way = 'receipt') <> (p.listen_id IS NOT NULL) OR p.epoch <> r.epoch OR p.user_id <> r.user_id LIMIT %s
        """,
        [_SHOWN],
    )
    return Finding(ok=not wrong, figure=f"{by_receipt:,} listens paid by claims", detail=", ".join(map(str, wrong)))


async def _summed(tx: Tx) -> Finding:
    wrong = await tx.values(
        """
        SELECT epoch FROM listen_reward.receipt_epoch e
        LEFT JOIN (SELECT epoch, sum(seconds) AS units FROM listen_reward.receipt
            WHERE listen_id IS NULL AND artist_id IS NULL GROUP BY epoch) s
            USING (epoch)
        LEFT JOIN (SELECT epoch, sum(amount) AS amount FROM listen_reward.earned WHERE way = 'receipt' GROUP BY epoch) r
            USING (epoch)
        WHERE e.state <> 'open' AND coalesce(s.units, 0) * e.per_listen <> coalesce(r.amount, 0) LIMIT %s
        """,
        [_SHOWN],
    )
    ended = await tx.value("SELECT count(*) FROM listen_reward.receipt_epoch WHERE state <> 'open'")
    return Finding(ok=not wrong, figure=f"{ended} epochs ended", detail=", ".join(map(str, wrong)))


async def _heard_of_artists(tx: Tx) -> Finding:
    total = await tx.value("SELECT count(*) FROM listen_reward.receipt WHERE artist_id IS NOT NULL")
    # In all and not for each artist: whose song it is may have been put right since. A sum at the most says less than was heard.
    wrong = await tx.values(
        """
        SELECT said.epoch FROM (
            SELECT epoch, user_id, sum(seconds) AS seconds, max(seconds) AS most FROM listen_reward.receipt
            WHERE artist_id IS NOT NULL GROUP BY epoch, user_id
        ) said
        LEFT JOIN (
            SELECT epoch, user_id, sum(seconds) AS seconds FROM listen_reward.receipt
            WHERE listen_id IS NOT NULL GROUP BY epoch, user_id
        ) heard USING (epoch, user_id)
        WHERE coalesce(heard.seconds, 0) <> said.seconds AND said.most < %s OR coalesce(heard.seconds, 0) < said.seconds
        ORDER BY said.epoch LIMIT %s
        """,
        [MOST_SECONDS, _SHOWN],
    )
    return Finding(
        ok=not wrong, figure=f"{total:,} sums of what was heard of an artist", detail=", ".join(map(str, wrong))
    )


INVARIANTS: Final = (
    Invariant("receipts.roots", "Trees rebuilt from the newest closed epochs' leaves have the published roots, and the nodes that are kept.", _roots_hold),
    Invariant("receipts.counted", "An epoch's receipts stand in places without gaps, as many as it says.", _counted),
    Invariant("receipts.one_way", "A listen is paid directly or by a claim: it has a receipt, of its own epoch and listener, exactly when by a claim.", _one_way),
    Invariant("receipts.summed", "What an ended epoch's summaries are worth is what its listens earned, to the unit.", _summed),
    Invariant("receipts.heard_of_artists", "What a listener's receipts say that was heard of artists is, in all, what their listens of that epoch say.", _heard_of_artists),
)  # fmt: skip
