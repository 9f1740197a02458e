"""Top-ups: money that people put into their wallets, and have back as long as it is there.

Beside `wallets` and not in it, because a top-up is a payment, and checkout itself rests on wallets.
"""
