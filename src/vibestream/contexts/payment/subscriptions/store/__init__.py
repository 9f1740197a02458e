"""The tables of plans, subscriptions, invoices, families and revenue."""
