"""The tables of the seal, and the ledger's as far as they are hashed."""
