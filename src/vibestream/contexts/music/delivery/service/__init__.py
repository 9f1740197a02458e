"""The public interface of delivery."""

from vibestream.contexts.music.delivery.service.playing import (
    Master,
    NotPlayableYet,
    Playback,
    RungOffered,
    grant_playback,
)
from vibestream.contexts.music.delivery.service.serving import (
    AssetWithdrawn,
    Delivery,
    FileMissing,
    Keeping,
    NotTheOwner,
    Offer,
    keyring_of,
    require_owner,
)
from vibestream.contexts.music.delivery.service.withdrawals import REFRESH_S, Withdrawals
from vibestream.contexts.music.delivery.service.witness import (
    FLUSH_S,
    MOST_WAITING,
    Timelines,
    Witness,
    forget_served,
    record_served,
    served_to,
)

__all__ = [
    "FLUSH_S",
    "MOST_WAITING",
    "REFRESH_S",
    "AssetWithdrawn",
    "Delivery",
    "FileMissing",
    "Keeping",
    "Master",
    "NotPlayableYet",
    "NotTheOwner",
    "Offer",
    "Playback",
    "RungOffered",
    "Timelines",
    "Withdrawals",
    "Witness",
    "forget_served",
    "grant_playback",
    "keyring_of",
    "record_served",
    "require_owner",
    "served_to",
]
