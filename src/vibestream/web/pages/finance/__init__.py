"""The finance console: every cent on a screen, for whoever holds the role `finance`. No page here decides about money."""
