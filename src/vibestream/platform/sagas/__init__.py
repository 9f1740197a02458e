"""Sagas: processes of several steps, some of them outside the database, that end either done or undone."""
