"""What is signed, how it is read, and whose signature it is."""
