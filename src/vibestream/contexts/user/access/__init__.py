"""Access: the roles that accounts hold."""
