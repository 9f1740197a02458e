"""A push service, as browsers' vendors run them, that reads what it is sent: it holds the browsers' keys as well.

`python -m vibestream.sandbox.push PORT` serves on loopback; tests start it in themselves. It does not load in production.
"""
