"""What waits, as metrics: events, jobs and sagas, read from their tables by whichever process samples."""

from __future__ import annotations

from typing import Final

from prometheus_client import Gauge

from vibestream.platform.database import Tx
from vibestream.platform.events.figures import bus_figures
from vibestream.platform.jobs.figures import queue_figures
from vibestream.platform.sagas import store as sagas

EVENTS_PENDING: Final = Gauge("vibestream_outbox_pending", "Events that a consumer has yet to reach.", ["consumer"])
EVENTS_OLDEST: Final = Gauge(
    "vibestream_outbox_oldest_pending_seconds",
    "Age of the oldest event that a consumer has yet to reach.",
    ["consumer"],
)
EVENTS_RETRYING: Final = Gauge(
    "vibestream_events_retrying", "Events set aside to be tried again, or waiting behind one.", ["consumer"]
)
DEAD_LETTERS: Final = Gauge("vibestream_dead_letters_waiting", "Dead letters that nobody has settled.", ["consumer"])
HELD_BACK: Final = Gauge(
    "vibestream_outbox_held_back_seconds", "Age of the oldest event that an open transaction holds back."
)
PARTITIONS_HELD: Final = Gauge("vibestream_outbox_partitions_held", "Partitions that some relay serves, in all.")
JOBS: Final = Gauge("vibestream_queue_jobs", "Jobs by queue and state.", ["queue", "state"])
JOBS_OLDEST: Final = Gauge(
    "vibestream_queue_oldest_waiting_seconds", "How long the longest waiting job could have run.", ["queue"]
)
SAGAS: Final = Gauge("vibestream_sagas_unfinished", "Unfinished sagas by name and state.", ["saga", "state"])
SAGAS_STUCK: Final = Gauge("vibestream_saga_stuck", "Unfinished sagas that need somebody to look.", ["saga"])

_LABELLED: Final = (
    *(EVENTS_PENDING, EVENTS_OLDEST, EVENTS_RETRYING, DEAD_LETTERS),
    *(JOBS, JOBS_OLDEST, SAGAS, SAGAS_STUCK),
)


async def probe(tx: Tx) -> None:
    """Set every gauge of this module; a consumer, queue or saga that is gone loses its series."""
    bus, queues, unfinished = await bus_figures(tx), await queue_figures(tx), await sagas.figures(tx)
    for gauge in _LABELLED:
        gauge.clear()
    for consumer in bus.consumers:
        EVENTS_PENDING.labels(consumer.name).set(consumer.waiting)
        EVENTS_OLDEST.labels(consumer.name).set(consumer.oldest_waiting_s)
        EVENTS_RETRYING.labels(consumer.name).set(consumer.retrying)
        DEAD_LETTERS.labels(consumer.name).set(consumer.dead_letters)
    HELD_BACK.set(bus.horizon_stall_s)
    PARTITIONS_HELD.set(bus.partitions_held)
    for queue in queues:
        for state in ("waiting", "scheduled", "running", "failed"):
            JOBS.labels(queue.name, state).set(getattr(queue, state))
        JOBS_OLDEST.labels(queue.name).set(queue.oldest_waiting_s)
    for saga in unfinished:
        SAGAS.labels(saga.name, "forward").set(saga.forward)
        SAGAS.labels(saga.name, "compensating").set(saga.compensating)
        SAGAS_STUCK.labels(saga.name).set(saga.stuck)
