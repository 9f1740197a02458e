"""Our claim beside Semaphore v4, the proof of membership that others use: both proved by the same snarkjs, in turns.

semaphore_proof_ms    milliseconds of one proof under Node, ours against Semaphore's circuit for a tree of the same depth
semaphore_zkey_bytes  what a browser has to load before it can prove, ours against theirs

A claim says more than Semaphore's proof (how long, which song, what it pays), so that to be no slower is the reach.

Source: npm @zk-kit/semaphore-artifacts 4.13.0, the ones of the public ceremony; 4.0.0 is unsound.
"""

from __future__ import annotations

import gzip
import json
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

from tools.build_circuits import DEV, install
from tools.build_web import node_folder

ROUNDS: Final = 7
_PEER: Final = Path(__file__).parent / "peers" / "semaphore"
_INPUT: Final = Path(__file__).parents[1] / "tests" / "contexts" / "listen_reward" / "claims" / "input.json"


def run() -> list[dict[str, Any]]:
    """Prove both and return the two records."""
    install(_PEER)
    with tempfile.TemporaryDirectory(prefix="vibestream-bench-") as folder:
        wasm = Path(folder) / "claim.wasm"
        wasm.write_bytes(gzip.decompress((DEV / "claim.wasm.gz").read_bytes()))
        measured = _measure(
            {"input": json.loads(_INPUT.read_text()), "wasm": str(wasm), "zkey": str(DEV / "claim.zkey")}
        )
    proofs = {side: statistics.median(taken) for side, taken in measured["taken"].items()}
    return [
        _record("semaphore_proof_ms", proofs, reach=1.1),
        _record("semaphore_zkey_bytes", measured["sizes"], reach=1),
    ]


def _measure(ours: dict[str, Any]) -> dict[str, Any]:
    ran = subprocess.run(
        [node_folder() / "bin" / "node", _PEER / "measure.mjs"],
        input=json.dumps({"rounds": ROUNDS, "ours": ours}),
        capture_output=True,
        text=True,
        check=True,
    )
    measured: dict[str, Any] = json.loads(ran.stdout)
    return measured


def _record(name: str, sides: dict[str, float], *, reach: float) -> dict[str, Any]:
    ours, theirs = sides["ours"], sides["semaphore"]
    return {
        "name": name,
        "ours": round(ours),
        "reference": round(theirs),
        "ratio": ours / theirs,
        "reach": f"<= {reach}",
    }
