"""The tables of receipts: identities, epochs and leaves; the nodes of closed epochs' trees."""
