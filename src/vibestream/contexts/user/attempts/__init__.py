"""Attempts to sign in by password: how many are let through, and which browsers an account has let in before."""
