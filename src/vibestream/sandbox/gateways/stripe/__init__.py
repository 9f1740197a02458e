"""The stand-in of Stripe: API v1 in its form encoding, accounts and account links of v2, hosted Checkout, webhooks.

Source: docs.stripe.com/api of version 2026-10-28.endive; the parameters of each request are read from the official library.
"""
