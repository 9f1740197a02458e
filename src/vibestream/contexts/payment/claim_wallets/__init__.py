"""Wallets without a name: spending what claims were paid into them, by orders that the wallet's own key signs.

Nobody is asked who they are. Whoever has the key of an address orders what it holds to an artist or into an account's wallet;
an order counts once, however often and by whomever it is sent.
"""
