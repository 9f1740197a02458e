"""Measurements against the bare library, disk or protocol, in the same run. Never part of a test."""
