"""snarkjs under Node, asked from Python: the independent implementation that these tests compare with."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

from tools.build_circuits import CIRCUITS
from tools.build_web import node_folder

_SCRIPT: Final = Path(__file__).with_name("peer.mjs")


def ask(*tasks: dict[str, Any]) -> list[Any]:
    """Return snarkjs's answers to tasks, in their order; see `peer.mjs` for which there are."""
    ran = subprocess.run(
        [node_folder() / "bin" / "node", _SCRIPT],
        input=json.dumps({"circuits": str(CIRCUITS), "tasks": tasks}, default=str),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    answers = json.loads(ran.stdout.splitlines()[-1])
    assert len(answers) == len(tasks)
    return list(answers)
