"""Subscriptions: plans and prices as data, periods, proration, renewals and dunning, families, revenue by month.

What a subscription does next is decided by pure functions of its state and the instant; whoever carries it out holds the
row of that one subscription locked. Money is deferred by month as it arrives and never moved between months afterwards:
changing a plan asks for a difference, and only giving money back takes from what is deferred.
"""
