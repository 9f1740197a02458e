"""Every process that crosses contexts, one file each, named as the business calls it. No business rule lives here."""
