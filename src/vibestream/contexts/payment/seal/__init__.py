"""The seal: every transaction of the ledger as a leaf of one Merkle tree whose signed heads cannot be taken back.

Sealing comes after posting and never holds it up. A *leaf* is the canonical bytes of one transaction, in which the
*root* of its entries stands; the *tree* is that of RFC 6962 over all leaves, and only grows. A *seal* is a signed
*head*: the size and root of the tree at one instant, the digest of the seal before it, an Ed25519 signature. Heads are
published outside the database, so that whoever can change the database cannot change what was said before.

A *proof* shows offline that one transaction, or one entry of it, stands in a sealed tree, without the rest of the tree.
"""
