"""Releases and their tracks: drafted by an artist, published to everybody, taken down again.

A release is changed as a whole, under its version: whoever edits says which version they saw, and is refused when it is
not the newest. A track is public while its release is published and the track itself is not withdrawn; there is no
second state to keep in step.
"""
