"""What a browser has shown of an account elsewhere, while its owner says whose it is to be here."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from vibestream.contexts.user.identities.domain.errors import NothingWaiting
from vibestream.contexts.user.identities.domain.values import WAITING_GOOD_FOR, Claimed, hash_of
from vibestream.contexts.user.identities.store import requests
from vibestream.platform.config import Settings
from vibestream.platform.database import Tx
from vibestream.platform.sealed import Sealer

_PURPOSE: Final = "user.identity.waiting"


async def keep_waiting(tx: Tx, *, settings: Settings, browser_token: str, claimed: Claimed, now: datetime) -> None:
    """Keep what a browser has shown for half an hour, encrypted, and known by the browser's secret alone."""
    browser = hash_of(browser_token)
    sealed = Sealer.of(settings, purpose=_PURPOSE).seal(claimed.packed(), belongs_to=browser)
    await requests.keep_waiting(tx, browser_hash=browser, sealed=sealed, expires_at=now + WAITING_GOOD_FOR)


async def waiting(tx: Tx, *, settings: Settings, browser_token: str, now: datetime) -> Claimed | None:
    """Return what a browser has shown and not connected yet; None: nothing, or too long ago."""
    browser = hash_of(browser_token)
    return _opened(settings, await requests.find_waiting(tx, browser_hash=browser, now=now), browser)


async def take_waiting(tx: Tx, *, settings: Settings, browser_token: str, now: datetime) -> Claimed:
    """Use up what a browser has shown, and return it.

    Raises:
        NothingWaiting: there is nothing.
    """
    browser = hash_of(browser_token)
    found = _opened(settings, await requests.take_waiting(tx, browser_hash=browser, now=now), browser)
    if found is None:
        raise NothingWaiting
    return found


def _opened(settings: Settings, sealed: bytes | None, browser: bytes) -> Claimed | None:
    packed = None if sealed is None else Sealer.of(settings, purpose=_PURPOSE).try_open(sealed, belongs_to=browser)
    return None if packed is None else Claimed.unpacked(packed)
