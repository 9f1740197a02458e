"""What a payment can be, what may be asked of it, and what each answer of a gateway makes of it. Nothing here waits."""
