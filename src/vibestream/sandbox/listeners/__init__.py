"""Listeners that are not there: populations of people and the adversaries who pretend to be them, each by its name.

They send heartbeats as their players would, the platform's own rules of listening decide what is proven, and its own
features are computed of it. What is measured on them says how the scoring does in *this* world, whose habits and rates are
assumptions written down here; it says nothing of how much it will catch in yours.
"""
