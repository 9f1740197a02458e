"""What a ceremony is, without files or programs."""
