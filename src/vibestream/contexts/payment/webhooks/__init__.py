"""Webhooks: what gateways tell us, believed only as far as it is proven, kept before it is acknowledged.

What always holds: a delivery is answered with 2xx once it, and the work that it asks for, are in the database; one event
has one row, however often it is sent; an amount is never read from it, only which object to fetch.
"""
