"""HTTP for payers and for finance."""

from __future__ import annotations

from vibestream.contexts.payment.checkout.routes import finance, payer
from vibestream.platform.http.routing import Router

router = Router()
router.include_router(payer.router)
router.include_router(finance.router)
