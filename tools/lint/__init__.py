"""Rules that ruff and import-linter cannot see, each with a test that plants a violation."""
