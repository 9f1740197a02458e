"""The tables of fans' pages, follows and blocks."""
