"""Wallets of a chain that people have shown to be theirs, by a signature. A wallet here signs nobody in and moves no money."""
