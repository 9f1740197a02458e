"""Royalties: what subscribers paid for a month becomes a pool, and the pool is shared among those who were heard in it.

Owns usage (listens by month, listener and track), policies, splits, pools, runs and statements. A closed month's usage,
revenue, splits and policies never change, so every run can be reckoned again; what was paid wrongly is reversed and
run anew.
"""
