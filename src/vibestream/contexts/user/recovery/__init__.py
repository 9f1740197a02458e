"""Getting back into an account whose password was forgotten."""
