"""The `vibestream` command: composition root for everything an operator types."""

from vibestream.cli.main import main

__all__ = ["main"]
