"""The issuers that are configured, each as this process knows it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Final

from vibestream.contexts.user.identities.domain.errors import ProviderMissing
from vibestream.contexts.user.identities.gateway.openid import OpenIdIssuer
from vibestream.contexts.user.identities.gateway.parts import Answer, Client, Issuer
from vibestream.contexts.user.identities.gateway.plain import discord, github
from vibestream.platform.config import Settings
from vibestream.platform.login_issuers import Preset

__all__ = ["Answer", "Issuer", "open_issuer"]

_KINDS: Final[Mapping[Preset, Callable[[Client], Issuer]]] = {
    Preset.OIDC: OpenIdIssuer,
    Preset.GOOGLE: OpenIdIssuer,
    Preset.APPLE: OpenIdIssuer,
    Preset.GITHUB: github,
    Preset.DISCORD: discord,
}


def open_issuer(settings: Settings, *, name: str) -> Issuer:
    """Return the issuer of a name; the same each time, with what it has said of itself.

    Raises:
        ProviderMissing: none is configured under it.
    """
    setting = next((one for one in settings.login_issuers if one.name == name), None)
    if setting is None:
        raise ProviderMissing
    return _opened(Client.of(setting, settings))


@functools.lru_cache(maxsize=64)
def _opened(client: Client) -> Issuer:
    return _KINDS[client.setting.preset](client)
