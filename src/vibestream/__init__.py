"""VibeStream: an open music platform whose books are open."""
