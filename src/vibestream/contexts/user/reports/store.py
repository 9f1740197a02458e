"""The tables of reports and decisions, and the marks that hide a page."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.reports.domain import Decision, Kind, Open, Reason, Report, Subject, Verdict
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_REPORT: Final = (
    "SELECT report_id, reporter_id, kind, subject_id, owner_id, reason, words, reported_at,"
    " decision_id IS NOT NULL AS decided FROM users.report"
)


async def lock_reporter(tx: Tx, *, user_id: UserId) -> None:
    """Wait for whatever else somebody reports just now, so that two at once cannot pass the limit together."""
    await tx.execute("SELECT FROM users.fan_profile WHERE user_id = %s FOR NO KEY UPDATE", [user_id])


async def list_reported_since(tx: Tx, *, reporter: UserId, since: datetime) -> list[datetime]:
    """Return when somebody reported since an instant, in order."""
    return await tx.values(
        "SELECT reported_at FROM users.report WHERE reporter_id = %s AND reported_at > %s ORDER BY reported_at",
        [reporter, since],
    )


async def add(tx: Tx, *, report: Report) -> bool:
    """Insert a report, and say whether its reporter had not said anything of the subject."""
    touched = await tx.execute(
        "INSERT INTO users.report (report_id, reporter_id, kind, subject_id, owner_id, reason, words, reported_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (reporter_id, kind, subject_id) DO NOTHING",
        [
            *(report.report_id, report.reporter_id, report.subject.kind.value, report.subject.subject_id),
            *(report.subject.owner_id, report.reason.value, report.words, report.reported_at),
        ],
    )
    return touched == 1


async def list_open(tx: Tx, *, limit: int, after: tuple[datetime, UUID] | None = None) -> list[Open]:
    """Return the subjects of which something is open, the longest waiting first."""
    since, subject_id = after or (None, None)
    return await tx.all(
        _open,
        "SELECT kind, subject_id, count(*) AS reports, min(reported_at) AS since, array_agg(DISTINCT reason) AS reasons"
        " FROM users.report WHERE decision_id IS NULL GROUP BY kind, subject_id"
        " HAVING %(since)s::timestamptz IS NULL OR (min(reported_at), subject_id) > (%(since)s::timestamptz, %(last)s::uuid)"
        " ORDER BY since, subject_id LIMIT %(limit)s",
        {"since": since, "last": subject_id, "limit": limit},
    )


async def lock_reports(tx: Tx, *, kind: Kind, subject_id: UUID) -> list[Report]:
    """Return everything that was said of a subject, the newest first, locked in the order in which it was said."""
    found = await tx.all(
        _report,
        _REPORT + " WHERE kind = %s AND subject_id = %s ORDER BY reported_at, report_id FOR UPDATE",
        [kind.value, subject_id],
    )
    return found[::-1]


async def list_reports(tx: Tx, *, kind: Kind, subject_id: UUID) -> list[Report]:
    """Return everything that was said of a subject, the newest first."""
    return await tx.all(
        _report,
        _REPORT + " WHERE kind = %s AND subject_id = %s ORDER BY reported_at DESC, report_id DESC",
        [kind.value, subject_id],
    )


async def list_decisions(tx: Tx, *, kind: Kind, subject_id: UUID) -> list[Decision]:
    """Return everything that was decided of a subject, the newest first."""
    return await tx.all(
        _decision,
        "SELECT verdict, decided_by, decided_at, note FROM users.report_decision WHERE kind = %s AND subject_id = %s"
        " ORDER BY decided_at DESC, decision_id DESC",
        [kind.value, subject_id],
    )


async def list_about(tx: Tx, *, owner: UserId, limit: int) -> list[tuple[Kind, Decision]]:
    """Return what was decided about what is somebody's, but dismissals, the newest first."""
    return await tx.all(
        _about,
        "SELECT kind, verdict, decided_by, decided_at, note FROM users.report_decision"
        " WHERE owner_id = %s AND verdict <> 'dismissed' ORDER BY decided_at DESC, decision_id DESC LIMIT %s",
        [owner, limit],
    )


async def add_decision(tx: Tx, *, decision_id: UUID, subject: Subject, decision: Decision) -> None:
    """Insert a decision and close with it what is open of its subject."""
    await tx.execute(
        "INSERT INTO users.report_decision (decision_id, kind, subject_id, owner_id, verdict, decided_by, decided_at, note)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [
            *(decision_id, subject.kind.value, subject.subject_id, subject.owner_id),
            *(decision.verdict.value, decision.decided_by, decision.decided_at, decision.note),
        ],
    )
    await tx.execute(
        "UPDATE users.report SET decision_id = %s WHERE kind = %s AND subject_id = %s AND decision_id IS NULL",
        [decision_id, subject.kind.value, subject.subject_id],
    )


async def is_hidden(tx: Tx, *, kind: Kind, subject_id: UUID) -> bool:
    """Say whether a moderator hid a page; a release never is."""
    match kind:
        case Kind.FAN:
            return bool(await tx.value("SELECT hidden FROM users.fan_page WHERE user_id = %s", [subject_id]))
        case Kind.ARTIST:
            return bool(await tx.value("SELECT hidden FROM users.artist_profile WHERE artist_id = %s", [subject_id]))
        case Kind.RELEASE:
            return False


async def hide(tx: Tx, *, kind: Kind, subject_id: UUID, hidden: bool) -> None:
    """Hide a page, or let it be seen again."""
    if kind is Kind.FAN:
        await tx.execute("UPDATE users.fan_page SET hidden = %s WHERE user_id = %s", [hidden, subject_id])
    elif kind is Kind.ARTIST:
        await tx.execute("UPDATE users.artist_profile SET hidden = %s WHERE artist_id = %s", [hidden, subject_id])


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return what a person reported, and what was decided about what is theirs; not who reported or decided."""
    return await tx.values(
        "SELECT to_jsonb(t) - '{reporter_id,owner_id,decision_id}'::text[] FROM users.report t WHERE t.reporter_id = %(me)s"
        " UNION ALL SELECT to_jsonb(t) - '{owner_id,decided_by}'::text[] FROM users.report_decision t"
        " WHERE t.owner_id = %(me)s",
        {"me": user_id},
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete what was said and decided of a person, and what they said themselves."""
    await tx.execute("DELETE FROM users.report WHERE %s IN (reporter_id, owner_id)", [user_id])
    await tx.execute("DELETE FROM users.report_decision WHERE owner_id = %s", [user_id])


def _report(*, kind: str, subject_id: UUID, owner_id: UserId, reason: str, **columns: Any) -> Report:
    subject = Subject(kind=Kind(kind), subject_id=subject_id, owner_id=owner_id)
    return Report(**columns, subject=subject, reason=Reason(reason))


def _decision(*, verdict: str, **columns: Any) -> Decision:
    return Decision(**columns, verdict=Verdict(verdict))


def _open(*, kind: str, reasons: list[str], **columns: Any) -> Open:
    return Open(**columns, kind=Kind(kind), reasons=tuple(Reason(one) for one in reasons))


def _about(*, kind: str, **columns: Any) -> tuple[Kind, Decision]:
    return Kind(kind), _decision(**columns)
