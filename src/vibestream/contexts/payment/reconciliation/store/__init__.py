"""Tables of reconciliation: the gateways' books, runs and findings."""
