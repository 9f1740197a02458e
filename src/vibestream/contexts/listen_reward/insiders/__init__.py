"""Insiders: who works for an artist, from when until when. What they hear of it is their own work, and earns them nothing."""
