"""Signing in with an account at another issuer: what is asked, what is believed of the answer, whose it becomes."""
