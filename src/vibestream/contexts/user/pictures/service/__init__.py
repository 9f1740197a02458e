"""Pictures of profiles: given, withdrawn, and seen by whoever may."""

from vibestream.contexts.user.pictures.domain import (
    Image,
    Picture,
    PictureMissing,
    PictureTriesExhausted,
    Place,
    Subject,
)
from vibestream.contexts.user.pictures.service.giving import PictureRefused, PicturesUnreadable, give, withdraw
from vibestream.contexts.user.pictures.service.judging import judged, judged_at, pictures_to_judge
from vibestream.contexts.user.pictures.service.seeing import pictures_of, seen

__all__ = [
    "Image",
    "Picture",
    "PictureMissing",
    "PictureRefused",
    "PictureTriesExhausted",
    "PicturesUnreadable",
    "Place",
    "Subject",
    "give",
    "judged",
    "judged_at",
    "pictures_of",
    "pictures_to_judge",
    "seen",
    "withdraw",
]
