"""Packaging as others use it.

requests     have a master packaged
queries      how far it is, what plays, where its objects lie
work         the job
publishing   segments and playlists
reporting    what a run tells
"""

from vibestream.contexts.music.packaging.domain.asset import Asset, Cover, Rendition, State, UploadedAsset
from vibestream.contexts.music.packaging.domain.ladder import Family
from vibestream.contexts.music.packaging.domain.layout import (
    initialisation_key,
    master_key,
    original_key,
    playlist_key,
    segment_key,
    segment_number,
)
from vibestream.contexts.music.packaging.domain.measures import Loudness
from vibestream.contexts.music.packaging.domain.reasons import Reason
from vibestream.contexts.music.packaging.domain.source import Codec, Container, Source
from vibestream.contexts.music.packaging.domain.tags import Tags
from vibestream.contexts.music.packaging.service.queries import (
    NoSuchAsset,
    list_assets,
    list_assets_of_uploads,
    load_asset,
    object_prefix,
    owns_asset,
    renditions,
)
from vibestream.contexts.music.packaging.service.requests import request_packaging, require_packaging, retry_packaging

__all__ = [
    "Asset",
    "Codec",
    "Container",
    "Cover",
    "Family",
    "Loudness",
    "NoSuchAsset",
    "Reason",
    "Rendition",
    "Source",
    "State",
    "Tags",
    "UploadedAsset",
    "initialisation_key",
    "list_assets",
    "list_assets_of_uploads",
    "load_asset",
    "master_key",
    "object_prefix",
    "original_key",
    "owns_asset",
    "playlist_key",
    "renditions",
    "request_packaging",
    "require_packaging",
    "retry_packaging",
    "segment_key",
    "segment_number",
]
