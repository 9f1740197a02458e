"""Attacks on the installation as a whole: passwords that are guessed at many accounts, a few at each, from many networks."""
