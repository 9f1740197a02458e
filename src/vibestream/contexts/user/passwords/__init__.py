"""Passwords: the rules for new ones, and their argon2id hashes."""
