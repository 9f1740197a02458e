"""Listening, and what it earns.

Owns: listening sessions and their heartbeats, the decision that a listen counts, the daily epoch with its budget, and
the rewards granted from it. It does not move points: payment does, when a reward has been granted.

Invariants:
- An account has at most one live listen; a listen is accepted at most once, and an accepted one never becomes anything else.
- A listen is accepted only for audio that its heartbeats place within the time that really passed and that the server
  served to it, wherever the server can know what it served.
- Scoring decides once about each proven listen; one that it holds counts for nothing until a person releases it.
- A listen earns at most one reward; an epoch's rewards never exceed its budget.
- Nobody earns by hearing an artist that is theirs, or that they worked for while they heard it.

Announces: ListenAccepted, RewardGranted. Between the two lies the seam where a proof of the listen belongs.
"""
