"""Checkout: a payment from its beginning to whatever became of it, as a stream of events.

What happened to a payment is never changed, only added to: `payment.payment_event` is the record, one row an event, and
every posting in the ledger is made in the transaction of the event that it records. What people list and filter is
`payment.payment_view`, which says nothing that the streams do not say and can be built from them anew.

No gateway is asked inside a transaction. An act at a gateway is three steps: the intent with its idempotency key is
stored, the gateway is asked, what it said is recorded. A process may die between any two; the next one finds the intent
and asks again with the same key. What nobody knows is called unknown, and found out by asking.
"""
