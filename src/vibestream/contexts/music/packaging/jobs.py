"""Packaging's jobs, for the worker to find; the queue has workers of its own, because one run takes minutes."""

from vibestream.contexts.music.packaging.service.work import QUEUE, package_asset

__all__ = ["QUEUE", "package_asset"]
