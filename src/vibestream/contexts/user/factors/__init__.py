"""Second factors: an authenticator app's codes, and the recovery codes for when the app is lost."""
