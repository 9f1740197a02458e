"""The stand-in of Coinbase Business: single-use checkouts in USDC on Base, refunds, webhooks.

Source: docs.cdp.coinbase.com/coinbase-business/checkout-apis and checkouts-spec.yaml.
"""
