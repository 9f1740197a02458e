"""Warm-up: what a new account's listens earn is decided some days after its first one, if nobody found it to be a pretence by then.

Nothing is taken from whoever listens honestly: the same caps and the same pay, later. A farm that is found within its first
days has earned nothing, because what it did before it was found waits with the rest.
"""
