"""Claims: proofs in zero knowledge that somebody holds an unspent receipt, made and verified.

A verified claim says that its maker holds a receipt under a root, of an epoch, for at least so many seconds, and gives the
number by which that receipt is spent. It says neither whose receipt nor which. It does not say that anybody listened: that
is the word of whoever wrote the receipt. And a claim that verifies is not yet one that is paid: see `PublicSignals`.
"""
