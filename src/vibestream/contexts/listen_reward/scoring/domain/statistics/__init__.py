"""Features of listens and the model's probability that they are artificial. Nothing here moves an amount.

The same code serves a listen at its acceptance and a simulated world in training.
"""
