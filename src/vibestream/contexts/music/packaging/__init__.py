"""Packaging: from one original to an *asset*, the immutable renditions that players load.

An asset belongs to a master's content, not to who uploaded it: the same bytes, packaged by the same ladder, are one
asset, whichever uploads brought them. It is playable as soon as the first segment of its first rung is listed, ready
when every rung is complete. A master that cannot be packaged is refused with a reason that its artist can act on; a
fault of the machine is not the master's, and is tried again.

What always holds: an asset that is refused or failed has no rendition that `renditions` names; a ready one has every
rung that its source's quality allows and none above it; a rung's playlist only ever grows; an object under a key never
changes its content, playlists excepted.
"""
