"""The catalogue's invariants hold after what artists do, and notice what must not be."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.music import make_music
from vibestream.contexts.music.catalogue import service
from vibestream.contexts.music.catalogue.invariants import INVARIANTS
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx


async def broken(tx: Tx) -> dict[str, str]:
    findings = {one.name.removeprefix("catalogue."): await one.check(tx) for one in INVARIANTS}
    return {name: finding.detail for name, finding in findings.items() if not finding.ok}


async def test_all_hold_after_publishing_withdrawing_and_taking_down(tx: Tx):
    one, other = await make_music(tx, titles=("A", "B")), await make_music(tx)
    at: dict[str, Any] = {"user_id": one.artist.user_id, "now": utc_now()}
    without = await service.withdraw_track(
        tx, release_id=one.release.release_id, track_id=one.track_id, version=one.release.version, **at
    )
    await service.take_down_release(
        tx,
        release_id=other.release.release_id,
        user_id=other.artist.user_id,
        version=other.release.version,
        now=utc_now(),
    )

    assert len(without.public_tracks) == 1
    assert await broken(tx) == {}


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        (
            "UPDATE music.asset SET state = 'failed', changed_at = now() - interval '2 minutes'",
            "public_tracks_play",
        ),
        ("UPDATE music.track SET withdrawn_by = 'artist', withdrawn_at = now()", "published_releases_have_tracks"),
        ("UPDATE music.track SET track_no = 2", "tracks_are_numbered"),
    ],
)
async def test_damage_is_noticed(tx: Tx, damage: str, name: str):
    await make_music(tx)

    await tx.execute(damage)

    assert list(await broken(tx)) == [name]
