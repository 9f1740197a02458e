"""The tree, the bytes of its leaves, signed heads and proofs: pure, and all that an outsider needs to verify."""
