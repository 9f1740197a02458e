"""`vibestream listens`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from vibestream.contexts.listen_reward.scoring.domain.policy import DEFAULT_POLICY
from vibestream.contexts.listen_reward.scoring.service.models import committed_model, load
from vibestream.kernel.time import utc_now
from vibestream.sandbox.listeners import report
from vibestream.sandbox.listeners.costs import Costs
from vibestream.sandbox.listeners.evaluation import Evaluation, evaluate
from vibestream.sandbox.listeners.learning import train_model
from vibestream.sandbox.listeners.scenes import CALIBRATED, CHOSEN, LEARNED, MEASURED, RULED, make_world

_TAUGHT: Final = {*LEARNED, *RULED, CALIBRATED, CHOSEN}


@click.group()
def command() -> None:
    """Train the model that scores listens, and measure the scoring against simulated adversaries.

    \b
      vibestream listens evaluate                    the model that this release brings, on worlds it never saw
      vibestream listens evaluate --out folder       the same, as report.md and report.json
      vibestream listens train model.json            a model of one's own
      vibestream listens evaluate --model model.json

    Both need nothing that runs: no database, no server. They take minutes of one core.
    """  # noqa: D301 - click's mark: these lines are not wrapped


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def train(*, file: Path) -> None:
    """Train a model on simulated worlds and write it to FILE. The same release writes the same file."""
    data = train_model()
    file.write_bytes(data)
    click.echo(f"model    {load(data=data).sha256}")
    click.echo(f"file     {file}, {len(data):,} bytes")


@command.command(name="evaluate")
@click.option(
    "--model",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A model of one's own; without it, the one that this release brings.",
)
@click.option("--rules-only", is_flag=True, help="Ask no model.")
@click.option(
    "--seed", "seeds", type=click.IntRange(1), multiple=True, help="A world to measure on; may be given again."
)
@click.option(
    "--scale",
    type=click.FloatRange(0.05, 5),
    default=1.0,
    show_default=True,
    help="How many people there are, beside 1.",
)
@click.option("--farm", type=click.IntRange(10, 5_000), default=1_000, show_default=True, help="Accounts of the farm.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="A folder for report.md and report.json.")
def evaluate_command(
    *, file: Path | None, rules_only: bool, seeds: tuple[int, ...], scale: float, farm: int, out: Path | None
) -> None:
    """Measure precision and recall per strategy, honest listeners wrongly held, and what pretending is worth.

    The command fails when too many honest listeners are held, or the farm earns more than it costs.
    """
    chosen = seeds or MEASURED
    if taught := sorted(_TAUGHT & set(chosen)):
        raise click.BadParameter(f"Seed {taught[0]} was learned from or chosen by.", param_hint="--seed")
    model = None if rules_only else (committed_model() if file is None else load(data=file.read_bytes()))
    worlds = (make_world(seed=seed, scale=scale, farm=farm) for seed in chosen)
    found = evaluate(worlds, policy=DEFAULT_POLICY, model=model, costs=Costs())
    document = report.document(found, policy=DEFAULT_POLICY, model=model, costs=Costs(), seeds=chosen, now=utc_now())
    _print(found)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in (("report.json", report.text_of(document)), ("report.md", report.page(document))):
            (out / name).write_text(text)
            click.echo(f"file: {out / name}")
    if missed := [name for name, well in document["reached"].items() if not well]:
        raise click.ClickException(f"Not reached: {', '.join(missed)}.")


def _print(found: Evaluation) -> None:
    table = Table(box=None, pad_edge=False)
    for heading in ("group", "accounts", "held", "listens", "held", "precision", "gain, USD"):
        table.add_column(heading, justify="left" if heading == "group" else "right")
    for one in found.groups:
        gain = f"{found.reckonings[one.name][0].gain / 1_000_000:,.2f}" if one.artificial else ""
        precision = f"{found.precision(one):.3f}" if one.artificial else ""
        table.add_row(
            *(one.name, str(one.accounts), f"{one.accounts_share:.2%}", str(one.scored), f"{one.recall:.2%}"),
            *(precision, gain),
        )
    Console().print(table)
    held, of = found.honest
    click.echo(f"honest listeners wrongly held: {held} of {of} ({found.honest_share:.2%})")
