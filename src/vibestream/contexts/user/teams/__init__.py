"""Teams: who works for an artist beside its owner, invited by a code that is typed in."""
