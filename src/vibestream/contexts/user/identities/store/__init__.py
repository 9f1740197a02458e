"""The tables of connected accounts, of browsers that are awaited, and of what waits to be connected."""
