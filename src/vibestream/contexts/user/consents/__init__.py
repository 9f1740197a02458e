"""Consents: what a person lets be done with their data beyond what the service needs, by purpose.

Nothing is consented to unless the person said so. Each saying is a line that nobody changes: for which purpose, given or
withdrawn, to which version of the text, when, and by which session. Withdrawing is as easy as giving.
"""
