"""What the ledger speaks of: accounts, postings and their outcomes, holds, the books."""
