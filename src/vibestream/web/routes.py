"""Every page of the site, as one router, and how a problem is shown to a person."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter

from vibestream.web.pages import (
    account,
    apps,
    artist_profile,
    audience,
    audit_log,
    authorize,
    chain_wallets,
    connected,
    devices,
    email_change,
    entering,
    erasing,
    errors,
    factors,
    files,
    held_listens,
    issuers,
    listen,
    listening,
    moderation,
    notifications,
    operations,
    own_page,
    passkeys,
    people,
    pool_figures,
    perks,
    privacy,
    proving_files,
    receipts,
    recovery,
    second_step,
    step_up,
    studio,
    tokens,
)
from vibestream.web.pages.errors import problem_page
from vibestream.web.pages.finance.routes import ROUTERS as FINANCE
from vibestream.web.pages.money import (
    exchanging,
    family,
    payments,
    payouts,
    royalties,
    splits,
    subscription,
    tips,
    wallet,
)

PAGES: Final[tuple[APIRouter, ...]] = (
    files.router,
    listen.router,
    entering.router,
    issuers.router,
    connected.router,
    chain_wallets.router,
    second_step.router,
    recovery.router,
    step_up.router,
    account.router,
    email_change.router,
    factors.router,
    apps.router,
    erasing.router,
    privacy.router,
    listening.router,
    tokens.router,
    authorize.router,
    devices.router,
    passkeys.router,
    notifications.router,
    people.router,
    own_page.router,
    moderation.router,
    studio.router,
    audience.router,
    artist_profile.router,
    wallet.router,
    receipts.router,
    proving_files.router,
    payments.router,
    exchanging.router,
    subscription.router,
    family.router,
    tips.router,
    royalties.router,
    payouts.router,
    splits.router,
    *FINANCE,
    audit_log.router,
    operations.router,
    pool_figures.router,
    held_listens.router,
    perks.router,
)
LAST: Final[APIRouter] = errors.router
"""Takes every address that no other router does; it must be included last."""

__all__ = ["LAST", "PAGES", "problem_page"]
