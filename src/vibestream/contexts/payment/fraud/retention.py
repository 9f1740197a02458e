"""For how long it is kept from where, and with what, somebody paid.

The card networks let a cardholder dispute a payment for 120 days, which begin when what was paid for was due, and end in no
case later than 540 days after the payment. Until then a signal may be what tells a fraud, and what a model learns from; later
nothing is left that it could settle. Of a payment stays that it was screened, its amount, the verdict and what became of it.

Source: the dispute time limits of Visa and Mastercard, as merchants are told them (120 days; at most 540).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.payment.fraud.store import personal
from vibestream.platform.retention import Does, Rule

SIGNALS_KEPT: Final = timedelta(days=540)

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="payment.risk_signals",
        what="Network, device, card, country and mail domain of payments that were screened, and what a model saw of them",
        since="they were made",
        kept=SIGNALS_KEPT,
        does=Does.EMPTIES,
        drop=personal.forget_signals,
    ),
)
