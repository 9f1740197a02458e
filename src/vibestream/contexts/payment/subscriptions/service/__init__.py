"""The public interface of subscriptions.

plans, prices                           what is sold, as data
subscribe, start_trial, pay             ordering; the first period begins when its payment is captured
quote_change, change_plan               what a change costs, and changing
cancel, undo_cancel, refund_unused      ending with the period, not ending after all, ending now for the unused rest
end_for_good                            ending now, because somebody leaves
family, invite, join, leave, ...        sharing
entitlements, standing, invoices_of     queries
settle, abandon, take_back              what becomes of it when a payment is captured, fails, or leaves again
list_due, do_next                       what time asks for
revenue_of_month, close_revenue_month   what each listener's subscription brought in
"""

from vibestream.contexts.payment.subscriptions.domain.invoices import (
    Attempt,
    AttemptState,
    Invoice,
    InvoiceId,
    InvoiceKind,
    InvoiceState,
)
from vibestream.contexts.payment.subscriptions.domain.plans import (
    FREE,
    Cycle,
    Entitlements,
    NotSold,
    Plan,
    Price,
    Terms,
    UnknownPlan,
)
from vibestream.contexts.payment.subscriptions.domain.proration import Quote
from vibestream.contexts.payment.subscriptions.domain.subscription import EndReason, State, Subscription, WrongState
from vibestream.contexts.payment.subscriptions.domain.timing import Step
from vibestream.contexts.payment.subscriptions.service.announcing import entitlements
from vibestream.contexts.payment.subscriptions.service.attempts import Payer
from vibestream.contexts.payment.subscriptions.service.changing import (
    Changed,
    NothingChanges,
    change_plan,
    quote_change,
)
from vibestream.contexts.payment.subscriptions.service.ending import (
    SubscriptionMissing,
    cancel,
    end_for_good,
    refund_unused,
    undo_cancel,
)
from vibestream.contexts.payment.subscriptions.service.ordering import (
    AlreadySubscribed,
    NothingDue,
    Ordered,
    TrialUsed,
    pay,
    start_trial,
    subscribe,
)
from vibestream.contexts.payment.subscriptions.service.reading import (
    InvoiceLine,
    Standing,
    invoices_of,
    standing,
    subscription,
)
from vibestream.contexts.payment.subscriptions.service.renewing import do_next, list_due
from vibestream.contexts.payment.subscriptions.service.revenue import (
    NotAMonth,
    SubscriberRevenue,
    close_revenue_month,
    deferred_account,
    revenue_of_month,
)
from vibestream.contexts.payment.subscriptions.service.selling import plans, prices
from vibestream.contexts.payment.subscriptions.service.settling import abandon, settle, take_back
from vibestream.contexts.payment.subscriptions.service.sharing import (
    AlreadyInFamily,
    Family,
    FamilyFull,
    InvitationMissing,
    Invited,
    MemberMissing,
    NotShared,
    family,
    invite,
    join,
    leave,
    remove_member,
    withdraw_invitation,
)

__all__ = [
    "FREE",
    "AlreadyInFamily",
    "AlreadySubscribed",
    "Attempt",
    "AttemptState",
    "Changed",
    "Cycle",
    "EndReason",
    "Entitlements",
    "Family",
    "FamilyFull",
    "InvitationMissing",
    "Invited",
    "Invoice",
    "InvoiceId",
    "InvoiceKind",
    "InvoiceLine",
    "InvoiceState",
    "MemberMissing",
    "NotAMonth",
    "NotShared",
    "NotSold",
    "NothingChanges",
    "NothingDue",
    "Ordered",
    "Payer",
    "Plan",
    "Price",
    "Quote",
    "Standing",
    "State",
    "Step",
    "SubscriberRevenue",
    "Subscription",
    "SubscriptionMissing",
    "Terms",
    "TrialUsed",
    "UnknownPlan",
    "WrongState",
    "abandon",
    "cancel",
    "change_plan",
    "close_revenue_month",
    "deferred_account",
    "do_next",
    "end_for_good",
    "entitlements",
    "family",
    "invite",
    "invoices_of",
    "join",
    "leave",
    "list_due",
    "pay",
    "plans",
    "prices",
    "quote_change",
    "refund_unused",
    "remove_member",
    "revenue_of_month",
    "settle",
    "standing",
    "start_trial",
    "subscribe",
    "subscription",
    "take_back",
    "undo_cancel",
    "withdraw_invitation",
]
