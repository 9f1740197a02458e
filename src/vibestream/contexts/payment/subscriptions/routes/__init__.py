"""HTTP for subscribers, for those who share, and for finance."""

from __future__ import annotations

from vibestream.contexts.payment.subscriptions.routes import finance, managing, selling, sharing
from vibestream.platform.http.routing import Router

router = Router()
router.include_router(selling.router)
router.include_router(managing.router)
router.include_router(sharing.router)
router.include_router(finance.router)
