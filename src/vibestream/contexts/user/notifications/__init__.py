"""What people are told: in the list of their account, on their open pages at once, and by mail."""
