"""Canaille, an issuer that others wrote in Python, as pytest-iam runs it; in an environment of its own, because Canaille's wheel
brings a top-level package `tests`, which would stand in front of this one.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[1] / "peers" / "canaille"
_ENVIRONMENT: Final = FOLDER / ".venv"
_INSTALL_S: Final = 180
_END_S: Final = 30


def installed() -> Path:
    """Return the Python that has the peer's locked packages; of workers that ask at once one installs and the others wait."""
    lock = FOLDER / "requirements.lock.txt"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    done = _ENVIRONMENT / ".installed"
    with lock.open("rb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (done.exists() and done.read_text() == wanted):
            uv = Path(sys.executable).with_name("uv")
            _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, _ENVIRONMENT)
            _run(uv, "pip", "sync", "--quiet", "--require-hashes", "--python", _ENVIRONMENT / "bin" / "python", lock)
            done.write_text(wanted)
    return _ENVIRONMENT / "bin" / "python"


@contextmanager
def running(*, redirect_uri: str, port: int) -> Iterator[dict[str, str]]:
    """The peer on a port, with us as its client: its `issuer`, our `client_id` and `secret` there."""
    with subprocess.Popen(
        [installed(), "peer.py", str(port), redirect_uri],
        cwd=FOLDER,
        env={**os.environ, "AUTHLIB_INSECURE_TRANSPORT": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        told = json.loads(process.stdout.readline())
        yield {**told, "issuer": told["issuer"].rstrip("/")}
        process.stdin.close()
        process.wait(_END_S)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=_INSTALL_S)
