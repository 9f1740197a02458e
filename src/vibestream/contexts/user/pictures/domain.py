"""What a picture of a profile is, and why one is not there or not taken."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final
from uuid import UUID

from vibestream.kernel.errors import Limited, Missing
from vibestream.kernel.ids import ArtistId, UserId

MOST_TRIES: Final = 30
"""Pictures that an account may send, good or not, ..."""
TRIES_WITHIN: Final = timedelta(hours=1)
"""... within this time."""


class PictureMissing(Missing):
    """There is no such picture, or not for whoever asks."""

    code: ClassVar[str] = "picture.missing"

    def __init__(self) -> None:
        super().__init__("There is no such picture.")


class PictureTriesExhausted(Limited):
    """The account sent as many pictures within an hour as are taken."""

    code: ClassVar[str] = "picture.tries_exhausted"

    def __init__(self, *, retry_after_s: int) -> None:
        super().__init__(f"At most {MOST_TRIES} pictures within an hour.", retry_after_s=retry_after_s)


class Place(enum.StrEnum):
    """Where on a profile a picture stands."""

    PORTRAIT = "portrait"
    """Beside the name, wherever that stands; square."""
    BANNER = "banner"
    """Over an artist's page; three times as wide as high."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose picture it is, as somebody who may change it names it: their own, or an artist's."""

    user_id: UserId
    """Who asks."""
    artist_id: ArtistId | None = None


@dataclass(frozen=True, slots=True)
class Image:
    """One size of a picture."""

    key: str
    """Of its object."""
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a profile that somebody may see."""

    picture_id: UUID
    subject_id: UUID
    """Of the artist, else of the fan."""
    place: Place
    images: tuple[Image, ...]
    """The largest first."""
    is_public: bool
    """Whether everybody may see it, signed in or not."""

    @property
    def largest(self) -> str:
        """The address of its largest size."""
        return self.address_of(self.images[0])

    @property
    def smallest(self) -> str:
        """The address of its smallest size."""
        return self.address_of(self.images[-1])

    @property
    def srcset(self) -> str:
        """The sizes as a browser chooses from them. Source: HTML, 4.8.4.2.1, `srcset`."""
        return ", ".join(f"{self.address_of(image)} {image.width}w" for image in self.images)

    def address_of(self, image: Image) -> str:
        """Return where one size is fetched."""
        return f"/pictures/{self.picture_id}/{image.width}.webp"

    def image_of(self, width: int) -> Image:
        """Return the size of this width.

        Raises:
            PictureMissing: there is none.
        """
        found = next((image for image in self.images if image.width == width), None)
        if found is None:
            raise PictureMissing
        return found


def folder_of(picture_id: UUID) -> str:
    """Return under what a picture's objects lie."""
    return f"pictures/{picture_id}"
