"""A person's wallet: what they have in each currency, and every movement of it, in words.

A wallet has no rows of its own: it is the person's accounts in the ledger, opened when something first moves on them.
"""
