"""Stand-ins for issuers that people sign in with: one of OpenID Connect (as Google and Apple speak it), GitHub, Discord."""
