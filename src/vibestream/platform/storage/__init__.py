"""Object storage: immutable and mutable objects under keys, in a local folder or in an S3-compatible service.

`ObjectStore` is what the rest of the product sees; `open_store(settings)` is called once, in a composition root. One
contract suite runs over both implementations. No store is called inside an open database transaction.
"""

from vibestream.platform.storage.objects import (
    InvalidKey,
    ObjectDiffers,
    ObjectInfo,
    ObjectMissing,
    ObjectStore,
    ObjectStoreUnavailable,
    StorageFull,
)
from vibestream.platform.storage.opening import open_store

__all__ = [
    "InvalidKey",
    "ObjectDiffers",
    "ObjectInfo",
    "ObjectMissing",
    "ObjectStore",
    "ObjectStoreUnavailable",
    "StorageFull",
    "open_store",
]
