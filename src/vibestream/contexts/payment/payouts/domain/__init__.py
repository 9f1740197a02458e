"""Pure decisions about destinations, terms and payouts."""
