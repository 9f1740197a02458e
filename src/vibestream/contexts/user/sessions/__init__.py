"""Sessions: the opaque tokens that browsers hold, and who they stand for."""
