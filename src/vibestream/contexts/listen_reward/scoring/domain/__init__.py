"""What is decided about a proven listen: pure values and decisions."""
