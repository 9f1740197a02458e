"""Fraud: whether a payment or a payout goes on, and why.

Knows nothing of checkout or payouts: what there is to know about one is handed to it as `Facts`, what became of it is told
to it as an `Outcome`. What it remembers of both are its own rows, and every feature is computed from those as of the
decision.

Rules (data of a versioned policy, and lists of what is denied) decide with or without a model. A model (gradient-boosted
trees, calibrated) gives a probability; the policy's costs turn it into the cheapest of allow, step-up, review, block. A
rule can make a verdict stricter, never milder. Every decision keeps the vector that it was made from, the model's hash and
the policy's version; those that are not *allow* keep their reasons. A reviewer's verdict, like a dispute, is a label that
the next model learns from.
"""
