"""The web server's composition root: settings -> database -> runtime -> routers.

Served by granian with one worker per process; more processes, on as many machines as one likes, need nothing but the
same settings.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from fastapi import APIRouter, FastAPI

from vibestream.contexts.listen_reward.listening.routes import router as listening
from vibestream.contexts.listen_reward.listening.service import require_opened_by
from vibestream.contexts.listen_reward.receipts.routes import router as receipts
from vibestream.contexts.listen_reward.scoring.routes import router as held_listens
from vibestream.contexts.music.catalogue.routes import router as catalogue
from vibestream.contexts.music.delivery.routes import router as delivery
from vibestream.contexts.music.uploads.routes import router as uploads
from vibestream.contexts.payment.checkout.routes import router as checkout
from vibestream.contexts.payment.exchange.routes import router as exchange
from vibestream.contexts.payment.fraud.routes import router as fraud
from vibestream.contexts.payment.fraud.service import models_kept
from vibestream.contexts.payment.gateways.service import Gateways, open_gateways
from vibestream.contexts.payment.ledger.routes import router as ledger
from vibestream.contexts.payment.payouts.routes import router as payouts
from vibestream.contexts.payment.reconciliation.routes import router as reconciliation
from vibestream.contexts.payment.reconciliation.service.measuring import probe as measure_money
from vibestream.contexts.payment.royalties.routes import router as royalties
from vibestream.contexts.payment.seal.routes import router as seal
from vibestream.contexts.payment.subscriptions.routes import router as subscriptions
from vibestream.contexts.payment.tips.routes import router as tips
from vibestream.contexts.payment.top_ups.routes import router as top_ups
from vibestream.contexts.payment.wallets.routes import router as wallets
from vibestream.contexts.payment.webhooks.routes import router as webhooks
from vibestream.contexts.user.accounts.routes import router as accounts
from vibestream.contexts.user.accounts.routes.factors import router as factors
from vibestream.contexts.user.accounts.routes.passkeys import router as passkeys
from vibestream.contexts.user.administration.routes import router as administration
from vibestream.contexts.user.attacks.jobs import probe as measure_attacks
from vibestream.contexts.user.chain_wallets.routes import router as chain_wallets
from vibestream.contexts.user.email_changes.routes import router as email_changes
from vibestream.contexts.user.fans.routes import router as people
from vibestream.contexts.user.fans.routes.following import router as following
from vibestream.contexts.user.notifications.routes import router as notifications
from vibestream.contexts.user.notifications.service import missed_since
from vibestream.contexts.user.oauth.routes import SHARED
from vibestream.contexts.user.oauth.routes import router as oauth
from vibestream.contexts.user.oauth.service import authenticate as by_app
from vibestream.contexts.user.oauth.service import knows_origin
from vibestream.contexts.user.pictures.routes import router as pictures
from vibestream.contexts.user.profiles.routes import router as profiles
from vibestream.contexts.user.recovery.routes import router as recovery
from vibestream.contexts.user.sessions.routes import router as sessions
from vibestream.contexts.user.sessions.service import authenticate as by_session
from vibestream.contexts.user.verification.routes import router as verification
from vibestream.flows.claim_routes import router as claims
from vibestream.flows.consent_routes import router as consents
from vibestream.flows.erase_routes import router as erasure
from vibestream.flows.export_routes import router as exports
from vibestream.flows.label_routes import router as labels
from vibestream.flows.listen_surfaces import router as surfaces
from vibestream.flows.listening_routes import router as figures
from vibestream.flows.perk_routes import router as perks
from vibestream.flows.pool_policy_routes import router as pool_policies
from vibestream.flows.pool_routes import router as pools
from vibestream.flows.report_routes import router as reports
from vibestream.flows.team_routes import router as teams
from vibestream.platform import backlog, heap
from vibestream.platform.config import Settings, SettingsInvalid, load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database
from vibestream.platform.events import bell
from vibestream.platform.http.application import build
from vibestream.platform.http.edge import Authenticate, Edge
from vibestream.platform.http.foreign_origins import Shared
from vibestream.platform.mail import Mailer
from vibestream.platform.observability.logging import configure_logging
from vibestream.platform.postgres import migrate
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store
from vibestream.sandbox.mail.routes import router as sandbox_mail
from vibestream.web.pages.issuers import BACK
from vibestream.web.routes import LAST, PAGES, problem_page

ROUTERS: tuple[APIRouter, ...] = (
    delivery,
    listening,
    accounts,
    factors,
    passkeys,
    chain_wallets,
    recovery,
    sessions,
    profiles,
    pictures,
    people,
    following,
    verification,
    reports,
    teams,
    labels,
    administration,
    email_changes,
    figures,
    oauth,
    erasure,
    exports,
    consents,
    notifications,
    catalogue,
    uploads,
    receipts,
    held_listens,
    perks,
    surfaces,
    pools,
    pool_policies,
    claims,
    wallets,
    checkout,
    top_ups,
    tips,
    subscriptions,
    ledger,
    seal,
    exchange,
    royalties,
    payouts,
    reconciliation,
    webhooks,
    fraud,
)
"""Looked through in this order for every request: delivery first, because segments are most of them, then heartbeats."""
SANDBOX: tuple[APIRouter, ...] = (sandbox_mail,)
"""Answered outside production only: there the addresses do not exist."""
HASHING_THREADS = 2
"""Each verification of a password takes 19 MiB and a tenth of a second of a core."""


def create() -> FastAPI:
    """Return the application of this process's settings; the factory that the server calls."""
    settings = load_settings()
    configure_logging(settings)
    app = create_app(settings)
    heap.settle()
    return app


def create_app(
    settings: Settings, *, runtime: Runtime | None = None, authenticate: Authenticate = by_session
) -> FastAPI:
    """Return the application. A runtime that is given is used as it is, and neither opened nor closed.

    Raises:
        SettingsInvalid: there is no database to work with.
        SchemaBehind: when it starts, on a schema older than this code's.
    """
    owned = runtime is None
    runtime = runtime or _runtime(settings)
    routers = (*ROUTERS, *(SANDBOX if settings.sandboxed else ()), *PAGES, LAST)
    edge = Edge.of(
        runtime,
        authenticate=authenticate,
        authenticate_app=by_app,
        probes=(backlog.probe, measure_money, measure_attacks),
        replay=missed_since,
        shared=Shared(SHARED, knows_origin, posted_to=BACK),
    )
    app = build(edge, routers=routers, problem_page=problem_page)
    app.state.own_listen = require_opened_by
    return _owning(app, runtime) if owned else app


def _runtime(settings: Settings) -> Runtime:
    if settings.app_dsn is None:
        raise SettingsInvalid(
            "Settings are wrong. DATABASE_URL: the web server alone needs one; `vibestream up` brings its own"
        )
    return Runtime(
        settings=settings,
        database=Database(settings.app_dsn, max_size=settings.database_pool_size, application="vibestream-web"),
        objects=open_store(settings),
        mailer=Mailer(settings),
        cpu=BoundedThreads(threads=HASHING_THREADS),
        parts={Gateways: open_gateways(settings)},
    )


def _owning(app: FastAPI, runtime: Runtime) -> FastAPI:
    inner = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        migrate.require_head(runtime.database.dsn)
        try:
            async with runtime.database, bell.hung(runtime.database), models_kept(runtime), inner(app):
                yield
        finally:
            await runtime.part(Gateways).close()
            runtime.cpu.close()

    app.router.lifespan_context = lifespan
    return app
