"""`vibestream listens`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from vibestream.contexts.listen_reward.scoring.domain.policy import DEFAULT_POLICY
from vibestream.contexts.listen_reward.scoring.domain.statistics.model import Model
from vibestream.contexts.listen_reward.scoring.service.models import committed_model, load
from vibestream.kernel.time import utc_now
from vibestream.sandbox.listeners import report
from vibestream.sandbox.listeners.costs import Worth
from vibestream.sandbox.listeners.evaluation import Evaluation, evaluate
from vibestream.sandbox.listeners.learning import choices, chosen, train_model
from vibestream.sandbox.listeners.pages import page
from vibestream.sandbox.listeners.people import POPULATIONS
from vibestream.sandbox.listeners.scenes import make_world
from vibestream.sandbox.listeners.seeds import MEASURED, VALIDATED, Use, use_of
from vibestream.sandbox.listeners.world import World

_SIZES: Final = (10, 100)
_SIZED_WORLDS: Final = 3
"""Worlds that farms of other sizes are measured in: the first ones."""
_MODEL = click.option(
    "--model",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A model of one's own; without it, the one that this release brings.",
)


@click.group()
def command() -> None:
    """Train the model that scores listens, and measure the scoring against simulated adversaries.

    \b
      vibestream listens evaluate                    the model that this release brings, on worlds it never saw
      vibestream listens evaluate --json             the same, as JSON
      vibestream listens evaluate --out folder       the same, as report.md and report.json
      vibestream listens train model.json            a model of one's own
      vibestream listens choose --model model.json   from which probability on it should hold
      vibestream listens evaluate --model model.json

    They need nothing that runs: no database, no server. They take many minutes of one core.
    """  # noqa: D301 - click's mark: these lines are not wrapped


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def train(*, file: Path) -> None:
    """Train a model on simulated worlds and write it to FILE. The same release writes the same file."""
    data = train_model()
    file.write_bytes(data)
    click.echo(f"model    {load(data=data).sha256}")
    click.echo(f"file     {file}, {len(data):,} bytes")


@command.command()
@_MODEL
@click.option("--seed", "seeds", type=click.IntRange(1), multiple=True, help="A validation world; may be given again.")
@click.option(
    "--scale", type=click.FloatRange(0.05, 5), default=1.0, show_default=True, help="How many people there are."
)
@click.option("--farm", type=click.IntRange(10, 5_000), default=1_000, show_default=True, help="Accounts of the farm.")
def choose(*, file: Path | None, seeds: tuple[int, ...], scale: float, farm: int) -> None:
    """Say, on validation worlds, what each threshold catches and whom it holds wrongly, and which one the rule chooses.

    It is the lowest by which, with 95 % confidence, fewer than 0.5 % of honest listeners are held, and of no honest population
    more than 2 %.
    """
    worlds = _worlds(seeds or VALIDATED, use=Use.VALIDATION, scale=scale, farm=farm)
    found = choices(worlds, policy=DEFAULT_POLICY, model=_model(file))
    table = Table(box=None, pad_edge=False)
    for heading in ("held from", "people held", "of", "worst population", "its share", "artificial listens held"):
        table.add_column(heading, justify="right")
    for one in found:
        table.add_row(
            *(f"{one.hold_from_ppm / 10_000:g} %", str(one.honest_held), str(one.honest), one.worst_group),
            *(f"{one.worst_share:.2%}", f"{one.caught / max(one.artificial, 1):.2%}"),
        )
    Console().print(table)
    best = chosen(found)
    if best is None:
        raise click.ClickException("No threshold holds few enough people.")
    click.echo(f"chosen: {best.hold_from_ppm} ppm; in force: {DEFAULT_POLICY.hold_from_ppm} ppm")


@command.command(name="evaluate")
@_MODEL
@click.option("--rules-only", is_flag=True, help="Ask no model.")
@click.option("--seed", "seeds", type=click.IntRange(1), multiple=True, help="A test world; may be given again.")
@click.option(
    "--scale",
    type=click.FloatRange(0.05, 5),
    default=1.0,
    show_default=True,
    help="How many people there are, beside 1.",
)
@click.option("--farm", type=click.IntRange(10, 5_000), default=1_000, show_default=True, help="Accounts of the farm.")
@click.option("--sizes/--no-sizes", default=True, help="Whether farms of 10 and 100 accounts are measured as well.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="A folder for report.md and report.json.")
def evaluate_command(
    *,
    file: Path | None,
    rules_only: bool,
    seeds: tuple[int, ...],
    scale: float,
    farm: int,
    sizes: bool,
    as_json: bool,
    out: Path | None,
) -> None:
    """Measure precision and recall per strategy, honest listeners wrongly held, and what pretending is worth.

    The command fails when too many honest listeners are held, or a farm earns more than it costs.
    """
    chosen_seeds = seeds or MEASURED
    model = None if rules_only else _model(file)
    worth, policy = Worth(), DEFAULT_POLICY
    worlds = _worlds(chosen_seeds, use=Use.TEST, scale=scale, farm=farm)
    found = evaluate(worlds, policy=policy, model=model, worth=worth)
    by_size = {
        size: evaluate(
            _farms(chosen_seeds[:_SIZED_WORLDS], scale=scale, farm=size), policy=policy, model=model, worth=worth
        )
        for size in (_SIZES if sizes else ())
    }
    document = report.document(
        found, sizes=by_size, policy=policy, model=model, worth=worth, seeds=chosen_seeds, now=utc_now()
    )
    if as_json:
        click.echo(report.text_of(document), nl=False)
    else:
        _print(found)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in (("report.json", report.text_of(document)), ("report.md", page(document))):
            (out / name).write_text(text)
            click.echo(f"file: {out / name}", err=as_json)
    if missed := [name for name, well in document["reached"].items() if not well]:
        raise click.ClickException(f"Not reached: {', '.join(missed)}.")


def _model(file: Path | None) -> Model:
    return committed_model() if file is None else load(data=file.read_bytes())


def _worlds(seeds: Sequence[int], *, use: Use, scale: float, farm: int) -> Iterator[World]:
    """Return the worlds of seeds, made when they are asked for; none that is not for this use."""
    for seed in seeds:
        if use_of(seed) is not use:
            raise click.BadParameter(f"Seed {seed} is {use_of(seed)}, not {use}.", param_hint="--seed")
    return (make_world(seed=seed, scale=scale, farm=farm) for seed in seeds)


def _farms(seeds: Sequence[int], *, scale: float, farm: int) -> Iterator[World]:
    """Return worlds of the same people, among whom there is nothing artificial but a farm of another size."""
    only = {*POPULATIONS, report.FARM}
    return (make_world(seed=seed, scale=scale, farm=farm, only=only) for seed in seeds)


def _print(found: Evaluation) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("group", "accounts", "held", "listens", "held", "precision", "gain, USD"):
        table.add_column(heading, justify="left" if heading == "group" else "right")
    for one in found.groups:
        gain = f"{found.gain(one.name) / 1_000_000:,.2f}" if one.artificial else ""
        precision = f"{found.precision(one):.3f}" if one.artificial else ""
        table.add_row(
            *(one.name, str(one.accounts), f"{one.accounts_share:.2%}", str(one.scored), f"{one.recall:.2%}"),
            *(precision, gain),
        )
    Console().print(table)
    held, of = found.honest
    click.echo(f"honest listeners wrongly held: {held} of {of} ({found.honest_share:.2%})")
