"""Handles, links and the two kinds of profile.

A *handle* names an artist in addresses of pages, so it must never be mistaken for another. It is written in a-z, 0-9
and single `.`, `-`, `_` between them, which leaves no look-alikes from other scripts; what still looks alike within
these (0 and o, 1 and l, rn and m, vv and w, any separator) is folded into its *skeleton*, which is unique.
Names are free: bands mix scripts on purpose, and a name is always shown beside its handle.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final
from urllib.parse import urlsplit

from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.ids import ArtistId, UserId

NAME_CHARACTERS: Final = 80
BIO_CHARACTERS: Final = 4_000
LABEL_CHARACTERS: Final = 40
MOST_LINKS: Final = 10
HANDLE_CHARACTERS: Final = (3, 30)
LOCALES: Final = ("en", "es")
THEMES: Final = ("system", "dark", "light")

_HANDLE: Final = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*", re.ASCII)
_SEPARATORS: Final = re.compile(r"[._-]")
# Source of the pairs: the ASCII part of Unicode's confusables (UTS 39, revision 28).
_LOOK_ALIKES: Final = (("0", "o"), ("1", "l"), ("m", "rn"), ("w", "vv"))
_URL_CHARACTERS: Final = 500
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_RESERVED_WORDS: Final = (
    "about account accounts admin administrator administration api app artist artists assets audit auth billing blog"
    " campaign campaigns cdn contact demo docs download events everyone explore fan fans feed health help home imprint"
    " labels legal library listen live livez login logout mail market media metrics moderator music news null official"
    " operations ops owner payment payments player playlist playlists press privacy profile public readyz register"
    " release releases root sandbox search security settings shop sign-in sign-out sign-up staff startupz static status"
    " store studio support system team terms track tracks undefined upload uploads user users verified vibestream vibe"
    " wallet webhooks well-known www you"
)


class HandleInvalid(InvalidInput):
    """Not a handle, or one that is reserved."""

    code: ClassVar[str] = "profile.handle_invalid"

    def __init__(self, message: str | None = None) -> None:
        least, most = HANDLE_CHARACTERS
        super().__init__(
            message
            or f"A handle has {least} to {most} characters: a-z, 0-9, and single dots, hyphens or underscores between."
        )


class LinkInvalid(InvalidInput):
    """Not a link that can be shown on a profile."""

    code: ClassVar[str] = "profile.link_invalid"


class PreferenceInvalid(InvalidInput):
    """No such language or theme."""

    code: ClassVar[str] = "profile.preference_invalid"


@dataclass(frozen=True, slots=True)
class Handle:
    """A handle, and the skeleton that no other artist's handle may share."""

    text: str

    @property
    def skeleton(self) -> str:
        """The handle as it looks: separators dropped, look-alikes folded."""
        return skeleton_of(self.text)


@dataclass(frozen=True, slots=True)
class Link:
    """A link on an artist's page: what it is called, and its https address."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FanProfile:
    """What everybody is: a name to be called by, a language, a theme."""

    user_id: UserId
    display_name: str
    locale: str
    theme: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtistProfile:
    """An artist as everybody sees it, with the account that speaks for it."""

    artist_id: ArtistId
    user_id: UserId
    name: str
    handle: str
    bio: str
    links: tuple[Link, ...]
    created_at: datetime
    changed_at: datetime


def parse_handle(text: str) -> Handle:
    """Return the canonical handle of what was typed: NFKC, lower case, without a leading `@`.

    Raises:
        HandleInvalid: malformed or reserved.
    """
    if len(text) > 4 * HANDLE_CHARACTERS[1]:
        raise HandleInvalid
    canonical = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip().removeprefix("@")
    least, most = HANDLE_CHARACTERS
    if not least <= len(canonical) <= most or _HANDLE.fullmatch(canonical) is None:
        raise HandleInvalid
    # `1` is also read as i: no reason to keep two artists apart, but enough to pass for the staff.
    if {skeleton_of(canonical), skeleton_of(canonical.replace("1", "i"))} & _RESERVED:
        raise HandleInvalid("This handle is reserved. Choose another.")
    return Handle(canonical)


def skeleton_of(handle: str) -> str:
    """Return how a canonical handle looks; equal for two handles that a reader could confuse."""
    skeleton = _SEPARATORS.sub("", handle)
    for written, looks_like in _LOOK_ALIKES:
        skeleton = skeleton.replace(written, looks_like)
    return skeleton


_RESERVED: Final = frozenset(skeleton_of(word) for word in _RESERVED_WORDS.split())


def parse_links(links: Sequence[tuple[str, str]]) -> tuple[Link, ...]:
    """Return the links of (label, address) pairs, labels already cleaned.

    Raises:
        LinkInvalid: too many, or an address that is not plain https to a named host.
    """
    if len(links) > MOST_LINKS:
        raise LinkInvalid(f"At most {MOST_LINKS} links.")
    return tuple(Link(label, _https(url)) for label, url in links)


def require_preferences(*, locale: str, theme: str) -> None:
    """Return when both exist.

    Raises:
        PreferenceInvalid: names those that do.
    """
    if locale not in LOCALES:
        raise PreferenceInvalid(f"The language is one of {', '.join(LOCALES)}.")
    if theme not in THEMES:
        raise PreferenceInvalid(f"The theme is one of {', '.join(THEMES)}.")


def _https(url: str) -> str:
    refused = LinkInvalid("A link is an https:// address of a public site, at most 500 characters.")
    if len(url) > _URL_CHARACTERS or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise refused
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise refused from None
    host = parts.hostname or ""
    if parts.scheme != "https" or parts.username is not None or parts.password is not None or port is not None:
        raise refused
    if _HOST.fullmatch(host) is None:
        raise refused
    return parts._replace(netloc=host).geturl()
