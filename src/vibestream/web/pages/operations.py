"""Operations: how the process, the bus and the queues stand, what was given up, and whether the books are right."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from fastapi import Form, Request
from starlette.responses import Response

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import TrialBalance
from vibestream.flows.audit import invariants_of
from vibestream.flows.retention import rules_of
from vibestream.platform.access import holds
from vibestream.platform.config import Environment
from vibestream.platform.database import Tx
from vibestream.platform.events import dead_letters
from vibestream.platform.events.dead_letters import DeadLetter
from vibestream.platform.events.figures import BusFigures, bus_figures
from vibestream.platform.http.application import VERSION
from vibestream.platform.http.dependencies import NowDep, RuntimeDep, TxDep
from vibestream.platform.http.edge import edge_of
from vibestream.platform.http.routing import Router
from vibestream.platform.invariants import Checked, check_all
from vibestream.platform.jobs import figures as jobs
from vibestream.platform.jobs.figures import FailedJob, QueueFigures
from vibestream.platform.retention import Ran, Rule, after, is_late, runs_of
from vibestream.web.pages.forms import see_other
from vibestream.web.rendering import render

router = Router(include_in_schema=False)

_ADMIN: Final = holds("admin")
_SHOWN: Final = 50
_LATE_S: Final = 60.0
"""An event or a job that waits longer than this is worth an operator's look."""


@dataclass(frozen=True, slots=True)
class Health:
    """How the process that answered stands."""

    version: str
    environment: Environment
    lag_ms: int
    """How late its event loop is."""
    listening: bool
    """Whether it hears what is announced."""
    connections_used: int
    connections_free: int
    requests_waiting: int
    """Requests that wait for a connection."""


@dataclass(frozen=True, slots=True)
class KeptRule:
    """A rule of retention, when it last ran, and whether that was too long ago."""

    rule: Rule
    ran: Ran | None
    late: bool

    @property
    def after(self) -> str:
        """Its time in words."""
        return after(self.rule.kept, self.rule.since)


@dataclass(frozen=True, slots=True)
class OperationsView:
    """The operations page."""

    health: Health
    bus: BusFigures
    queues: tuple[QueueFigures, ...]
    letters: tuple[DeadLetter, ...]
    failed: tuple[FailedJob, ...]
    rules: tuple[KeptRule, ...]
    books: TrialBalance
    checked: tuple[Checked, ...]
    """What the checks found; empty until they are run."""
    done: str
    late_s: float = _LATE_S


@router.get("/operations", policy=_ADMIN)
async def show_operations(request: Request, tx: TxDep, now: NowDep, done: str = "") -> Response:
    """Show how everything stands."""
    return render(request, "operations.html", await _view(request, tx, now, done=done))


@router.get("/operations/audit", policy=_ADMIN)
async def back_to_operations() -> Response:
    """Lead whoever comes back to the checks' address to where they are run."""
    return see_other("/operations")


@router.post("/operations/audit", policy=_ADMIN)
async def run_audit(request: Request, runtime: RuntimeDep, now: NowDep) -> Response:
    """Check every invariant now, and show what was found. It only reads, so it may be asked for again."""
    checked = tuple(await check_all(runtime.database, invariants_of(runtime.settings, runtime.objects)))
    async with runtime.database.begin(read_only=True) as tx:
        view = await _view(request, tx, now, checked=checked)
    response = render(request, "operations.html", view)
    response.headers["HX-Push-Url"] = "false"
    return response


@router.post("/operations/dead-letters/replay", policy=_ADMIN)
async def replay(tx: TxDep, letter: Annotated[list[int], Form()] = []) -> Response:  # noqa: B006 - FastAPI copies it
    """Have dead letters tried again."""
    await dead_letters.replay(tx, ids=letter)
    return see_other("/operations?done=replayed")


@router.post("/operations/dead-letters/discard", policy=_ADMIN)
async def discard(tx: TxDep, letter: Annotated[list[int], Form()] = []) -> Response:  # noqa: B006 - FastAPI copies it
    """Give dead letters up for good."""
    await dead_letters.discard(tx, ids=letter)
    return see_other("/operations?done=discarded")


@router.post("/operations/jobs/again", policy=_ADMIN)
async def try_again(tx: TxDep, job: Annotated[list[int], Form()] = []) -> Response:  # noqa: B006 - FastAPI copies it
    """Give failed jobs another attempt."""
    await jobs.try_failed_again(tx, ids=job)
    return see_other("/operations?done=again")


async def _view(
    request: Request, tx: Tx, now: datetime, *, checked: tuple[Checked, ...] = (), done: str = ""
) -> OperationsView:
    return OperationsView(
        health=_health(request),
        bus=await bus_figures(tx),
        queues=tuple(await jobs.queue_figures(tx)),
        letters=tuple(await dead_letters.list_dead_letters(tx, limit=_SHOWN)),
        failed=tuple(await jobs.list_failed(tx, limit=_SHOWN)),
        rules=await _rules(request, tx, now),
        books=await ledger.trial_balance(tx),
        checked=checked,
        done=done,
    )


async def _rules(request: Request, tx: Tx, now: datetime) -> tuple[KeptRule, ...]:
    runs = await runs_of(tx)
    rules = rules_of(edge_of(request).settings)
    return tuple(KeptRule(one, runs.get(one.name), is_late(runs.get(one.name), now=now)) for one in rules)


def _health(request: Request) -> Health:
    edge = edge_of(request)
    pool = edge.database.figures()
    return Health(
        version=VERSION,
        environment=edge.settings.environment,
        lag_ms=round(edge.sampler.lag_s * 1000),
        listening=edge.live.listening.is_set(),
        connections_used=pool.used,
        connections_free=pool.free,
        requests_waiting=pool.waiting,
    )
