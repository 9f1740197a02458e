"""The tables of rates, quotes and exchanges, and where points are."""
