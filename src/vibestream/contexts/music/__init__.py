"""Music: from an artist's master to the sound in a listener's ear.

Owns the schema `music`: uploads and their originals, packaged assets and their renditions, releases and tracks, and
what was served to whom-ever listened.

Capabilities, each using only those before it:

    uploads      resumable uploads of masters (tus)
    packaging    probe, loudness, waveform, tags, the ladder of renditions: an *asset*
    catalogue    releases and tracks: draft, published, taken down
    delivery     signed addresses, segments, covers, and the record of what was served

What always holds: an original is kept with the checksum it arrived with; a published track points to an asset that
plays; a draft is seen by its artist alone; what was taken down stops being served within seconds.

Announces (`events`): that a release and its tracks were published or taken down, and which parts of a track were served
to a listen.
"""
