"""Saying whose an account elsewhere is to be here: one's own, or a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.accounts.service import SecondStep, SignedIn
from vibestream.contexts.user.identities.domain.errors import AddressNotProved
from vibestream.contexts.user.identities.domain.values import Claimed, Identity, name_of, printable
from vibestream.contexts.user.identities.service.answering import proved_owner
from vibestream.contexts.user.identities.service.linking import link
from vibestream.contexts.user.identities.service.waiting import take_waiting, waiting
from vibestream.contexts.user.sessions.service import Device
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.platform.access import Principal
from vibestream.platform.config import Settings
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who came from an issuer and is connected with nobody here."""

    provider: str
    label: str
    name: str
    """To suggest."""
    email: str
    may_make: bool
    """Whether the issuer's word is enough to make an account: it vouches for the address, and nobody has proved it here."""


async def newcomer(tx: Tx, *, settings: Settings, browser_token: str, now: datetime) -> Newcomer | None:
    """Return who waits in a browser; None: nobody.

    What it says of an address, only whom the issuer vouches for learns: whether somebody has one that is merely claimed
    does not show.
    """
    found = await waiting(tx, settings=settings, browser_token=browser_token, now=now)
    if found is None:
        return None
    may_make = await _may_make(tx, found)
    return Newcomer(found.provider, found.label, name_of(found), printable(found.email), may_make)


async def make_account(
    tx: Tx,
    *,
    settings: Settings,
    browser_token: str,
    display_name: str,
    locale: str,
    device: Device,
    now: datetime,
    replaces: str | None = None,
    device_token: str = "",
) -> SignedIn | SecondStep:
    """Make an account of whoever waits in this browser, connect it, and sign in.

    Raises:
        NothingWaiting: nobody does any more.
        AddressNotProved: the issuer does not vouch for the address, or somebody has proved it here.
        AddressInvalid, TextInvalid: the address is none, or the name.
        IdentityTaken: it was connected meanwhile.
    """
    found = await take_waiting(tx, settings=settings, browser_token=browser_token, now=now)
    if not await _may_make(tx, found):
        raise AddressNotProved
    user_id = await accounts.make_by_issuer(
        tx, email=found.email, display_name=display_name, locale=locale, device=device, now=now
    )
    if user_id is None:
        raise AddressNotProved
    await link(tx, claimed=found, user_id=user_id, device=device, now=now)
    return await accounts.enter_by_issuer(
        tx,
        user_id=user_id,
        in_round=await ways_in.begin(tx, user_id=user_id),
        provider=found.provider,
        device=device,
        now=now,
        replaces=replaces,
        device_token=device_token,
    )


async def connect(
    tx: Tx, *, settings: Settings, browser_token: str, principal: Principal, device: Device, now: datetime
) -> Identity:
    """Connect what waits in this browser with the account of whoever is signed in; that it is them is the edge's to prove.

    Raises:
        NothingWaiting: nothing does any more.
        IdentityTaken: it is connected already, with whomever.
        IdentitiesFull: ten are connected.
        Overtaken: the session has ended at this moment.
    """
    await ways_in.require_signed_in(tx, user_id=principal.user_id, session_id=principal.session_id)
    found = await take_waiting(tx, settings=settings, browser_token=browser_token, now=now)
    return await link(tx, claimed=found, user_id=principal.user_id, device=device, now=now)


async def _may_make(tx: Tx, claimed: Claimed) -> bool:
    return claimed.email_verified and await proved_owner(tx, claimed=claimed) is None
