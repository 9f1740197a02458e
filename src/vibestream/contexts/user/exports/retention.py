"""For how long copies of data are kept: until what their owner was told."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.exports import service
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="user.exports",
        what="Copies of data; that there was one stays",
        since="their days were over",
        kept=timedelta(0),
        does=Does.EMPTIES,
        drop=service.expire,
    ),
)
