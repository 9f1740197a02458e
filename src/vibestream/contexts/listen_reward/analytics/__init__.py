"""What artists are told of their audience: a week at a time, once, in parts of ten listeners or more."""
