"""A release that a moderator condemned is taken down, and its artist cannot publish it again."""

from __future__ import annotations

from tests.factories.music import make_music
from tests.factories.users import MADE_AT, make_user
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.music.catalogue.service import By, Stage
from vibestream.contexts.user.events import ReleaseCondemned
from vibestream.contexts.user.reports import service as reports
from vibestream.contexts.user.reports.service import Kind, Reason, Subject, Verdict
from vibestream.flows.take_down_condemned import take_down
from vibestream.platform.database import Tx


async def test_a_condemned_release_is_announced_once_and_held_by_the_operator(tx: Tx):
    music = await make_music(tx)
    release_id, owner = music.release.release_id, music.artist.user_id
    reporter, moderator = await make_user(tx), await make_user(tx)
    subject = Subject(kind=Kind.RELEASE, subject_id=release_id, owner_id=owner)
    await reports.report(
        tx, reporter=reporter.user_id, subject=subject, reason=Reason.RIGHTS, words="Mine.", now=MADE_AT
    )
    await reports.decide(
        tx, kind=Kind.RELEASE, subject_id=release_id, verdict=Verdict.TAKEN_DOWN, by=moderator.user_id, note="Not theirs.", now=MADE_AT,
    )  # fmt: skip
    assert await tx.values("SELECT key FROM platform.outbox WHERE type = 'vibestream.user.release_condemned'") == [str(release_id)]  # fmt: skip

    event = ReleaseCondemned(
        release_id=release_id, owner_user_id=owner, decided_by=moderator.user_id, occurred_at=MADE_AT
    )
    for _ in range(2):  # a second time changes nothing, nor does it stand in the bus's way
        await take_down(tx, event)
    held = await catalogue.show_release(tx, release_id=release_id, viewer=owner)
    assert (held.stage, held.withdrawn_by) == (Stage.TAKEN_DOWN, By.OPERATOR)
