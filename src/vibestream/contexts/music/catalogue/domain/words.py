"""What people say of their music: titles, descriptions, genres, languages, credits. Plain text, bounded."""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.text import TextInvalid, one_line, paragraphs

MAX_TITLE: Final = 200
MAX_DESCRIPTION: Final = 5_000
MAX_GENRES: Final = 5
MAX_GENRE: Final = 40
MAX_CREDITS: Final = 50
MAX_NAME: Final = 120

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_GENRE: Final = re.compile(r"[^\W_][\w '&+/.\-]*")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")


class InvalidGenres(InvalidInput):
    """Too many genres, or one that is not a name."""

    code: ClassVar[str] = "catalogue.invalid_genres"


class InvalidLanguage(InvalidInput):
    """Not a language tag."""

    code: ClassVar[str] = "catalogue.invalid_language"


class InvalidCredits(InvalidInput):
    """Too many credits."""

    code: ClassVar[str] = "catalogue.invalid_credits"


class CreditRole(enum.StrEnum):
    """What somebody did for a recording or a release."""

    COMPOSER = "composer"
    LYRICIST = "lyricist"
    ARRANGER = "arranger"
    PERFORMER = "performer"
    FEATURED = "featured"
    PRODUCER = "producer"
    MIXING = "mixing"
    MASTERING = "mastering"
    ARTWORK = "artwork"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Credit:
    """One person or firm and what they did."""

    name: str
    role: CreditRole


def parse_title(text: str) -> str:
    """Return a title as one clean line; it may still be empty, as that of a draft is at first.

    Raises:
        TextInvalid: longer than 200 characters, or with one that cannot be seen.
    """
    return one_line(text, field="title", least=0, most=MAX_TITLE)


def parse_description(text: str) -> str:
    """Return a description as paragraphs of plain text, perhaps none.

    Raises:
        TextInvalid: longer than 5,000 characters, or with one that cannot be seen.
    """
    return paragraphs(text, field="description", most=MAX_DESCRIPTION)


def title_from_file(text: str) -> str:
    """Return as much of a text as makes a title: for what a file says of itself, about which nobody can be asked.

    What `parse_title` would refuse is left out instead; a text that cannot be saved so gives an empty title.
    """
    seen = unicodedata.normalize("NFC", text[: 4 * MAX_TITLE])
    visible = (" " if char.isspace() else char for char in seen)
    shown = "".join(char for char in visible if unicodedata.category(char) not in _HIDDEN)
    line = " ".join(shown.split())[:MAX_TITLE].rstrip()
    try:
        return parse_title(line)
    except TextInvalid:
        return ""


def parse_genres(names: Iterable[str]) -> tuple[str, ...]:
    """Return genres in lower case, in the order given, each once.

    Free words and not a fixed list: the list would be ours, the music is theirs.

    Raises:
        InvalidGenres: more than five, one longer than forty characters, or one that is not words.
    """
    genres = dict.fromkeys(
        " ".join(unicodedata.normalize("NFKC", name[: 4 * MAX_GENRE]).casefold().split()) for name in names
    )
    genres.pop("", None)
    if len(genres) > MAX_GENRES:
        raise InvalidGenres(f"A release has at most {MAX_GENRES} genres.")
    for genre in genres:
        if len(genre) > MAX_GENRE or not _GENRE.fullmatch(genre):
            raise InvalidGenres(f"{genre[:MAX_GENRE]!r} is not a genre: words of at most {MAX_GENRE} characters.")
    return tuple(genres)


def parse_language(tag: str) -> str:
    """Return a language tag in its usual case: language, optional script, optional region; `zxx` says nobody sings.

    Source: RFC 5646, sections 2.1 and 2.1.1; only these three subtags, which is what music is labelled with.

    Raises:
        InvalidLanguage: it is not such a tag.
    """
    first, *others = tag.strip()[:20].replace("_", "-").split("-")
    language = "-".join([first.lower(), *(_in_usual_case(subtag) for subtag in others)])
    if not language.isascii() or not _LANGUAGE.fullmatch(language):
        raise InvalidLanguage(f"{tag[:20]!r} is not a language tag such as es, pt-BR or zxx (without words).")
    return language


def parse_credits(given: Iterable[Credit]) -> tuple[Credit, ...]:
    """Return credits with clean names, in the order given, each once.

    Raises:
        InvalidCredits: more than fifty.
        TextInvalid: a name is empty, longer than 120 characters, or has one that cannot be seen.
    """
    cleaned = tuple(dict.fromkeys(Credit(one_line(one.name, field="name", most=MAX_NAME), one.role) for one in given))
    if len(cleaned) > MAX_CREDITS:
        raise InvalidCredits(f"At most {MAX_CREDITS} credits fit.")
    return cleaned


def _in_usual_case(subtag: str) -> str:
    a_script_has = 4
    return subtag.title() if len(subtag) == a_script_has else subtag.upper()
