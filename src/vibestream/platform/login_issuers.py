"""The issuers that people may sign in with, as settings name them.

A preset fills in what is the same everywhere; what stands in a setting itself wins. The secret is a reference: the name of
a variable, or of a file in the folder of secrets, so that the list can be shown to anybody.

Source: the issuers' own documentation of OpenID Connect (Google, Apple) and of OAuth (GitHub, Discord).
"""

from __future__ import annotations

import enum
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator

_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Preset(enum.StrEnum):
    """How an issuer is talked to."""

    OIDC = "oidc"
    """Any issuer of OpenID Connect that describes itself at `/.well-known/openid-configuration`."""
    GOOGLE = "google"
    APPLE = "apple"
    GITHUB = "github"
    DISCORD = "discord"


_FILLED: Final[Mapping[str, Mapping[str, Any]]] = {
    Preset.OIDC: {"scopes": ("openid", "email", "profile")},
    Preset.GOOGLE: {
        "title": "Google",
        "issuer": "https://accounts.google.com",
        "scopes": ("openid", "email", "profile"),
    },
    Preset.APPLE: {"title": "Apple", "issuer": "https://appleid.apple.com", "scopes": ("openid", "email", "name")},
    Preset.GITHUB: {"title": "GitHub", "issuer": "https://github.com", "scopes": ("read:user", "user:email")},
    Preset.DISCORD: {"title": "Discord", "issuer": "https://discord.com", "scopes": ("identify", "email")},
}


class LoginIssuer(BaseModel):
    """One issuer: `{"preset": "google", "client_id": "...", "secret": "VIBESTREAM_GOOGLE_SECRET"}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: Preset = Preset.OIDC
    name: Annotated[str, Field(pattern="^[a-z][a-z0-9-]{0,31}$")]
    """Part of the address that the issuer sends people back to: `/sign-in-with/NAME/back`."""
    title: Annotated[str, Field(min_length=1, max_length=40)]
    """What the button says."""
    issuer: Annotated[str, Field(min_length=1, max_length=400)]
    """Exactly as its tokens write it."""
    client_id: Annotated[str, Field(min_length=1, max_length=400)]
    secret: Annotated[str, Field(pattern="^(VIBESTREAM_[A-Z0-9_]{1,80})?$")] = ""
    """The variable or file that holds the client's secret, for Apple the private key in PEM; empty: a public client."""
    scopes: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]
    team_id: Annotated[str, Field(max_length=40)] = ""
    """Apple's alone, as is the next."""
    key_id: Annotated[str, Field(max_length=40)] = ""

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        preset = str(given.get("preset", Preset.OIDC))
        named = {} if preset == Preset.OIDC else {"name": preset}
        return {**named, **_FILLED.get(preset, {}), **given}

    @model_validator(mode="after")
    def _whole(self) -> LoginIssuer:
        parts = urlsplit(self.issuer)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ValueError(f"{self.name}: an issuer's address begins with https://")
        if parts.query or parts.fragment or parts.username is not None:
            raise ValueError(f"{self.name}: an issuer's address has no query, fragment or user")
        if self.preset is Preset.OIDC and "openid" not in self.scopes:
            raise ValueError(f"{self.name}: OpenID Connect needs the scope openid")
        if self.preset is Preset.APPLE and not (self.team_id and self.key_id and self.secret):
            raise ValueError(f"{self.name}: Apple needs team_id, key_id and secret")
        if self.preset in {Preset.GITHUB, Preset.DISCORD, Preset.GOOGLE} and not self.secret:
            raise ValueError(f"{self.name}: needs a secret")
        return self

    @property
    def local(self) -> bool:
        """Whether it is on this machine, which production refuses."""
        return urlsplit(self.issuer).hostname in _LOOPBACK or self.issuer.startswith("http://")


def listed(given: object) -> object:
    """Return a setting as it is validated: the list of a text of JSON, anything else as it is.

    Raises:
        ValueError: the text is no JSON list.
    """
    if not isinstance(given, str):
        return given
    try:
        found = json.loads(given)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list):
        raise ValueError("is a JSON list of objects")  # noqa: TRY004 - what a validator raises
    return found


def problems_of(issuers: Sequence[LoginIssuer], *, production: bool) -> Iterator[str]:
    """Yield what is wrong with issuers that are each right by themselves."""
    names = [one.name for one in issuers]
    yield from (f"{name} is there twice" for name in sorted({one for one in names if names.count(one) > 1}))
    for one in issuers:
        if one.secret and not secret_named(one.secret):
            yield f"{one.name}: {one.secret} is not set, neither as a variable nor as a file"
        if production and one.local:
            yield f"{one.name}: production needs an https issuer outside this machine"


def secret_named(name: str) -> str | None:
    """Return the secret of a variable, else of a file of this name in the folder of secrets; None: there is neither."""
    if not name:
        return None
    environment = os.environ  # noqa: TID251 - a part of the settings
    folder, found = environment.get("VIBESTREAM_SECRETS_DIR"), environment.get(name)
    if not found and folder:
        file = Path(folder) / name
        found = file.read_text().strip() if file.is_file() else None
    return found or None
