"""Where uploads are kept: their rows in the database, their bytes, while they arrive, in part files."""
