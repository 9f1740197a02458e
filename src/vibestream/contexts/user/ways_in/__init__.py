"""Rounds of an account: whoever began to show that it is theirs before everybody was put out does not get in after."""
