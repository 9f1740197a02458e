"""The tables of wallets and of what is being signed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.chain_wallets.domain.address import checked
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainWallet:
    """A wallet that somebody has shown to be theirs."""

    wallet_id: UUID
    user_id: UserId
    address: str
    chain_id: int
    linked_at: datetime

    @property
    def written(self) -> str:
        """The address with the capitals of its checksum."""
        return checked(self.address)


async def add_challenge(
    tx: Tx, *, nonce_hash: bytes, browser_hash: bytes, user_id: UserId, expires_at: datetime
) -> None:
    """Note what a browser is asked to have signed."""
    await tx.execute(
        "INSERT INTO users.chain_wallet_challenge (nonce_hash, browser_hash, user_id, expires_at)"
        " VALUES (%s, %s, %s, %s)",
        [nonce_hash, browser_hash, user_id, expires_at],
    )


async def take_challenge(tx: Tx, *, nonce_hash: bytes, browser_hash: bytes, user_id: UserId, now: datetime) -> bool:
    """Use a challenge up, and say whether it was one of this browser and person."""
    touched = await tx.execute(
        "DELETE FROM users.chain_wallet_challenge WHERE nonce_hash = %s AND browser_hash = %s AND user_id = %s"
        " AND expires_at > %s",
        [nonce_hash, browser_hash, user_id, now],
    )
    return touched == 1


async def is_asked(tx: Tx, *, nonce_hash: bytes, browser_hash: bytes, user_id: UserId, now: datetime) -> bool:
    """Say whether a challenge of this browser and person can be answered, without using it up."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT FROM users.chain_wallet_challenge WHERE nonce_hash = %s AND browser_hash = %s"
            " AND user_id = %s AND expires_at > %s)",
            [nonce_hash, browser_hash, user_id, now],
        )
    )


async def drop_expired(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete challenges that expired before an instant, at most so many, and return how many."""
    return await tx.execute(
        "DELETE FROM users.chain_wallet_challenge WHERE nonce_hash IN (SELECT nonce_hash"
        " FROM users.chain_wallet_challenge WHERE expires_at < %s ORDER BY expires_at LIMIT %s)",  # no lock: nobody may update one
        [before, most],
    )


async def add_wallet(tx: Tx, *, wallet: ChainWallet, most: int) -> bool | None:
    """Insert a wallet, and say whether it was nobody's; None when the person has `most` already.

    The person's profile is locked, so that two that are added at once are counted one after the other.
    """
    await tx.execute("SELECT FROM users.fan_profile WHERE user_id = %s FOR UPDATE", [wallet.user_id])
    if await tx.value("SELECT count(*) FROM users.chain_wallet WHERE user_id = %s", [wallet.user_id]) >= most:
        return None
    touched = await tx.execute(
        "INSERT INTO users.chain_wallet (wallet_id, user_id, address, chain_id, linked_at)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (address) DO NOTHING",
        [wallet.wallet_id, wallet.user_id, wallet.address, wallet.chain_id, wallet.linked_at],
    )
    return touched == 1


async def list_wallets(tx: Tx, *, user_id: UserId) -> list[ChainWallet]:
    """Return a person's wallets, the oldest first."""
    return await tx.all(
        ChainWallet,
        "SELECT wallet_id, user_id, address, chain_id, linked_at FROM users.chain_wallet WHERE user_id = %s"
        " ORDER BY linked_at, wallet_id",
        [user_id],
    )


async def remove_wallet(tx: Tx, *, user_id: UserId, wallet_id: UUID) -> bool:
    """Delete a wallet of a person, and say whether there was one."""
    touched = await tx.execute(
        "DELETE FROM users.chain_wallet WHERE wallet_id = %s AND user_id = %s", [wallet_id, user_id]
    )
    return touched == 1


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return a person's wallets."""
    return await tx.values(
        "SELECT jsonb_build_object('address', address, 'chain_id', chain_id, 'linked_at', linked_at)"
        " FROM users.chain_wallet WHERE user_id = %s ORDER BY linked_at, wallet_id",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete a person's wallets, and what they were asked to sign."""
    await tx.execute("DELETE FROM users.chain_wallet_challenge WHERE user_id = %s", [user_id])
    await tx.execute("DELETE FROM users.chain_wallet WHERE user_id = %s", [user_id])
