"""Changes of an account's e-mail address, and undoing them from the address before."""
