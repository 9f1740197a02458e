"""The public interface of uploads.

What changes an upload's bytes takes the runtime and opens its own short transactions: a master arrives over minutes, and
no transaction may wait for a sender. What only reads takes its caller's transaction.
"""

from vibestream.contexts.music.uploads.service.beginning import begin_upload, receive_first_bytes
from vibestream.contexts.music.uploads.service.ending import drop_expired, sweep_parts, terminate_upload
from vibestream.contexts.music.uploads.service.places import parts_of
from vibestream.contexts.music.uploads.service.reading import (
    NoSuchUpload,
    Stage,
    UploadView,
    get_upload,
    list_uploads,
    settled_upload,
)
from vibestream.contexts.music.uploads.service.receiving import (
    ChecksumMismatch,
    SenderSilent,
    UploadLocked,
    receive_bytes,
)

__all__ = [
    "ChecksumMismatch",
    "NoSuchUpload",
    "SenderSilent",
    "Stage",
    "UploadLocked",
    "UploadView",
    "begin_upload",
    "drop_expired",
    "get_upload",
    "list_uploads",
    "parts_of",
    "receive_bytes",
    "receive_first_bytes",
    "settled_upload",
    "sweep_parts",
    "terminate_upload",
]
