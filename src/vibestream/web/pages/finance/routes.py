"""The console's pages as one router."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from vibestream.web.pages.finance import books, models, overview, payments, payouts, reconciliation, reviews, royalties

ROUTERS: Final[tuple[APIRouter, ...]] = (
    overview.router,
    payments.router,
    reviews.router,
    payouts.router,
    royalties.router,
    reconciliation.router,
    books.router,
    models.router,
)
