"""Features, models and measures: probabilities and counts, never money that moves. The only part of fraud with floats.

Nothing here is imported at start: numpy and LightGBM wait until a model is trained or the first decision is made.
"""
