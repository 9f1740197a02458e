"""What an upload is, what may be done to it when, and how the tus protocol writes it down. Pure."""
