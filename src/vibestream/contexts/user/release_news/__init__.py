"""News of releases: which of them an artist's followers are told of, and how far that is."""
