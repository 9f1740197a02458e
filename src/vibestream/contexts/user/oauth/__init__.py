"""Apps that other people write: who they are, what their users let them do, and the tokens that say so."""
