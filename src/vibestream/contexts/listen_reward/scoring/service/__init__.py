"""Scoring: the public interface of this capability."""
