"""Clients, what was asked, what was granted."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from vibestream.kernel.ids import UserId

CODE_FOR: Final = timedelta(seconds=60)
ACCESS_FOR: Final = timedelta(minutes=10)
REFRESH_IDLE: Final = timedelta(days=30)
REFRESH_LONGEST: Final = timedelta(days=180)
SAME_SUCCESSOR: Final = timedelta(seconds=10)
"""How long a used refresh token still answers with the same successor, while that is unused: for two tabs at once."""


class Confidence(enum.StrEnum):
    """Whether a client can keep a secret. The values are stored."""

    PUBLIC = "public"
    CONFIDENTIAL = "confidential"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """An app that somebody registered."""

    client_id: UUID
    owner_id: UserId
    name: str
    confidence: Confidence
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    made_at: datetime
    devices: bool = False
    """Whether it runs on devices without a browser, and may ask for a code that people type in elsewhere."""

    @property
    def public(self) -> bool:
        """Whether it cannot keep a secret: an app on people's own machines."""
        return self.confidence is Confidence.PUBLIC


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An authorisation request that was found in order. What it holds may be shown, and sent back to the client."""

    client: Client
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    state: str
    nonce: str
    prompt: frozenset[str]
    max_age_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one person let one client do, once: the family that all its tokens belong to."""

    grant_id: UUID
    client_id: UUID
    user_id: UserId
    scopes: tuple[str, ...]
    auth_time: datetime | None
    made_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A client, as somebody who has let it do something sees it."""

    client_id: UUID
    name: str
    scopes: tuple[str, ...]
    given_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGrant:
    """A grant whose app can still come in somebody's name: a session of an app, as its owner sees it."""

    grant_id: UUID
    client_id: UUID
    name: str
    made_at: datetime
    used_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalToken:
    """A token that somebody made for a program of their own. It is good for nothing once it is revoked or expired."""

    token_id: UUID
    user_id: UserId
    name: str
    scopes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None
