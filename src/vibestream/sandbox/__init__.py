"""Runnable stand-ins of outside parties: mail, card networks, a bank, a chain. Real protocols over real sockets.

They exist so that the whole product can be tried and tested on one machine. Each says what it is wherever it shows
itself, and refuses to load in production.
"""
