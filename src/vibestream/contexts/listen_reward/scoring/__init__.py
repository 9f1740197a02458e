"""Scoring: whether a listen that was proven to be heard should count, and how good it is; with reasons, decided once.

The circuits prove that somebody holds a receipt; nothing proves that a human listened. This is the part that makes it
costly to pretend. A decision keeps the features that it was made from, and a hold ends by a person's word.
"""
