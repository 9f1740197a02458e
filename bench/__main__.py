"""Run every measurement, or those named, and write them with the commit to bench/results.json.

    python -m bench [name ...]

A figure is a ratio to its reference, taken in the same run; absolute numbers belong to the machine that they were taken
on. Names are modules of this package; each has a `run()` that returns records of name, ours, reference, ratio, reach.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bench

_RESULTS = Path(__file__).parent / "results.json"
_NOT_MEASUREMENTS = {"__main__", "load", "locustfile"}
_LARGE = 1000


def main(names: list[str]) -> int:
    """Measure, print a table, and keep the records of what was not measured now."""
    modules = names or sorted(one.name for one in pkgutil.iter_modules(bench.__path__) if _is_measurement(one.name))
    kept = {one["name"]: one for one in _load()["figures"]}
    for name in modules:
        began = time.monotonic()
        print(f"{name} ...", flush=True)
        for record in importlib.import_module(f"bench.{name}").run():
            kept[record["name"]] = {
                **record,
                "commit": _commit(),
                "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
            print(f"  {_line(record)}", flush=True)
        print(f"  took {time.monotonic() - began:.0f} s", flush=True)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
    document = {"machine": machine, "figures": [kept[name] for name in sorted(kept)]}
    _RESULTS.write_text(json.dumps(document, indent=2) + "\n")
    return 0


def _is_measurement(name: str) -> bool:
    return name not in _NOT_MEASUREMENTS and not name.startswith("_")


def _load() -> dict[str, Any]:
    if not _RESULTS.exists():
        return {"figures": []}
    loaded: dict[str, Any] = json.loads(_RESULTS.read_text())
    return loaded


def _line(record: dict[str, Any]) -> str:
    shown = "  ".join(
        f"{key} {_number(record[key])}" for key in ("ours", "reference", "ratio") if record.get(key) is not None
    )
    return f"{record['name']:28} {shown}  (reach {record.get('reach', '-')})"


def _number(value: object) -> str:
    return f"{value:,.3g}" if isinstance(value, float) and value < _LARGE else f"{value:,.0f}" if isinstance(value, int | float) else str(value)  # fmt: skip


def _commit() -> str:
    shown = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return shown.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
