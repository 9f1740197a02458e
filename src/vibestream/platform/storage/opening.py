"""Choosing the object store that the settings ask for."""

from __future__ import annotations

from vibestream.platform.config import Settings
from vibestream.platform.storage.local import LocalObjectStore
from vibestream.platform.storage.objects import ObjectStore


def open_store(settings: Settings) -> ObjectStore:
    """Return the object store of the settings: `objects` in the data folder, or the S3 bucket. It needs no closing."""
    if settings.object_store == "local":
        return LocalObjectStore(settings.data_dir / "objects")
    from vibestream.platform.storage.s3 import S3ObjectStore  # a library of 15 MB, wanted only here

    secret = settings.s3_secret_access_key
    return S3ObjectStore(
        bucket=settings.s3_bucket or "",
        region=settings.s3_region,
        endpoint=settings.s3_endpoint,
        access_key_id=settings.s3_access_key_id,
        secret_access_key=None if secret is None else secret.get_secret_value(),
    )
