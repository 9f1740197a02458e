"""Tips: what a fan gives an artist, from the wallet at once or by a payment, and what the platform keeps of it.

A tip lands in the artist's `royalties_pending`, from where it becomes available as royalties do. One that has to be given
back is taken from what the artist has pending, then from what is available, and is carried forward against them beyond.
"""
