"""The arithmetic of receipts: field, hash, identity, leaf, tree. Pure, and the same numbers as in `circuits/src`."""
