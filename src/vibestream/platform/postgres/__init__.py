"""PostgreSQL as part of the product: finding its binaries, running it as our own child, migrating it."""
