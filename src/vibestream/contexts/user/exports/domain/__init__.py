"""An export and its states, the file's format, its signature, and the addresses that it is fetched by."""
