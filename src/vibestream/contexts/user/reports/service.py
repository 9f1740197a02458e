"""Reporting, and deciding what was reported."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.audit_log.service import Action
from vibestream.contexts.user.events import ReleaseCondemned
from vibestream.contexts.user.notifications import service as notifications
from vibestream.contexts.user.notifications.service import Kind as Notice
from vibestream.contexts.user.reports import store
from vibestream.contexts.user.reports.domain import (
    MOST_REPORTED,
    VERDICTS,
    WITHIN,
    WORDS_CHARACTERS,
    Case,
    Decision,
    Kind,
    NothingOpen,
    NothingReported,
    Open,
    OwnReport,
    Reason,
    Report,
    ReportedBefore,
    ReportsLimited,
    Subject,
    Verdict,
    VerdictInvalid,
    require_verdict,
)
from vibestream.kernel.ids import ReleaseId, UserId, new_id
from vibestream.kernel.text import TextInvalid, paragraphs
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish

__all__ = [
    "VERDICTS",
    "WORDS_CHARACTERS",
    "Case",
    "Decision",
    "Kind",
    "NothingOpen",
    "NothingReported",
    "Open",
    "OwnReport",
    "Reason",
    "Report",
    "ReportedBefore",
    "ReportsLimited",
    "Subject",
    "Verdict",
    "VerdictInvalid",
    "case_of",
    "decide",
    "decisions_about",
    "queue",
    "report",
]

_SHOWN: Final = 50
_ACTIONS: Final = {
    Verdict.DISMISSED: Action.REPORT_DISMISSED,
    Verdict.HIDDEN: Action.PAGE_HIDDEN,
    Verdict.SHOWN: Action.PAGE_SHOWN,
    Verdict.TAKEN_DOWN: Action.RELEASE_CONDEMNED,
}
_NOTICES: Final = {
    Verdict.HIDDEN: Notice.PAGE_HIDDEN,
    Verdict.SHOWN: Notice.PAGE_SHOWN,
    Verdict.TAKEN_DOWN: Notice.RELEASE_CONDEMNED,
}


async def report(tx: Tx, *, reporter: UserId, subject: Subject, reason: Reason, words: str, now: datetime) -> Report:
    """Report something that one saw, once; the caller made sure that they may see it, and whose it is.

    Raises:
        OwnReport: it is their own.
        ReportedBefore: they reported it before.
        ReportsLimited: ten reports within a day.
        TextInvalid: says what to change.
    """
    if subject.owner_id == reporter:
        raise OwnReport
    made = Report(
        report_id=new_id(),
        reporter_id=reporter,
        subject=subject,
        reason=reason,
        words=paragraphs(words, field="words", most=WORDS_CHARACTERS),
        reported_at=now,
        decided=False,
    )
    await store.lock_reporter(tx, user_id=reporter)
    lately = await store.list_reported_since(tx, reporter=reporter, since=now - WITHIN)
    if not await store.add(tx, report=made):
        raise ReportedBefore
    if len(lately) >= MOST_REPORTED:
        raise ReportsLimited(
            f"At most {MOST_REPORTED} reports within a day.",
            retry_after_s=int((lately[0] + WITHIN - now).total_seconds()),
        )
    return made


async def queue(tx: Tx, *, limit: int, after: tuple[datetime, UUID] | None = None) -> list[Open]:
    """Return the subjects of which something is open, the longest waiting first; for moderators.

    `after` is since when the last one shown waits, and its id.
    """
    return await store.list_open(tx, limit=limit, after=after)


async def case_of(tx: Tx, *, kind: Kind, subject_id: UUID) -> Case:
    """Return everything that was said and decided of a subject; for moderators.

    Raises:
        NothingReported: nothing ever was.
    """
    return await _case(tx, kind, subject_id, await store.list_reports(tx, kind=kind, subject_id=subject_id))


async def decisions_about(tx: Tx, *, user_id: UserId) -> list[tuple[Kind, Decision]]:
    """Return what was decided about what is somebody's, for them to read, the newest first; not what was dismissed."""
    return await store.list_about(tx, owner=user_id, limit=_SHOWN)


async def decide(
    tx: Tx, *, kind: Kind, subject_id: UUID, verdict: Verdict, by: UserId, note: str, now: datetime
) -> None:
    """Decide about everything that is open of a subject, once.

    A page is hidden or seen again in this transaction; that a release is condemned is announced, and music takes it down.
    The security log keeps who, what and the verdict; the owner is told of all but a dismissal, the reporters that
    somebody looked.

    Raises:
        NothingReported: nothing was ever said of it.
        OwnReport: the decider reported it, or it is theirs.
        NothingOpen: somebody decided before, or it stands like that already.
        VerdictInvalid, TextInvalid: say what to change.
    """
    case = await _case(tx, kind, subject_id, await store.lock_reports(tx, kind=kind, subject_id=subject_id))
    if case.involves(by):
        raise OwnReport
    require_verdict(case, verdict)
    words = paragraphs(note, field="note", most=WORDS_CHARACTERS)
    if not words:
        raise TextInvalid("This is too short: at least 1 character.", field="note")
    decision_id, owner = new_id(), case.subject.owner_id
    decision = Decision(verdict=verdict, decided_by=by, decided_at=now, note=words)
    await store.add_decision(tx, decision_id=decision_id, subject=case.subject, decision=decision)
    if verdict in {Verdict.HIDDEN, Verdict.SHOWN}:
        await store.hide(tx, kind=kind, subject_id=subject_id, hidden=verdict is Verdict.HIDDEN)
    if verdict is Verdict.TAKEN_DOWN:
        await publish(
            tx, ReleaseCondemned(release_id=ReleaseId(subject_id), owner_user_id=owner, decided_by=by, occurred_at=now)
        )
    await audit_log.record(
        tx,
        action=_ACTIONS[verdict],
        user_id=owner,
        actor_id=by,
        now=now,
        detail=f"{kind.value} {subject_id}: {_why(case)}",
    )
    await _tell(tx, case, verdict, key=str(decision_id), now=now)


async def _tell(tx: Tx, case: Case, verdict: Verdict, *, key: str, now: datetime) -> None:
    facts = {"when": now.isoformat()}
    told = {case.subject.owner_id: _NOTICES[verdict]} if verdict in _NOTICES else {}
    told |= {one.reporter_id: Notice.REPORT_DECIDED for one in case.reports if not one.decided}
    for user_id in sorted(told):  # in one order, since each waits for that person's inbox
        await notifications.tell(tx, user_id=user_id, kind=told[user_id], key=key, facts=facts, now=now)


async def _case(tx: Tx, kind: Kind, subject_id: UUID, reports: list[Report]) -> Case:
    if not reports:
        raise NothingReported
    return Case(
        subject=reports[0].subject,
        hidden=await store.is_hidden(tx, kind=kind, subject_id=subject_id),
        reports=tuple(reports),
        decisions=tuple(await store.list_decisions(tx, kind=kind, subject_id=subject_id)),
    )


def _why(case: Case) -> str:
    return ", ".join(sorted({one.reason.value for one in case.reports if not one.decided})) or "looked at again"
