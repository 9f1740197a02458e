"""Reconciliation: each gateway's own book against ours, every day.

What always holds: nothing is posted from a gateway's book; every difference between it and ours is a finding until the books
agree or a person has explained it; one that explains a finding whose figures then change is asked again.
"""
