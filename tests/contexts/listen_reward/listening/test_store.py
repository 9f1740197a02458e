"""What is read back of a listen is what was written, in each of its members."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from tests.factories.listen_reward import NOON, opened
from vibestream.contexts.listen_reward.listening import store
from vibestream.contexts.listen_reward.listening.domain import Reason, Spans, State
from vibestream.platform.database import Tx

MANY: Spans = ((0, 4_000), (8_000, 12_000), (70_000, 180_000))


@pytest.mark.parametrize("spans", [(), ((0, 30_000),), MANY])
async def test_stretches_come_back_as_they_were(tx: Tx, spans: Spans):
    listen = replace(await opened(tx), heard=spans, served=spans[:1], attributed=True)
    await store.save_listens(tx, [listen])

    assert await store.lock_listens(tx, [listen.listen_id]) == [listen]


async def test_every_member_has_its_own_column(tx: Tx):
    """Each is given a value that no other has, so that two that were exchanged would be seen."""
    listen = replace(
        await opened(tx),
        state=State.ACCEPTED,
        live=False,
        reason=Reason.LEFT,
        ended_at=NOON + timedelta(seconds=3),
        last_beat_at=NOON + timedelta(seconds=2),
        accepted_at=NOON + timedelta(seconds=1),
        last_seq=11,
        last_at_ms=12,
        last_position_ms=13,
        playing=True,
        credited_ms=14,
        oddities=2,
        heard=MANY,
        attributed=True,
        served=MANY[1:],
    )
    await store.save_listens(tx, [listen])

    found = await store.load_listen(tx, listen.listen_id, user_id=listen.user_id)

    assert found is not None
    assert {one.name: getattr(found, one.name) for one in fields(found)} == {
        one.name: getattr(listen, one.name) for one in fields(listen)
    }
