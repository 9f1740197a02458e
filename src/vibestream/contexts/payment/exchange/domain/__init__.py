"""Rates, quotes and points: pure arithmetic on whole numbers."""
