"""Royalties: months and what they brought in, both engines side by side before and after a run, and reversals by two."""

from __future__ import annotations

from vibestream.platform.http.routing import Router
from vibestream.web.pages.finance.royalties import months, runs

router = Router(include_in_schema=False)
router.include_router(runs.router)  # first: `runs` is no month
router.include_router(months.router)
