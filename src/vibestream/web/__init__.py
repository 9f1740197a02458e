"""Pages: templates, islands, styles. They read several contexts' services and write through one at a time."""
