"""The worker's composition root: settings -> database -> runtime -> event relay, jobs, sagas, schedule.

Any number may run beside each other, on as many machines as one likes, with nothing but the same settings. When a
release brings new events or jobs, start its workers before its web servers: what an old worker does not know waits.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog
import uvloop

# Modules that declare jobs: importing them is what makes this worker know them. A test compares this list with the source.
import vibestream.contexts.listen_reward.listening.jobs
import vibestream.contexts.music.catalogue.service.dropping
import vibestream.contexts.music.packaging.jobs
import vibestream.contexts.music.packaging.service.dropping
import vibestream.contexts.music.uploads.jobs
import vibestream.contexts.payment.checkout.jobs
import vibestream.contexts.payment.exchange.jobs
import vibestream.contexts.payment.fraud.jobs
import vibestream.contexts.payment.ledger.jobs
import vibestream.contexts.payment.payouts.jobs
import vibestream.contexts.payment.reconciliation.jobs
import vibestream.contexts.payment.royalties.jobs
import vibestream.contexts.payment.seal.jobs
import vibestream.contexts.payment.subscriptions.jobs
import vibestream.contexts.payment.webhooks.jobs
import vibestream.contexts.user.accounts.service.mailing
import vibestream.contexts.user.accounts.service.tidying
import vibestream.contexts.user.attacks.jobs
import vibestream.contexts.user.email_changes.service
import vibestream.contexts.user.exports.jobs
import vibestream.contexts.user.exports.service.dropping
import vibestream.contexts.user.notifications.jobs
import vibestream.contexts.user.notifications.service.mailing
import vibestream.contexts.user.notifications.service.pushing
import vibestream.contexts.user.oauth.jobs
import vibestream.contexts.user.pictures.service.dropping
import vibestream.contexts.user.recovery.service
import vibestream.flows.close_epochs
import vibestream.flows.count_listening
import vibestream.flows.erase_person
import vibestream.flows.export_person
import vibestream.flows.fund_epochs
import vibestream.flows.pay_claims
import vibestream.flows.publish_audience
import vibestream.flows.retention
import vibestream.flows.tell_consenters
import vibestream.flows.tell_followers
import vibestream.platform.sagas.engine  # noqa: F401
from vibestream.contexts.payment.fraud.service import models_kept
from vibestream.contexts.payment.fraud.service.signals import Signals, open_signals
from vibestream.contexts.payment.gateways.service import Gateways, open_gateways
from vibestream.flows import (
    alert_operators,
    count_listening,
    count_royalties,
    entitle_listeners,
    freeze_payouts,
    hear_masters,
    listen_to_reward,
    notify,
    publish_track,
    record_decisions,
    record_rates,
    register_artist,
    review_payments,
    review_payouts,
    settle_payments,
    take_down_condemned,
    tell_followers,
    tell_listeners,
    tell_owners,
    tell_payees,
    tell_payers,
    witness_listens,
    work_for_artists,
)
from vibestream.flows.audit import invariants_of
from vibestream.platform import heap
from vibestream.platform.config import Settings, SettingsInvalid
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database
from vibestream.platform.events import bell
from vibestream.platform.events.relay import Relay
from vibestream.platform.events.subscriptions import Consumers, Subscription
from vibestream.platform.invariants import check_all
from vibestream.platform.jobs import Job, declared_jobs, periodic
from vibestream.platform.jobs.worker import JobWorker
from vibestream.platform.mail import Mailer
from vibestream.platform.observability.logging import configure_logging
from vibestream.platform.observability.serving import metrics_served
from vibestream.platform.postgres import migrate
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store

SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    *count_listening.SUBSCRIPTIONS,
    *count_royalties.SUBSCRIPTIONS,
    *entitle_listeners.SUBSCRIPTIONS,
    *freeze_payouts.SUBSCRIPTIONS,
    *hear_masters.SUBSCRIPTIONS,
    *listen_to_reward.SUBSCRIPTIONS,
    *notify.SUBSCRIPTIONS,
    *publish_track.SUBSCRIPTIONS,
    *record_decisions.SUBSCRIPTIONS,
    *record_rates.SUBSCRIPTIONS,
    *register_artist.SUBSCRIPTIONS,
    *review_payments.SUBSCRIPTIONS,
    *review_payouts.SUBSCRIPTIONS,
    *settle_payments.SUBSCRIPTIONS,
    *take_down_condemned.SUBSCRIPTIONS,
    *tell_followers.SUBSCRIPTIONS,
    *tell_owners.SUBSCRIPTIONS,
    *work_for_artists.SUBSCRIPTIONS,
    *tell_payees.SUBSCRIPTIONS,
    *tell_listeners.SUBSCRIPTIONS,
    *tell_payers.SUBSCRIPTIONS,
    *witness_listens.SUBSCRIPTIONS,
)
PACKAGING: Final = "packaging"
"""The queue of masters to package: heavy work, with slots of its own."""
SLOTS: Final = 8
"""Jobs of all other queues that one worker runs at the same time."""
THREADS: Final = 2
AUDITED_ORIGINALS: Final = 3
"""Masters are tens of megabytes, and the schedule comes round every five minutes: over days it reads them all."""

_log = structlog.get_logger()


@periodic("audit", every_s=300)
async def audit(runtime: Runtime) -> None:
    """Check every invariant; one that does not hold is an error in the log and the metrics, and operators are told."""
    invariants = invariants_of(runtime.settings, runtime.objects, originals=AUDITED_ORIGINALS)
    await alert_operators.alert(runtime, await check_all(runtime.database, invariants))


def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT, then finish what has begun and return.

    Raises:
        SettingsInvalid: there is no database to work with.
        SchemaBehind: the database's schema is older than this code's.
    """
    configure_logging(settings)
    heap.settle()
    uvloop.run(_until_signal(settings))


async def _until_signal(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with metrics_served(settings.worker_metrics_port):
        async with open_runtime(settings) as runtime, models_kept(runtime), working(runtime):
            _log.info("worker.ready", consumers=len(SUBSCRIPTIONS), jobs=len(declared_jobs()))
            await stop.wait()
            _log.info("worker.stopping")


@asynccontextmanager
async def open_runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """Open what the worker works with, for the time of the block."""
    if settings.app_dsn is None:
        raise SettingsInvalid(
            "Settings are wrong. DATABASE_URL: the worker alone needs one; `vibestream up` brings its own"
        )
    migrate.require_head(settings.app_dsn)
    gateways, signals = open_gateways(settings), open_signals(settings)
    cpu = BoundedThreads(threads=THREADS)
    try:
        async with Database(
            settings.app_dsn, max_size=settings.database_pool_size, application="vibestream-worker"
        ) as database:
            yield Runtime(
                settings=settings,
                database=database,
                objects=open_store(settings),
                mailer=Mailer(settings),
                cpu=cpu,
                parts={Gateways: gateways, Signals: signals},
            )
    finally:
        await gateways.close()
        await signals.close()
        cpu.close()


@asynccontextmanager
async def working(
    runtime: Runtime,
    *,
    subscriptions: Sequence[Subscription[Any]] = SUBSCRIPTIONS,
    jobs: Callable[[], Mapping[str, Job]] = declared_jobs,
) -> AsyncIterator[None]:
    """Relay events and run jobs for the time of the block; on leaving it, what has begun is finished or put back.

    Raises:
        ExceptionGroup: a defect ended the relay or a job worker. The block is cancelled: half a worker that looks alive
            is worse than one that its supervisor starts anew.
    """
    relay = Relay(runtime.database, Consumers(subscriptions))
    workers = _job_workers(runtime, jobs())
    async with bell.hung(runtime.database), asyncio.TaskGroup() as group:
        group.create_task(relay.run(), name="event relay")
        for worker in workers:
            group.create_task(worker.run(), name="job worker")
        try:
            yield
        finally:
            relay.stop()
            for worker in workers:
                worker.stop()


def _job_workers(runtime: Runtime, jobs: Mapping[str, Job]) -> list[JobWorker]:
    queues = {job.queue for job in jobs.values()}
    others = JobWorker(runtime, jobs, queues=sorted(queues - {PACKAGING}), slots=SLOTS, schedules=True)
    if PACKAGING not in queues:
        return [others]
    slots = runtime.settings.packaging_slots
    return [others, JobWorker(runtime, jobs, queues=[PACKAGING], slots=slots, schedules=False)]
