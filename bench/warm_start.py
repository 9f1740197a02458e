"""How long `vibestream up` takes on data that is there, until the web server says that it is ready."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from tests.journeys.product import Product

ROUNDS = 5


def run() -> list[dict[str, Any]]:
    """Start and stop an installation again and again; the first start, which makes the database, does not count."""
    with tempfile.TemporaryDirectory(prefix="vibestream-bench-") as folder:
        Path(folder).chmod(0o755)
        product = Product(Path(folder) / "data")
        cold = product.start()
        product.stop()
        warm = []
        for _ in range(ROUNDS):
            warm.append(product.start())
            product.stop()
    median = statistics.median(warm)
    return [
        {
            "name": "warm_start_s",
            "ours": round(median, 3),
            "reference": 3.0,
            "ratio": round(median / 3.0, 3),
            "reach": "< 3 s",
            "detail": {"cold_s": round(cold, 3), "warm_s": [round(one, 3) for one in warm]},
        }
    ]
