"""`python -m vibestream.cli` is `vibestream`."""

from vibestream.cli.main import main

main()
