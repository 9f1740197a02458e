"""What a claim says, how a proof of it is written, and what a holder must know to make one. Pure."""
