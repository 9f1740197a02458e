"""HTTP of royalties: for payees and for finance. Amounts are exact decimals as text, in the currency beside them."""

from vibestream.contexts.payment.royalties.routes import finance, governing, payees, splits
from vibestream.platform.http.routing import Router

router = Router()
for part in (payees.router, splits.router, finance.router, governing.router):
    router.include_router(part)
