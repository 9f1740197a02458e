"""Authenticator apps for tests, on real rows: `app = await make_app(tx, user, settings)`; `app.code(now)` is its code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.factories.users import MADE_AT, User
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.factors.domain import code_at, step_of
from vibestream.platform.config import Settings
from vibestream.platform.database import Tx
from vibestream.platform.sealed import Sealer


@dataclass(frozen=True, slots=True)
class App:
    """Somebody's app, and the recovery codes that came with it."""

    secret: bytes
    recovery: list[str]

    def code(self, now: datetime, *, steps: int = 0) -> str:
        """Return what the app shows at an instant, or so many steps of 30 s later."""
        return code_at(self.secret, step_of(now) + steps)


def sealer_of(settings: Settings) -> Sealer:
    """Return what secrets of apps are sealed with."""
    return Sealer.of(settings, purpose=factors.PURPOSE)


def secret_of(uri: str) -> bytes:
    """Return the secret in the address that an app reads."""
    import base64
    from urllib.parse import parse_qs, urlsplit

    return base64.b32decode(parse_qs(urlsplit(uri).query)["secret"][0])


async def make_app(tx: Tx, user: User, settings: Settings, *, now: datetime = MADE_AT - timedelta(days=1)) -> App:
    """Set an app up for a made user, a day before `MADE_AT` unless told otherwise."""
    sealer = sealer_of(settings)
    begun = await factors.begin_totp(tx, sealer=sealer, user_id=user.user_id, label=user.email, now=now)
    secret = secret_of(begun.uri)
    code = code_at(secret, step_of(now))
    recovery = await factors.confirm_totp(tx, sealer=sealer, user_id=user.user_id, code=code, now=now)
    return App(secret, recovery)
