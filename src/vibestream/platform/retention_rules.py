"""For how long platform itself keeps what passes through it: answers, events, jobs that failed."""

from __future__ import annotations

from datetime import datetime, timedelta

from vibestream.platform.database import Tx
from vibestream.platform.events import retention as events
from vibestream.platform.http import idempotency_store
from vibestream.platform.retention import Does, Rule


def rules_of(*, events_kept: timedelta) -> tuple[Rule, ...]:
    """Return the rules of platform; events are kept as long as the settings say."""
    return (
        Rule(
            name="platform.answers",
            what="Answers to requests that carried an idempotency key",
            since="their two days were over",
            kept=timedelta(0),
            does=Does.DELETES,
            drop=idempotency_store.purge,
        ),
        *_events(events_kept),
        Rule(
            name="platform.failed_jobs",
            what="Jobs that ended and were not deleted at once, such as mails that could not be sent",
            since="they ended",
            kept=timedelta(days=30),
            does=Does.DELETES,
            drop=_drop_ended_jobs,
        ),
    )


def _events(kept: timedelta) -> tuple[Rule, ...]:
    return (
        Rule(
            name="platform.events",
            what="Events that every consumer has settled",
            since="they were announced",
            kept=kept,
            does=Does.DELETES,
            drop=events.prune_outbox,
        ),
        Rule(
            name="platform.inbox",
            what="That an event was delivered, once the event is gone",
            since="it was delivered",
            kept=kept + events.INBOX_OUTLIVES,
            does=Does.DELETES,
            drop=events.prune_inbox,
        ),
        Rule(
            name="platform.discarded",
            what="Events that an operator gave up",
            since="they were given up",
            kept=kept,
            does=Does.DELETES,
            drop=events.prune_discarded,
        ),
    )


async def _drop_ended_jobs(tx: Tx, *, before: datetime, most: int) -> int:
    return await tx.execute(
        """
        DELETE FROM jobs.procrastinate_jobs WHERE id IN (
            SELECT id FROM jobs.procrastinate_jobs AS job
            WHERE status IN ('succeeded', 'failed', 'cancelled', 'aborted') AND NOT EXISTS (
                SELECT FROM jobs.procrastinate_events WHERE job_id = job.id AND at >= %s)
            ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
        """,
        [before, most],
    )
