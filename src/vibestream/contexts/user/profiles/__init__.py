"""Profiles: the fan that everybody is, and the artists that an account may speak for."""
