"""Uploads: a master comes in, over any connection, and is kept for ever as it came.

Owns the table `music.upload` and the folder of unfinished uploads. A master is sent by the tus 1.0 protocol, in as many
requests as it takes; once its last byte is on disk it is moved into the object store as `originals/{sha256}`, announced
(`UploadCompleted`) and handed to packaging, all in one transaction.

What always holds: the offset that a client is told is on disk, so that it survives `kill -9` and power cuts; an upload
is told complete only when its original is in the object store; an original is never changed and never stored twice.
See `docs/decisions/0007-resumable-uploads.md`.
"""
