"""Fandom: what artists give to whoever proves to have heard them, and the proofs that opened it.

A proof says that somebody holds a receipt of so many seconds of this artist in a closed day, and not who. It is the claim's own
circuit: the artist stands where a claim has the summary's reserved song. It does not say that a person listened.
"""
