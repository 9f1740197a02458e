"""The security log: what happened to accounts, append-only."""
