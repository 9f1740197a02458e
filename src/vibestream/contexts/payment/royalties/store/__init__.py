"""Tables of royalties."""
