"""The world outside Python's own arithmetic: the keys on disk, and the compiled library that proves and verifies."""
