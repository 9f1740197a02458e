"""Reading pictures that artists upload, in the sandbox for media programs."""

from vibestream.contexts.music.catalogue.gateway.pictures import (
    MAX_PICTURE_BYTES,
    Picture,
    PictureRefused,
    PicturesUnreadable,
    read_picture,
)

__all__ = ["MAX_PICTURE_BYTES", "Picture", "PictureRefused", "PicturesUnreadable", "read_picture"]
