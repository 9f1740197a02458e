"""Receipts: what an accepted listen leaves behind, and the tree that an epoch's receipts stand in."""
