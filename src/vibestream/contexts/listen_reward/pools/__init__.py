"""Reward pools: one epoch a day, each with a budget; what a listen earns from it."""
