"""The chart of accounts of payments, royalties and payouts, beside that of rewards."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the kinds. An account that may fall below zero is append-only; the database refuses to overdraw the others."""
    op.execute("""
        INSERT INTO payment.account_kind (kind, guarded, personal) VALUES
            ('redeemed', false, false),
            ('points_liability', false, false),
            ('gateway_clearing', false, false),
            ('gateway_fees', false, false),
            ('payment_escrow', true, false),
            ('disputes', false, false),
            ('chargeback_losses', false, false),
            ('suspense', false, false),
            ('deferred_revenue', false, false),
            ('platform_revenue', false, false),
            ('royalty_pool', true, false),
            ('unallocated_royalties', false, false),
            ('royalties_pending', true, true),
            ('royalties_available', true, true),
            ('advances', false, true),
            ('payee_debt', false, true),
            ('payout_in_transit', true, true),
            ('withholding_tax', false, false)
    """)
