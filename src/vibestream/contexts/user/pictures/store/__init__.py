"""The tables of pictures, and of how many were sent."""
