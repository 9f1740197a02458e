"""Allocation: how an epoch's budget is spread by a policy over the listens that counted, and which policy that is."""
