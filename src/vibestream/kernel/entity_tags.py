"""Entity tags: what names one version of what an address answers, and whether an asker has that version.

Source: RFC 9110, sections 8.8.3 (ETag, and its two comparisons), 13.1.1 (If-Match) and 13.1.2 (If-None-Match).
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

_TAG: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_DIGITS: Final = 32
"""128 bits: no two versions meet by chance, and nobody can make two that do."""


def tag_of(content: bytes) -> str:
    """Return the strong entity tag, in its quotes, of an answer with this content."""
    return f'"{hashlib.sha256(content).hexdigest()[:_DIGITS]}"'


def is_named(header: str | None, tag: str, *, weak: bool) -> bool:
    """Say whether an If-Match or If-None-Match header names the strong entity tag of what there is; `*` names whatever is.

    `weak` is for If-None-Match: a tag that somebody on the way made weak (as whoever compresses must) names it too. What is
    no tag names nothing, and no header (None) neither.
    """
    if header is None:
        return False
    if header.strip() == "*":
        return True
    return any((one.removeprefix("W/") if weak else one) == tag for one in _TAG.findall(header))
