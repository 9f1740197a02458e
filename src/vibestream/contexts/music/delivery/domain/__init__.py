"""The decisions of delivery: addresses, what may be fetched, which part of it, and what that proves."""
