"""File names as people see them: text and nothing else. No path is ever made from one."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

UNTITLED: Final = "untitled"
MAX_LENGTH: Final = 255
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SPACES: Final = re.compile(r"\s+")


def shown_file_name(name: str) -> str:
    r"""Return a file name fit to be shown: its last part, in NFC, one line, nothing invisible, at most 255 characters.

    Whatever turns the direction of text, breaks lines or draws nothing is left out, so that `a<U+202E>3pm.exe` is shown
    as what it is. A name of which nothing is left is "untitled".
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    visible = "".join(" " if c.isspace() else c for c in last if c.isspace() or unicodedata.category(c) not in _UNSEEN)
    shown = _SPACES.sub(" ", visible).strip()
    if len(shown) > MAX_LENGTH:
        stem, dot, suffix = shown.rpartition(".")
        ending = dot + suffix if stem and len(suffix) <= _LONGEST_SUFFIX else ""
        shown = shown[: MAX_LENGTH - len(ending)] + ending
    return shown if shown.strip(".") else UNTITLED


_LONGEST_SUFFIX: Final = 8
