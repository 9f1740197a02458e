"""Tables of fraud: events, decisions, reviews, policies, lists, models, drift."""
