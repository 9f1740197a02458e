"""Reading the reports that `vibestream fraud report` wrote. Imports nothing heavy.

A report is larger than a row should be and is never changed, so it stands in the object store, a folder per model and
instant: `fraud/reports/<first 16 of the model>/<instant>/report.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from vibestream.platform.storage import ObjectStore

_FOLDER: Final = "fraud/reports"
_NAMED: Final = 16


async def latest_report(objects: ObjectStore, *, model: str) -> Mapping[str, Any] | None:
    """Return the latest report on a model, as `vibestream fraud report` wrote it; None when there is none.

    Its members: `about`, `precision` and `recall` side by side, `reliability` (stated, observed, decisions), `thresholds`
    and `threshold_costs` in reference cents side by side, `ways` (cost_cents, verdicts, caught, bothered by way to decide).
    Not to be called inside a transaction: the object store is outside.
    """
    prefix = f"{_FOLDER}/{model[:_NAMED]}"
    written = [key async for key in objects.list_keys(prefix) if key.endswith("/report.json")]
    if not written:
        return None
    found: Mapping[str, Any] = json.loads(await objects.get_bytes(max(written)))
    return found
