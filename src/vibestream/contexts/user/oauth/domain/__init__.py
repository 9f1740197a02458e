"""The rules of OAuth: scopes, redirect URIs, PKCE, errors, and when keys take turns."""
