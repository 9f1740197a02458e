"""The tables of scoring: scores, and cases of held listens."""
