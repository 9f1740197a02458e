"""Values and decisions of signing in with others."""
