"""Listening sessions: opened for one track and one player, told by heartbeats, accepted by what the server can check."""
