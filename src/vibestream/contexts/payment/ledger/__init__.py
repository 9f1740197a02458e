"""The double-entry ledger: the only place where money and points are counted.

Terms, as in the field: a *transaction* records one fact by *entries* (legs) on *accounts*; it is *posted* by a
*posting*, which asks for it under an idempotency key. Amounts are credit-normal: positive is what an account gains. A
*hold* sets money aside until it is captured, voided or expired. A *guarded* account may not fall below zero, holds
included; an *append-only* one (issuance, liquidity) may, and costs its postings no waiting.

The rules are kept by PostgreSQL (`migrations/payment_0005/`): the application can read the tables but write them only
through `payment.post` and its few companions.
"""
