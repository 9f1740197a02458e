"""Erasure: who asked to be forgotten, until when they can come back, and how far it is.

    waiting -> closing -> erasing -> done        waiting -> cancelled: they signed in
                  `-> refused: money was on its way

Nobody enters an account that is closing or later. The row of one that is done is the tombstone: of the account nothing is
left but an id, when it was made, and that it was erased.
"""
