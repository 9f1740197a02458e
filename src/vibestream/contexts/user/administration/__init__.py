"""What admins do with accounts: find one, look at it, give and take roles, lock and unlock. Each leaves a line."""
