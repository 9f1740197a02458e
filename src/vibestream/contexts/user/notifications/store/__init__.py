"""The tables of notifications: what was told, its deliveries, and what people chose."""
