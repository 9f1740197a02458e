"""For how long it is kept that a browser was sent to an issuer, and what it came back with."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from vibestream.contexts.user.identities.store import requests
from vibestream.platform.retention import Does, Rule

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="user.identity_requests",
        what="Requests to other issuers, and what waits to be connected",
        since="they expired",
        kept=timedelta(0),
        does=Does.DELETES,
        drop=requests.drop_expired,
    ),
)
