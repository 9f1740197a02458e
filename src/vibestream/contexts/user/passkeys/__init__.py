"""Passkeys: keys that live in people's phones, computers and security keys, and sign in without anything to be typed."""
