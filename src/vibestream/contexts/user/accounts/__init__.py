"""Accounts: signing up, proving the address, signing in."""
