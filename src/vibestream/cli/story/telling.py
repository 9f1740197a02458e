"""Telling a story in steps: each is announced, timed, and leaves a record, also when it fails."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

Figures = dict[str, object]


@dataclass(slots=True)
class Record:
    """One step: what it was, whether it came about, how long it took, and its figures."""

    name: str
    ok: bool = False
    seconds: float = 0.0
    figures: Figures = field(default_factory=dict)


class Teller:
    """Tells steps on a console and keeps their records."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.records: list[Record] = []

    @contextmanager
    def step(self, name: str, sentence: str) -> Iterator[Figures]:
        """Tell one step; what the block puts into the figures is shown and recorded."""
        record = Record(name)
        self.records.append(record)
        self.console.print(f"[bold]{sentence}[/]")
        began = time.monotonic()
        try:
            yield record.figures
            record.ok = True
        finally:
            record.seconds = round(time.monotonic() - began, 3)
        shown = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in record.figures.items())
        self.console.print(f"  [green]done[/] in {record.seconds:.1f} s" + (f": {shown}" if shown else ""))

    @contextmanager
    def bar(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Show a bar for the time of the block; call what is yielded with (done, total)."""
        columns = (TextColumn("  {task.description}"), BarColumn(bar_width=32), TextColumn("{task.percentage:>3.0f} %"))
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(what, total=1)
            yield lambda done, total: progress.update(task, completed=done, total=total)

    def write(self, file: Path) -> None:
        """Write the records as JSON, one per step."""
        file.write_text(json.dumps([asdict(record) for record in self.records], indent=2) + "\n")
