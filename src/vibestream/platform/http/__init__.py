"""The HTTP edge: routing, policies, transactions, problems, limits, cookies, headers, health and the event stream.

A request passes, outermost first: trusted proxies, request id and log line, security headers, the answer to the
unforeseen, refusal of cross-site writes, then its route, where it is authenticated, its policy is checked, its
transaction is opened, and everything is run again when the database says that it lost a race.
"""
