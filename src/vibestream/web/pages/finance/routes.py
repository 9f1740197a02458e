"""The console's pages as one router."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from vibestream.web.pages.finance import (
    advances,
    books,
    denied,
    models,
    overview,
    payments,
    payouts,
    rates,
    reconciliation,
    reviews,
    risk_policy,
    royalties,
    royalty_policies,
    sources,
    webhooks,
)

ROUTERS: Final[tuple[APIRouter, ...]] = (
    overview.router,
    payments.router,
    reviews.router,
    payouts.router,
    royalties.router,
    royalty_policies.router,
    advances.router,
    webhooks.router,  # before reconciliation, which takes whatever follows its own address for a finding
    reconciliation.router,
    books.router,
    rates.router,
    sources.router,
    models.router,
    risk_policy.router,
    denied.router,
)
