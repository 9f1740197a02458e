"""The ceremony: several people make the claim circuit's keys, and one of them who kept nothing is enough."""
