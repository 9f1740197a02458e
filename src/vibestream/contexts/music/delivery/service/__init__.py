"""The public interface of delivery."""

from vibestream.contexts.music.delivery.domain.quality import EVERYBODYS, Quality
from vibestream.contexts.music.delivery.service.playing import (
    Master,
    NotPlayableYet,
    Playback,
    RungOffered,
    grant_playback,
)
from vibestream.contexts.music.delivery.service.quality import quality_of, set_quality
from vibestream.contexts.music.delivery.service.serving import (
    AssetWithdrawn,
    Delivery,
    FileMissing,
    Keeping,
    NotTheOwner,
    Offer,
    QualityNotIncluded,
    keyring_of,
    require_part,
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
    "EVERYBODYS",
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
    "Quality",
    "QualityNotIncluded",
    "RungOffered",
    "Timelines",
    "Withdrawals",
    "Witness",
    "forget_served",
    "grant_playback",
    "keyring_of",
    "quality_of",
    "record_served",
    "require_part",
    "served_to",
    "set_quality",
]
