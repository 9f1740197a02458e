"""Reports: what people say of pages and releases that should not be there, and what moderators decide."""
