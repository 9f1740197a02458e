"""The wallet's public interface: what a person has, spending it, what came of captured payments, and giving back.

**Spending order.** Points (VIBE) and money never pay for the same thing: a price in money is paid by the wallet of the
same currency first, and by a gateway for the rest only when the payer asked for that. Nothing is converted on the way.
What the wallet contributes to a payment under way is held until the payment's end is known.

**Settling.** A captured payment's escrow goes where it was meant for once: `settle` writes the posting and the row that
says so in one transaction. When some of it has to be given back later, `begin_return` says how much of it still counts,
`draw` takes what is there, and `finish_return` writes down who bore what.
"""

from vibestream.contexts.payment.wallets.domain import (
    NotMoney,
    SpendingPlan,
    WalletBalance,
    WalletTooLow,
    chargeable,
    label_of,
    plan_spending,
    title_of,
)
from vibestream.contexts.payment.wallets.service.drawing import Drawn, draw
from vibestream.contexts.payment.wallets.service.reading import (
    holds_of,
    open_wallet,
    transaction,
    transactions,
    wallet,
)
from vibestream.contexts.payment.wallets.service.returning import (
    Return,
    begin_return,
    finish_return,
    note_refund,
    restore,
    restore_to_payer,
    take_back,
    watch_dispute,
)
from vibestream.contexts.payment.wallets.service.settling import (
    Captured,
    settle,
    settle_into_wallet,
    settlement,
    settlements,
)
from vibestream.contexts.payment.wallets.service.spending import give, release, reserve, spend
from vibestream.contexts.payment.wallets.store import Destination, GiveBackReason, Settlement

__all__ = [
    "Captured",
    "Destination",
    "Drawn",
    "GiveBackReason",
    "NotMoney",
    "Return",
    "Settlement",
    "SpendingPlan",
    "WalletBalance",
    "WalletTooLow",
    "begin_return",
    "chargeable",
    "draw",
    "finish_return",
    "give",
    "holds_of",
    "label_of",
    "note_refund",
    "open_wallet",
    "plan_spending",
    "release",
    "reserve",
    "restore",
    "restore_to_payer",
    "settle",
    "settle_into_wallet",
    "settlement",
    "settlements",
    "spend",
    "take_back",
    "title_of",
    "transaction",
    "transactions",
    "wallet",
    "watch_dispute",
]
