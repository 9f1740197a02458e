"""Reports: said once, decided once, by somebody else, and known to whom it is about."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.contexts.user.fans.conftest import make_fan
from tests.factories.users import MADE_AT, User, make_artist, make_user
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.audit_log.service import Action
from vibestream.contexts.user.fans import service as fans
from vibestream.contexts.user.fans.service import FanMissing
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.service import ArtistMissing
from vibestream.contexts.user.reports import service
from vibestream.contexts.user.reports.personal import PERSONAL
from vibestream.contexts.user.reports.service import (
    Kind,
    NothingOpen,
    NothingReported,
    OwnReport,
    Reason,
    ReportedBefore,
    ReportsLimited,
    Subject,
    Verdict,
    VerdictInvalid,
)
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.text import TextInvalid
from vibestream.platform.database import Database, Tx


def page_of(user: User) -> Subject:
    return Subject(kind=Kind.FAN, subject_id=user.user_id, owner_id=user.user_id)


async def reports(tx: Tx, reporter: User, subject: Subject, *, words: str = "Look.", hours: int = 0) -> None:
    await service.report(
        tx,
        reporter=reporter.user_id,
        subject=subject,
        reason=Reason.SPAM,
        words=words,
        now=MADE_AT + timedelta(hours=hours),
    )


async def decides(tx: Tx, by: User, subject: Subject, verdict: Verdict, *, note: str = "It sells pills.") -> None:
    await service.decide(
        tx, kind=subject.kind, subject_id=subject.subject_id, verdict=verdict, by=by.user_id, note=note, now=MADE_AT
    )


async def told(tx: Tx, user_id: UserId) -> list[str]:
    return [one.kind.value for one in await notifications.notifications_of(tx, user_id=user_id, before=None, limit=9)]


async def test_a_page_that_was_reported_is_hidden_and_seen_again(tx: Tx):
    (owner, handle), reporter, moderator = await make_fan(tx), await make_user(tx), await make_user(tx)
    subject = page_of(owner)
    await reports(tx, reporter, subject)
    await reports(tx, await make_user(tx), subject)
    (row,) = await service.queue(tx, limit=9)
    assert (row.subject_id, row.reports, row.reasons) == (owner.user_id, 2, (Reason.SPAM,))

    await decides(tx, moderator, subject, Verdict.HIDDEN)
    with pytest.raises(FanMissing):
        await fans.seen(tx, handle=handle, viewer=reporter.user_id)
    assert await service.queue(tx, limit=9) == []
    assert (await told(tx, owner.user_id), await told(tx, reporter.user_id)) == (["page_hidden"], ["report_decided"])
    ((kind, decision),) = await service.decisions_about(tx, user_id=owner.user_id)
    assert (kind, decision.verdict, decision.note) == (Kind.FAN, Verdict.HIDDEN, "It sells pills.")
    entry = (await audit_log.search(tx, action=Action.PAGE_HIDDEN))[0].entry
    assert (entry.user_id, entry.actor_id, entry.detail) == (owner.user_id, moderator.user_id, f"fan {owner.user_id}: spam")  # fmt: skip

    await decides(tx, moderator, subject, Verdict.SHOWN, note="They took it off.")
    assert (await fans.seen(tx, handle=handle, viewer=None)).user_id == owner.user_id
    with pytest.raises(NothingOpen):
        await decides(tx, moderator, subject, Verdict.SHOWN)


async def test_an_artist_that_is_hidden_is_not_there_by_its_handle_or_its_id(tx: Tx):
    artist, reporter, moderator = await make_artist(tx), await make_user(tx), await make_user(tx)
    await fans.follow_artist(tx, user_id=reporter.user_id, handle=artist.handle, now=MADE_AT)
    subject = Subject(kind=Kind.ARTIST, subject_id=artist.artist_id, owner_id=artist.user_id)
    await reports(tx, reporter, subject)
    await decides(tx, moderator, subject, Verdict.HIDDEN)
    with pytest.raises(ArtistMissing):
        await profiles.artist_by_handle(tx, handle=artist.handle)
    with pytest.raises(ArtistMissing):
        await profiles.shown_artist(tx, artist_id=artist.artist_id)
    assert (await profiles.artist(tx, artist_id=artist.artist_id)).name == artist.name


async def test_what_is_dismissed_stays_and_its_owner_hears_nothing(tx: Tx):
    (owner, handle), reporter, moderator = await make_fan(tx), await make_user(tx), await make_user(tx)
    await reports(tx, reporter, page_of(owner))
    await decides(tx, moderator, page_of(owner), Verdict.DISMISSED)
    assert (await fans.seen(tx, handle=handle, viewer=None)).user_id == owner.user_id
    assert (await told(tx, owner.user_id), await told(tx, reporter.user_id)) == ([], ["report_decided"])
    assert await service.decisions_about(tx, user_id=owner.user_id) == []


async def test_somebody_reports_a_thing_once_and_not_their_own(tx: Tx):
    (owner, _), reporter, moderator = await make_fan(tx), await make_user(tx), await make_user(tx)
    await reports(tx, reporter, page_of(owner))
    with pytest.raises(ReportedBefore):
        await reports(tx, reporter, page_of(owner))
    await decides(tx, moderator, page_of(owner), Verdict.DISMISSED)
    with pytest.raises(ReportedBefore):
        await reports(tx, reporter, page_of(owner))
    with pytest.raises(OwnReport):
        await reports(tx, owner, page_of(owner))


async def test_ten_reports_a_day_are_enough(tx: Tx):
    reporter = await make_user(tx)
    for hour in range(10):
        await reports(tx, reporter, page_of((await make_fan(tx))[0]), hours=hour)
    with pytest.raises(ReportsLimited) as refused:
        async with tx.savepoint():
            await reports(tx, reporter, page_of((await make_fan(tx))[0]), hours=10)
    assert refused.value.retry_after_s == 14 * 3_600
    await reports(tx, reporter, page_of((await make_fan(tx))[0]), hours=25)


async def test_nobody_decides_of_themselves_or_what_they_reported(tx: Tx):
    (owner, _), reporter = await make_fan(tx), await make_user(tx)
    await reports(tx, reporter, page_of(owner))
    for by in (owner, reporter):
        with pytest.raises(OwnReport):
            await decides(tx, by, page_of(owner), Verdict.DISMISSED)
    assert len(await service.queue(tx, limit=9)) == 1


async def test_what_does_not_fit_is_refused(tx: Tx):
    (owner, _), reporter, moderator = await make_fan(tx), await make_user(tx), await make_user(tx)
    subject = page_of(owner)
    with pytest.raises(NothingReported):
        await decides(tx, moderator, subject, Verdict.HIDDEN)
    for words in ("x" * 1_001, "a\u202eb"):
        with pytest.raises(TextInvalid):
            await reports(tx, reporter, subject, words=words)
    await reports(tx, reporter, subject, words="")
    with pytest.raises(VerdictInvalid):
        await decides(tx, moderator, subject, Verdict.TAKEN_DOWN)
    with pytest.raises(NothingOpen):
        await decides(tx, moderator, subject, Verdict.SHOWN)
    with pytest.raises(TextInvalid):
        await decides(tx, moderator, subject, Verdict.HIDDEN, note=" ")
    with pytest.raises(NothingReported):
        await service.case_of(tx, kind=Kind.RELEASE, subject_id=new_id())


async def test_of_moderators_at_the_same_moment_one_decides(database: Database):
    async with database.begin() as tx:
        (owner, _), reporter = await make_fan(tx), await make_user(tx)
        people = [await make_user(tx) for _ in range(4)]
        await reports(tx, reporter, page_of(owner))

    async def tries(by: User) -> bool:
        try:
            async with database.begin() as tx:
                await decides(tx, by, page_of(owner), Verdict.HIDDEN)
        except NothingOpen:
            return False
        return True

    assert sum(await asyncio.gather(*map(tries, people))) == 1
    async with database.begin() as tx:
        assert await told(tx, owner.user_id) == ["page_hidden"]


async def test_what_is_told_is_ones_own_and_goes_with_them(tx: Tx):
    (owner, _), reporter, moderator = await make_fan(tx), await make_user(tx), await make_user(tx)
    await reports(tx, reporter, page_of(owner), words="Kito sells pills.")
    await decides(tx, moderator, page_of(owner), Verdict.HIDDEN)
    about_owner, by_reporter = str(await PERSONAL.export(tx, owner.user_id)), str(await PERSONAL.export(tx, reporter.user_id))  # fmt: skip
    assert "It sells pills." in about_owner
    assert "Kito sells pills." in by_reporter
    for secret in (reporter.user_id, moderator.user_id):
        assert str(secret) not in about_owner
    assert "Kito sells" not in about_owner
    for _ in range(2):
        await PERSONAL.erase(tx, owner.user_id)
    assert await PERSONAL.export(tx, reporter.user_id) == []
    assert await tx.value("SELECT count(*) FROM users.report_decision") == 0
