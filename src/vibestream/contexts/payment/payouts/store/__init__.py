"""Tables of payouts: terms, destinations, payouts with their events and votes."""
