"""Outside signals for the process that asks for them: opened by its root, asked by jobs, closed at the end."""

from __future__ import annotations

from vibestream.contexts.payment.fraud.gateway.minfraud import MinFraud
from vibestream.contexts.payment.fraud.gateway.signals import Signals
from vibestream.platform.config import Settings

__all__ = ["Signals", "open_signals"]


def open_signals(settings: Settings) -> Signals:
    """Return the outside parties that the settings name: minFraud, or none. A root keeps it as `Runtime.part(Signals)`."""
    if settings.minfraud_account_id is None or settings.minfraud_licence_key is None:
        return Signals(())
    party = MinFraud(
        account_id=settings.minfraud_account_id,
        licence_key=settings.minfraud_licence_key.get_secret_value(),
        host=settings.minfraud_host,
        authority=settings.minfraud_authority,
    )
    return Signals((party,))
