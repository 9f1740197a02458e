"""Payment: who owns how much, and how it came to be.

Owns the schema `payment`: accounts, balanced transactions of immutable entries, holds, snapshots.

Capabilities, each using only those before it:

    ledger       accounts, posting, holds, reversals, reward pools; the books
    seal         a signed Merkle tree over all transactions, and proofs that anybody can check
    exchange     one currency for another; points redeemed for money, and what is owed for them
    wallets      what a person has, and every movement of it, in words; where captured payments went, and what went back
    fraud        whether a payment or payout goes on, and why; reviews; models
    gateways     Stripe, PayPal and Coinbase behind one port; which one a payment goes to, and how sure a failure is
    checkout     payments as streams of events, from wish to money, and what goes back; one act at a gateway per key
    top_ups      paying into a wallet, and having it back
    tips         what fans give artists
    subscriptions  plans, periods, renewals, families, and what they bring in by month
    royalties    what was heard, how a month's revenue is shared by it, and statements that prove themselves
    payouts      what a payee has earned, sent to where they want it, and what comes back
    webhooks     what gateways tell us, kept once and handed to whoever fetches it
    reconciliation  each gateway's own book against ours, every day

What always holds: every transaction sums to zero in each currency, and so do all of them together; nothing that was
posted is changed or removed; a person's wallet and a reward pool never fall below zero, holds included; one idempotency
key has one outcome. PostgreSQL holds these, not this code: the application's role cannot write the tables, only call
functions that keep them.

Announces (`events`): that a reward was paid; what became of payments; what listeners are entitled to, what failed or is
due of subscriptions; that a tip was received; that a payee's
money will go somewhere else.
"""
