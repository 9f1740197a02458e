"""The table of Stripe's methods that the stand-in has."""

from __future__ import annotations

from typing import Final

from vibestream.sandbox.gateways.stripe import (
    aftermath,
    balance,
    charges,
    checkout,
    connect,
    customers,
    events,
    payments,
    refunds,
)
from vibestream.sandbox.gateways.stripe.call import Route

_SESSIONS: Final = "/v1/checkout/sessions"
_INTENTS: Final = "/v1/payment_intents"
_METHODS: Final = "/v1/payment_methods"
_TRANSFERS: Final = "/v1/transfers"
_WARNINGS: Final = "/v1/radar/early_fraud_warnings"

TABLE: Final = (
    Route("POST", _SESSIONS, "checkout._session_create_params:SessionCreateParams", checkout.create, "create"),
    Route("GET", _SESSIONS, "checkout._session_list_params:SessionListParams", checkout.list_sessions),
    Route("GET", _SESSIONS + "/{id}", "checkout._session_retrieve_params:SessionRetrieveParams", checkout.retrieve),
    Route(
        "POST",
        _SESSIONS + "/{id}/expire",
        "checkout._session_expire_params:SessionExpireParams",
        checkout.expire,
        "cancel",
    ),
    Route(
        "GET",
        _SESSIONS + "/{id}/line_items",
        "checkout._session_line_item_list_params:SessionLineItemListParams",
        checkout.list_items,
    ),
    Route("POST", _INTENTS, "_payment_intent_create_params:PaymentIntentCreateParams", payments.create, "create"),
    Route("GET", _INTENTS, "_payment_intent_list_params:PaymentIntentListParams", payments.list_intents),
    Route("GET", _INTENTS + "/{id}", "_payment_intent_retrieve_params:PaymentIntentRetrieveParams", payments.retrieve),
    Route("POST", _INTENTS + "/{id}", "_payment_intent_update_params:PaymentIntentUpdateParams", payments.update),
    Route(
        "POST",
        _INTENTS + "/{id}/confirm",
        "_payment_intent_confirm_params:PaymentIntentConfirmParams",
        payments.confirm,
        "create",
    ),
    Route(
        "POST",
        _INTENTS + "/{id}/capture",
        "_payment_intent_capture_params:PaymentIntentCaptureParams",
        payments.capture,
        "capture",
    ),
    Route(
        "POST",
        _INTENTS + "/{id}/cancel",
        "_payment_intent_cancel_params:PaymentIntentCancelParams",
        payments.cancel,
        "cancel",
    ),
    Route("POST", _METHODS, "_payment_method_create_params:PaymentMethodCreateParams", customers.create_method),
    Route("GET", _METHODS, "_payment_method_list_params:PaymentMethodListParams", customers.list_methods),
    Route(
        "GET",
        _METHODS + "/{id}",
        "_payment_method_retrieve_params:PaymentMethodRetrieveParams",
        customers.retrieve_method,
    ),
    Route(
        "POST",
        _METHODS + "/{id}/attach",
        "_payment_method_attach_params:PaymentMethodAttachParams",
        customers.attach_method,
    ),
    Route(
        "POST",
        _METHODS + "/{id}/detach",
        "_payment_method_detach_params:PaymentMethodDetachParams",
        customers.detach_method,
    ),
    Route("POST", "/v1/customers", "_customer_create_params:CustomerCreateParams", customers.create_customer),
    Route("GET", "/v1/customers", "_customer_list_params:CustomerListParams", customers.list_customers),
    Route("GET", "/v1/customers/{id}", "_customer_retrieve_params:CustomerRetrieveParams", customers.retrieve_customer),
    Route("POST", "/v1/customers/{id}", "_customer_update_params:CustomerUpdateParams", customers.update_customer),
    Route("GET", "/v1/charges", "_charge_list_params:ChargeListParams", charges.list_charges),
    Route("GET", "/v1/charges/{id}", "_charge_retrieve_params:ChargeRetrieveParams", charges.retrieve),
    Route("POST", "/v1/refunds", "_refund_create_params:RefundCreateParams", refunds.create, "refund"),
    Route("GET", "/v1/refunds", "_refund_list_params:RefundListParams", refunds.list_refunds),
    Route("GET", "/v1/refunds/{id}", "_refund_retrieve_params:RefundRetrieveParams", refunds.retrieve),
    Route("GET", "/v1/disputes", "_dispute_list_params:DisputeListParams", aftermath.list_disputes),
    Route("GET", "/v1/disputes/{id}", "_dispute_retrieve_params:DisputeRetrieveParams", aftermath.retrieve),
    Route("POST", "/v1/disputes/{id}", "_dispute_update_params:DisputeUpdateParams", aftermath.update),
    Route("POST", "/v1/disputes/{id}/close", "_dispute_close_params:DisputeCloseParams", aftermath.close),
    Route(
        "GET", _WARNINGS, "radar._early_fraud_warning_list_params:EarlyFraudWarningListParams", aftermath.list_warnings
    ),
    Route(
        "GET",
        _WARNINGS + "/{id}",
        "radar._early_fraud_warning_retrieve_params:EarlyFraudWarningRetrieveParams",
        aftermath.retrieve_warning,
    ),
    Route("GET", "/v1/balance", "_balance_retrieve_params:BalanceRetrieveParams", balance.balance),
    Route(
        "GET",
        "/v1/balance_transactions",
        "_balance_transaction_list_params:BalanceTransactionListParams",
        balance.list_lines,
    ),
    Route(
        "GET",
        "/v1/balance_transactions/{id}",
        "_balance_transaction_retrieve_params:BalanceTransactionRetrieveParams",
        balance.retrieve,
    ),
    Route("GET", "/v1/events", "_event_list_params:EventListParams", events.list_events),
    Route("GET", "/v1/events/{id}", "_event_retrieve_params:EventRetrieveParams", events.retrieve),
    Route("POST", _TRANSFERS, "_transfer_create_params:TransferCreateParams", connect.create_transfer, "payout"),
    Route("GET", _TRANSFERS, "_transfer_list_params:TransferListParams", connect.list_transfers),
    Route("GET", _TRANSFERS + "/{id}", "_transfer_retrieve_params:TransferRetrieveParams", connect.retrieve_transfer),
    Route(
        "POST",
        _TRANSFERS + "/{id}/reversals",
        "_transfer_reversal_create_params:TransferReversalCreateParams",
        connect.create_reversal,
        "reversal",
    ),
    Route(
        "GET",
        _TRANSFERS + "/{id}/reversals",
        "_transfer_reversal_list_params:TransferReversalListParams",
        connect.list_reversals,
    ),
    Route(
        "GET",
        _TRANSFERS + "/{id}/reversals/{reversal}",
        "_transfer_reversal_retrieve_params:TransferReversalRetrieveParams",
        connect.retrieve_reversal,
    ),
    Route("POST", "/v2/core/accounts", "v2.core._account_create_params:AccountCreateParams", connect.create_account),
    Route(
        "GET",
        "/v2/core/accounts/{id}",
        "v2.core._account_retrieve_params:AccountRetrieveParams",
        connect.retrieve_account,
    ),
    Route(
        "POST", "/v2/core/accounts/{id}", "v2.core._account_update_params:AccountUpdateParams", connect.update_account
    ),
    Route(
        "POST",
        "/v2/core/account_links",
        "v2.core._account_link_create_params:AccountLinkCreateParams",
        connect.create_link,
    ),
)
