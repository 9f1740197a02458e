"""What is asked of a gateway and what it answers; choosing one; encoding amounts; when to stop asking."""
