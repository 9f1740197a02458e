"""A mail server that delivers to nobody: it keeps what it is sent, and a page shows it.

`python -m vibestream.sandbox.mail` serves at VIBESTREAM_SMTP_HOST and VIBESTREAM_SMTP_PORT; the supervisor starts it.
"""
