"""Connecting wallets of a chain with an account: one is shown by a signature of its key, and of one account at most.

It lets nobody in and moves nothing. Whoever holds the key of a wallet can have it connected with an account of theirs, and
with no account of anybody else: what is signed names this site, and is good once, for the browser and the person that asked.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.chain_wallets import gateway, store
from vibestream.contexts.user.chain_wallets.domain import message as messages
from vibestream.contexts.user.chain_wallets.domain.address import hash_of, octets_of, signer_of
from vibestream.contexts.user.chain_wallets.domain.errors import (
    AddressMalformed,
    ChainUnavailable,
    ChallengeExpired,
    MessageRefused,
    SignatureRefused,
    WalletMissing,
    WalletsFull,
    WalletTaken,
)
from vibestream.contexts.user.chain_wallets.domain.message import GOOD_FOR, Message, Site
from vibestream.contexts.user.chain_wallets.store import ChainWallet
from vibestream.contexts.user.factor_mails import FactorNotice
from vibestream.contexts.user.sessions.service import Device
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.access import Principal
from vibestream.platform.config import Settings
from vibestream.platform.database import Tx
from vibestream.platform.runtime import Runtime

__all__ = [
    "GOOD_FOR",
    "AddressMalformed",
    "ChainUnavailable",
    "ChainWallet",
    "Challenge",
    "ChallengeExpired",
    "MessageRefused",
    "SignatureRefused",
    "Site",
    "WalletMissing",
    "WalletTaken",
    "WalletsFull",
    "answer",
    "ask",
    "connect",
    "disconnect",
    "site_of",
    "wallets_of",
]

MOST: Final = 5
PAGE: Final = "/account/wallets"
"""The page that asks for a signature, which the message names."""
_NONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a wallet is to sign, and the secret that the browser keeps in an HttpOnly cookie until it has."""

    message: str
    browser_token: str
    expires_at: datetime


def site_of(settings: Settings) -> Site:
    """Return whom wallets sign for in a deployment."""
    parts = urlsplit(settings.base_url)
    return Site(
        scheme=parts.scheme,
        domain=parts.netloc,
        uri=f"{settings.base_url}{PAGE}",
        chain_id=settings.wallet_chain_id,
    )


async def ask(tx: Tx, *, site: Site, browser_token: str, user_id: UserId, address: str, now: datetime) -> Challenge:
    """Return what a wallet is to sign: good for five minutes, once, for this person in this browser.

    Raises:
        AddressMalformed: not an address.
    """
    nonce, browser = secrets.token_hex(_NONCE), browser_token or secrets.token_urlsafe(32)
    text = messages.compose(site=site, address=address, nonce=nonce, now=now)
    expires_at = now + GOOD_FOR
    await store.add_challenge(
        tx, nonce_hash=_hash(nonce), browser_hash=_hash(browser), user_id=user_id, expires_at=expires_at
    )
    return Challenge(text, browser, expires_at)


async def answer(
    runtime: Runtime,
    *,
    browser_token: str,
    principal: Principal,
    message: str,
    signature: str,
    device: Device,
    now: datetime,
) -> ChainWallet:
    """Connect the wallet that signed what this browser was asked to have signed: one of a key, or a contract.

    A key's signature is enough by itself. Only the key of an account that has delegated to code (EIP-7702) can belong to an
    address with code, and it stays in charge there. Of any other signature the contract at the address is asked, by the node
    that the settings name, before a transaction is opened, and only for who was asked to sign. A wallet that is not deployed
    yet (ERC-6492) is refused. Opens its own transactions.

    Raises:
        ChainUnavailable: the node does not answer; the challenge stays good.
        MessageRefused, ChallengeExpired, SignatureRefused, WalletTaken, WalletsFull, Overtaken: as `connect`.
    """
    site = site_of(runtime.settings)
    said = messages.parse(message)
    messages.check(said, site=site, now=now)
    by_contract = not _is_by_key(message, signature, said.address) and await _is_by_contract(
        runtime,
        said,
        browser_token=browser_token,
        user_id=principal.user_id,
        text=message,
        signature=signature,
        now=now,
    )

    async def work(tx: Tx) -> ChainWallet | SignatureRefused:
        try:
            return await connect(
                tx,
                site=site,
                browser_token=browser_token,
                principal=principal,
                message=message,
                signature=signature,
                device=device,
                now=now,
                by_contract=by_contract,
            )
        except SignatureRefused as refused:  # what was asked is used up
            return refused

    made = await runtime.database.run(work)
    if isinstance(made, SignatureRefused):
        raise made
    return made


async def connect(
    tx: Tx,
    *,
    site: Site,
    browser_token: str,
    principal: Principal,
    message: str,
    signature: str,
    device: Device,
    now: datetime,
    by_contract: bool = False,
) -> ChainWallet:
    """Connect the wallet whose key signed what this browser was asked to have signed; its owner is told.

    `by_contract`: the contract at the address has said that the signature is its own.

    Of two accounts that connect one wallet at once, one does.

    Raises:
        MessageRefused: not such a message. The challenge stays good: it was not shown.
        ChallengeExpired: not asked of this person in this browser, too long ago, or answered.
        SignatureRefused: not by the wallet that the message names. The challenge is used up.
        WalletTaken: it is connected, with whomever.
        WalletsFull: five are connected.
        Overtaken: the session has ended at this moment, such as while a node was asked.
    """
    said = messages.parse(message)
    messages.check(said, site=site, now=now)
    user_id = principal.user_id
    await ways_in.require_signed_in(tx, user_id=user_id, session_id=principal.session_id)
    if not await store.take_challenge(
        tx, nonce_hash=_hash(said.nonce), browser_hash=_hash(browser_token), user_id=user_id, now=now
    ):
        raise ChallengeExpired
    if not by_contract and not _is_by_key(message, signature, said.address):
        raise SignatureRefused
    wallet = ChainWallet(
        wallet_id=new_id(),
        user_id=user_id,
        address=said.address.lower(),
        chain_id=said.chain_id,
        linked_at=now,
    )
    added = await store.add_wallet(tx, wallet=wallet, most=MOST)
    if added is None:
        raise WalletsFull
    if not added:
        raise WalletTaken
    await _tell(tx, user_id=user_id, added=True, device=device, now=now)
    return wallet


async def disconnect(tx: Tx, *, principal: Principal, wallet_id: UUID, device: Device, now: datetime) -> None:
    """Remove a wallet; its owner is told.

    Raises:
        WalletMissing: the account has no such wallet.
    """
    if not await store.remove_wallet(tx, user_id=principal.user_id, wallet_id=wallet_id):
        raise WalletMissing
    await _tell(tx, user_id=principal.user_id, added=False, device=device, now=now)


async def wallets_of(tx: Tx, *, user_id: UserId) -> list[ChainWallet]:
    """Return a person's wallets, the oldest first."""
    return await store.list_wallets(tx, user_id=user_id)


async def _tell(tx: Tx, *, user_id: UserId, added: bool, device: Device, now: datetime) -> None:
    await audit_log.record(
        tx,
        action=audit_log.Action.WALLET_LINKED if added else audit_log.Action.WALLET_REMOVED,
        user_id=user_id,
        actor_id=user_id,
        now=now,
        network=device.network,
    )
    notice = FactorNotice.WALLET_LINKED if added else FactorNotice.WALLET_REMOVED
    await accounts.tell_factor(tx, user_id=user_id, notice=notice, now=now)


async def _is_by_contract(
    runtime: Runtime, said: Message, *, browser_token: str, user_id: UserId, text: str, signature: str, now: datetime
) -> bool:
    octets = octets_of(signature)
    nonce, browser = _hash(said.nonce), _hash(browser_token)
    async with runtime.database.begin(read_only=True) as tx:
        if not await store.is_asked(tx, nonce_hash=nonce, browser_hash=browser, user_id=user_id, now=now):
            raise ChallengeExpired
    return await gateway.contract_takes(
        runtime.settings, address=said.address, chain_id=said.chain_id, digest=hash_of(text), signature=octets
    )


def _is_by_key(message: str, signature: str, address: str) -> bool:
    try:
        return signer_of(message, signature=signature) == address
    except SignatureRefused:
        return False


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()
