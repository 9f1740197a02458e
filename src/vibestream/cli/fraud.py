"""`vibestream fraud`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from rich.console import Console
from rich.table import Table

from vibestream.cli.connection import reachable_owner_dsn
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.service import learning, registry
from vibestream.contexts.payment.fraud.service.learning import Lesson
from vibestream.contexts.payment.fraud.service.registry import ModelRole, RegisteredModel
from vibestream.kernel.errors import Conflict
from vibestream.kernel.time import utc_now
from vibestream.platform.config import load_settings
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.postgres import migrate
from vibestream.platform.storage import ObjectStore, open_store

T = TypeVar("T")

_DAYS_TO_MEASURE: Final = 60
_QUICK_PEOPLE: Final = 2_000
"""Fewer learn as fast, and what they state is off by more than a few hundredths."""
_JSON: Final = "application/json"
_TYPES: Final = {"html": "text/html; charset=utf-8", "json": _JSON, "csv": "text/csv; charset=utf-8"}


class FileDiffers(Conflict):
    """The stored file of a model is not the one that was registered."""

    code = "fraud.file_differs"


@dataclass(frozen=True, slots=True)
class _Ground:
    database: Database
    objects: ObjectStore


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Train, measure and promote fraud models; list them when nothing else is said.

    \b
      vibestream fraud train                    on simulated payments and payouts
      vibestream fraud train --quick --promote  in a sandbox: a small one that decides at once, in a quarter of a minute
      vibestream fraud train --own              on this deployment's own decisions, 60 days and older
      vibestream fraud evaluate 3f9c            on a world that it has not seen
      vibestream fraud report 3f9c --out folder curves, calibration, cost against rules alone
      vibestream fraud promote 3f9c --as challenger     have it score in the shadow first
      vibestream fraud promote 3f9c             have it decide

    Rules decide with or without a model. Until one is promoted they decide alone.
    """  # noqa: D301 - click's mark: these lines are not wrapped
    if context.invoked_subcommand is None:
        _print_models(_run(_list()))


@command.command()
@click.option("--own", is_flag=True, help="Learn from this deployment's own decisions instead of simulated ones.")
@click.option("--people", type=click.IntRange(200, 50_000), default=6_000, show_default=True, help="Simulated people.")
@click.option("--days", type=click.IntRange(60, 365), default=72, show_default=True, help="Simulated days.")
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="The same seed gives the same model."
)
@click.option("--quick", is_flag=True, help="A small simulated world, to see how it works rather than to decide by.")
@click.option("--promote", "decides", is_flag=True, help="In a sandbox: write its report and have it decide at once.")
def train(*, own: bool, people: int, days: int, seed: int, quick: bool, decides: bool) -> None:
    """Train a model, measure it on later decisions that it has not seen, and register it as a candidate.

    Takes about a minute and half a gigabyte with the defaults, a quarter of a minute with --quick. Nothing changes for
    anybody until it is promoted.
    """
    if own and quick:
        raise click.UsageError(
            "--own learns from decisions that were made, --quick from a small simulated world: say one."
        )
    settings = load_settings()
    if decides and not settings.sandboxed:
        raise click.UsageError(
            "Outside a sandbox, look at its report and let it score in the shadow before it decides."
        )
    people, days = (_QUICK_PEOPLE, _DAYS_TO_MEASURE) if quick else (people, days)
    model = _run(_train(own=own, scale=_scale(people, days), seed=seed))
    if decides:
        _run(_report(model.model, own=own, people=people, seed=seed + 1_000))
        model = _run(_promote(model.model, ModelRole.CHAMPION))
    _print_models([model])
    if decides:
        click.echo(f"It decides within a minute. Its report: {settings.base_url.rstrip('/')}/finance/models")
    else:
        click.echo(f"Next: vibestream fraud promote {model.model[:12]} --as challenger")


@command.command()
@click.argument("model")
@click.option("--own", is_flag=True, help="Measure on this deployment's own decisions instead of simulated ones.")
@click.option("--people", type=click.IntRange(200, 50_000), default=6_000, show_default=True, help="Simulated people.")
@click.option("--seed", type=click.IntRange(0), default=1_001, show_default=True, help="Another seed is another world.")
def evaluate(*, model: str, own: bool, people: int, seed: int) -> None:
    """Measure a model (its hash's beginning, champion or challenger) and keep the figures in the registry."""
    measured = _run(_evaluate(model, own=own, people=people, seed=seed))
    for name, value in measured.evaluation.figures().items():
        click.echo(f"{name:28} {value:>12,}")


@command.command()
@click.argument("model")
@click.option("--own", is_flag=True, help="Measure on this deployment's own decisions instead of simulated ones.")
@click.option("--people", type=click.IntRange(200, 50_000), default=6_000, show_default=True, help="Simulated people.")
@click.option("--seed", type=click.IntRange(0), default=1_001, show_default=True, help="Another seed is another world.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Also write the files into this folder.")
def report(*, model: str, own: bool, people: int, seed: int, out: Path | None) -> None:
    """Write a model's report: precision and recall, calibration, cost against rules alone.

    One HTML page that needs nothing else, the numbers as JSON, the curves as CSV; kept in the object store, and in a folder
    when one is named.
    """
    written = _run(_report(model, own=own, people=people, seed=seed))
    for key in written.keys:
        click.echo(f"object store: {key}")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name, data in written.files.items():
            (out / name).write_bytes(data)
            click.echo(f"file: {out / name}")


@command.command()
@click.argument("model")
@click.option(
    "--as",
    "role",
    type=click.Choice(["champion", "challenger"]),
    default="champion",
    show_default=True,
    help="Decide, or score beside the one that decides.",
)
def promote(*, model: str, role: str) -> None:
    """Put a model (its hash's beginning) to work; whoever was in its place retires. Processes follow within a minute."""
    _print_models([_run(_promote(model, ModelRole(role)))])


@dataclass(frozen=True, slots=True)
class _Measured:
    model: RegisteredModel
    evaluation: learning.Evaluation
    measured_on: str


@dataclass(frozen=True, slots=True)
class _Written:
    keys: list[str]
    files: dict[str, bytes]


async def _list() -> list[RegisteredModel]:
    async with _ground() as ground, ground.database.begin(read_only=True) as tx:
        return await registry.registered(tx)


async def _train(*, own: bool, scale: learning.Scale, seed: int) -> RegisteredModel:
    async with _ground() as ground:
        lesson = await _lesson(ground, own=own, scale=scale, seed=seed)
        data = learning.fit(lesson, seed=seed)
        async with ground.database.begin() as tx:
            _, policy = await fraud.policy_in_force(tx, now=utc_now())
        evaluation = learning.evaluation_of(learning.load(data), held_out=lesson.held_out, policy=policy)
        metrics = {"measured_on": f"the last week of: {lesson.trained_on}", **evaluation.figures()}
        await ground.objects.put_bytes(registry.object_key(data), data, content_type=_JSON)
        async with ground.database.begin() as tx:
            return await registry.register(tx, data=data, trained_on=lesson.trained_on, metrics=metrics, now=utc_now())


async def _evaluate(name: str, *, own: bool, people: int, seed: int) -> _Measured:
    async with _ground() as ground:
        return await _measure(ground, name, own=own, people=people, seed=seed)


async def _report(name: str, *, own: bool, people: int, seed: int) -> _Written:
    async with _ground() as ground:
        measured = await _measure(ground, name, own=own, people=people, seed=seed)
        now = utc_now()
        files = learning.report_files(
            measured.evaluation, model=measured.model, measured_on=measured.measured_on, now=now
        )
        folder = f"fraud/reports/{measured.model.model[:16]}/{now:%Y%m%dT%H%M%S}"
        for file, data in files.items():
            kind = _TYPES[file.rpartition(".")[2]]
            await ground.objects.put_bytes(f"{folder}/{file}", data, content_type=kind)
        return _Written([f"{folder}/{file}" for file in files], files)


async def _promote(name: str, role: ModelRole) -> RegisteredModel:
    async with _ground() as ground, ground.database.begin() as tx:
        return await registry.promote(tx, name=name, role=role, now=utc_now())


async def _measure(ground: _Ground, name: str, *, own: bool, people: int, seed: int) -> _Measured:
    async with ground.database.begin() as tx:
        found = await registry.find_model(tx, name=name)
        _, policy = await fraud.policy_in_force(tx, now=utc_now())
    data = await ground.objects.get_bytes(found.object_key)
    if hashlib.sha256(data).hexdigest() != found.model:
        raise FileDiffers(f"The stored file of model {found.model[:12]} is not the one that was registered.")
    lesson = await _lesson(ground, own=own, scale=_scale(people, _DAYS_TO_MEASURE), seed=seed)
    evaluation = learning.evaluation_of(learning.load(data), held_out=lesson.held_out, policy=policy)
    measured_on = f"the last week of: {lesson.trained_on}"
    async with ground.database.begin() as tx:
        await registry.save_evaluation(
            tx, model=found.model, measured_on=measured_on, figures=evaluation.figures(), now=utc_now()
        )
    return _Measured(found, evaluation, measured_on)


def _scale(people: int, days: int) -> learning.Scale:
    """Return a world with as little fraud as the Handbook's: what is taken over grows with how many people there are."""
    taken = max(people // 6_000, 1)
    return learning.Scale(
        customers=people, terminals=people // 2, days=days, terminals_taken=taken, customers_taken=2 * taken
    )


async def _lesson(ground: _Ground, *, own: bool, scale: learning.Scale, seed: int) -> Lesson:
    if not own:
        return learning.simulated_lesson(scale, seed=seed)
    async with ground.database.begin(read_only=True) as tx:
        return await learning.own_lesson(tx, now=utc_now())


@asynccontextmanager
async def _ground() -> AsyncIterator[_Ground]:
    settings = load_settings()
    with reachable_owner_dsn(settings) as dsn:
        migrate.require_head(dsn)
        async with Database(as_app_role(dsn), max_size=1, application="vibestream fraud") as database:
            yield _Ground(database, open_store(settings))


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def _print_models(models: list[RegisteredModel]) -> None:
    if not models:
        click.echo("There is no model; rules decide alone. `vibestream fraud train` makes one.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("model", "role", "trained", "average precision", "calibration error", "trained on"):
        table.add_column(heading, overflow="fold")
    for one in models:
        figures = [str(one.metrics.get(name, "-")) for name in ("average_precision", "calibration_error")]
        table.add_row(one.model[:12], one.role.value, f"{one.trained_at:%Y-%m-%d %H:%M}", *figures, one.trained_on)
    Console().print(table)
