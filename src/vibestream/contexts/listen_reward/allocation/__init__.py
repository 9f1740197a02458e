"""Allocation: how an epoch's budget would be spread by a policy over the listens that counted. It pays nothing."""
