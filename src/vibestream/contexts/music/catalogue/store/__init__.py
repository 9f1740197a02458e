"""The catalogue's tables: `music.artist`, `music.release`, `music.track`."""

from vibestream.contexts.music.catalogue.store.artists import (
    find_artist_by_handle,
    list_artists_of,
    load_own_artist,
    save_artist,
)
from vibestream.contexts.music.catalogue.store.lists import (
    Before,
    KnownTrack,
    ReleaseCard,
    TrackCard,
    assets_of_tracks,
    list_assets_of_owner,
    list_known_tracks,
    list_newest_releases,
    list_newest_releases_of_artist,
    list_newest_tracks,
    list_own_releases,
    list_proposed_with,
    list_published_with,
    list_withdrawn_assets,
)
from vibestream.contexts.music.catalogue.store.releases import (
    delete_release,
    find_release_of_track,
    insert_release,
    load_release,
    lock_release,
    save_release,
)

__all__ = [
    "Before",
    "KnownTrack",
    "ReleaseCard",
    "TrackCard",
    "assets_of_tracks",
    "delete_release",
    "find_artist_by_handle",
    "find_release_of_track",
    "insert_release",
    "list_artists_of",
    "list_assets_of_owner",
    "list_known_tracks",
    "list_newest_releases",
    "list_newest_releases_of_artist",
    "list_newest_tracks",
    "list_own_releases",
    "list_proposed_with",
    "list_published_with",
    "list_withdrawn_assets",
    "load_own_artist",
    "load_release",
    "lock_release",
    "save_artist",
    "save_release",
]
