"""Verification: an artist shows that they are who they say, and a moderator believes it or does not."""
