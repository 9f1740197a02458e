"""What an operator does in the story, at a terminal."""

from __future__ import annotations

import subprocess
import sys

from vibestream.cli.story.main_job import DidNotComeAbout
from vibestream.cli.story.telling import Teller


def operate(teller: Teller, *words: str) -> None:
    """Run one of our own commands as an operator would, and show what it says.

    Raises:
        DidNotComeAbout: it failed; the sentence is what it said.
    """
    command = [sys.executable, "-m", "vibestream.cli", *words]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    teller.console.print("    $ vibestream " + " ".join(words))
    for line in ran.stdout.splitlines():
        teller.console.print(f"    {line}", highlight=False)
    if ran.returncode != 0:
        raise DidNotComeAbout(f"vibestream {' '.join(words)}: {ran.stderr.strip()[-500:]}")
