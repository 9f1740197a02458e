"""Asking for a copy of what is held of oneself, making the file, fetching it. The public interface of this capability."""

from vibestream.contexts.user.exports.domain.archive import Archive
from vibestream.contexts.user.exports.domain.exports import Export, KeyMissing, LinkInvalid, NoSuchExport, State
from vibestream.contexts.user.exports.domain.readme import readme
from vibestream.contexts.user.exports.domain.verifying import ExportInvalid, SignerUnknown, Verified, verify
from vibestream.contexts.user.exports.service.asking import ask, export, exports_of, progress, ready
from vibestream.contexts.user.exports.service.dropping import expire, forget, tidy
from vibestream.contexts.user.exports.service.fetching import Link, fetch, link
from vibestream.contexts.user.exports.service.keys import signing_key, trusted_keys

__all__ = [
    "Archive",
    "Export",
    "ExportInvalid",
    "KeyMissing",
    "Link",
    "LinkInvalid",
    "NoSuchExport",
    "SignerUnknown",
    "State",
    "Verified",
    "ask",
    "expire",
    "export",
    "exports_of",
    "fetch",
    "forget",
    "link",
    "progress",
    "readme",
    "ready",
    "signing_key",
    "tidy",
    "trusted_keys",
    "verify",
]
