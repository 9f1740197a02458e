"""The tables of accounts, addresses and sign-ups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.user.accounts.domain import Address, SignUp
from vibestream.contexts.user.ways_in.service import Round
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

_SIGN_UP: Final = (
    "SELECT sign_up_id, user_id, browser_hash, decoy, email, password_hash, display_name, locale, created_at,"
    " expires_at, tries_left FROM users.sign_up"
)
_ACCOUNT: Final = "SELECT user_id, email, verified_at, created_at FROM users.address JOIN users.account USING (user_id)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account and its address; `verified_at` None: nobody has proved the address yet, and nobody can sign in."""

    user_id: UserId
    email: str
    verified_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """Whom an address signs in, and the hash that their password must match."""

    user_id: UserId
    password_hash: str
    round: Round
    """Of the account, as the hash was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What the message of a sign-up needs: where it goes, and whether the owner was told of another try already."""

    sign_up_id: UUID
    email: str
    locale: str
    decoy: bool
    told_before: bool
    superseded: bool
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondStepRow:
    """Whose second step a browser is at, by which password, as the SHA-256 of its stored hash, and in which round.

    `guarded`: begun during an attack, whatever was shown. `user_id` None: a guarded one, whose password was wrong.
    """

    step_id: UUID
    user_id: UserId | None
    password_print: bytes
    round: Round
    guarded: bool


async def add_account(tx: Tx, *, user_id: UserId, address: Address, now: datetime) -> bool:
    """Make an unverified account of an address, and say whether it is new; waits for whoever makes it just now."""
    touched = await tx.execute(
        "WITH claimed AS (INSERT INTO users.address (user_id, email, lookup) VALUES (%(user_id)s, %(email)s, %(lookup)s)"
        " ON CONFLICT (lookup) DO NOTHING RETURNING user_id)"
        " INSERT INTO users.account (user_id, created_at) SELECT user_id, %(now)s FROM claimed",
        {"user_id": user_id, "email": address.email, "lookup": address.lookup, "now": now},
    )
    return touched == 1


async def lock_by_lookup(tx: Tx, *, address: Address) -> Account | None:
    """Return the account of an address, its address locked."""
    return await tx.one(Account, _ACCOUNT + " WHERE lookup = %s FOR UPDATE OF address", [address.lookup])


async def lock_account(tx: Tx, *, user_id: UserId) -> Account | None:
    """Return an account, its address locked."""
    return await tx.one(Account, _ACCOUNT + " WHERE user_id = %s FOR UPDATE OF address", [user_id])


async def lock_both(tx: Tx, *, user_id: UserId, address: Address) -> list[Account]:
    """Return an account, and the one of an address if it is another, their addresses locked in the order of ids."""
    return await tx.all(
        Account,
        _ACCOUNT + " WHERE user_id = %s OR lookup = %s ORDER BY user_id FOR UPDATE OF address",
        [user_id, address.lookup],
    )


async def drop_address(tx: Tx, *, user_id: UserId) -> None:
    """Take an account's address away, to give it another in the same transaction."""
    await tx.execute("DELETE FROM users.address WHERE user_id = %s", [user_id])


async def claim_address(tx: Tx, *, user_id: UserId, address: Address, now: datetime) -> bool:
    """Give an account without an address one that was proved, and say whether nobody else had it; waits for whoever claims it."""
    touched = await tx.execute(
        "INSERT INTO users.address (user_id, email, lookup, verified_at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (lookup) DO NOTHING",
        [user_id, address.email, address.lookup, now],
    )
    return touched == 1


async def forget_one_unverified(tx: Tx, *, user_id: UserId) -> None:
    """Delete the address, the name and the sign-ups of an account that nobody verified, its address locked."""
    await tx.execute("DELETE FROM users.sign_up WHERE user_id = %s", [user_id])
    await tx.execute("DELETE FROM users.fan_profile WHERE user_id = %s", [user_id])
    await tx.execute("DELETE FROM users.address WHERE user_id = %s AND verified_at IS NULL", [user_id])


async def load_account(tx: Tx, *, user_id: UserId) -> Account | None:
    """Return an account; None when there is none, or it was erased."""
    return await tx.one(Account, _ACCOUNT + " WHERE user_id = %s", [user_id])


async def find_account(tx: Tx, *, address: Address) -> Account | None:
    """Return the account of an address."""
    return await tx.one(Account, _ACCOUNT + " WHERE lookup = %s", [address.lookup])


async def find_credential(tx: Tx, *, address: Address) -> Credential | None:
    """Return how the verified account of an address signs in by password; None when it does not."""
    return await tx.one(
        Credential,
        "SELECT user_id, hash AS password_hash, round FROM users.address JOIN users.password USING (user_id)"
        " JOIN users.account USING (user_id)"
        " WHERE lookup = %s AND verified_at IS NOT NULL",
        [address.lookup],
    )


async def save_verified(tx: Tx, *, user_id: UserId, email: str, now: datetime) -> None:
    """Note that an account's address, in the spelling that was mailed to, was proved."""
    await tx.execute("UPDATE users.address SET verified_at = %s, email = %s WHERE user_id = %s", [now, email, user_id])


async def add_sign_up(tx: Tx, *, sign_up: SignUp) -> None:
    """Insert a sign-up."""
    await tx.execute(
        "INSERT INTO users.sign_up (sign_up_id, user_id, browser_hash, decoy, email, password_hash, display_name,"
        " locale, created_at, expires_at, tries_left) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            sign_up.sign_up_id,
            sign_up.user_id,
            sign_up.browser_hash,
            sign_up.decoy,
            sign_up.email,
            sign_up.password_hash,
            sign_up.display_name,
            sign_up.locale,
            sign_up.created_at,
            sign_up.expires_at,
            sign_up.tries_left,
        ],
    )


async def find_newest_sign_up(tx: Tx, *, browser_hash: bytes) -> SignUp | None:
    """Return the newest sign-up of a browser. It changes only under the lock of its account's address."""
    return await tx.one(
        SignUp,
        _SIGN_UP + " WHERE browser_hash = %s ORDER BY created_at DESC, sign_up_id DESC LIMIT 1",
        [browser_hash],
    )


async def save_tries(tx: Tx, *, sign_up_id: UUID, tries_left: int) -> None:
    """Note how often a code can still be tried."""
    await tx.execute("UPDATE users.sign_up SET tries_left = %s WHERE sign_up_id = %s", [tries_left, sign_up_id])


async def list_recent(tx: Tx, *, user_id: UserId, since: datetime) -> list[datetime]:
    """Return when codes were made for an account since an instant, in order."""
    return list(
        await tx.value(
            "SELECT ARRAY(SELECT created_at FROM users.sign_up WHERE user_id = %s AND created_at > %s"
            " ORDER BY created_at)",
            [user_id, since],
        )
    )


async def drop_sign_ups(tx: Tx, *, user_id: UserId) -> None:
    """Delete every sign-up of an account."""
    await tx.execute("DELETE FROM users.sign_up WHERE user_id = %s", [user_id])


async def load_letter(tx: Tx, *, sign_up_id: UUID, told_since: datetime) -> Letter | None:
    """Return what the message of a sign-up needs; None when the sign-up is over.

    A decoy's goes to the owner's own address and in the owner's language. `told_before`: another decoy of the account
    was made after `told_since` and before this one. `superseded`: the browser has asked for a newer code.
    """
    return await tx.one(
        Letter,
        "SELECT s.sign_up_id, coalesce(s.email, a.email) AS email, s.decoy, s.expires_at,"
        " CASE WHEN s.decoy THEN p.locale ELSE s.locale END AS locale,"
        " EXISTS (SELECT FROM users.sign_up o WHERE o.user_id = s.user_id AND o.decoy"
        "     AND (o.created_at, o.sign_up_id) < (s.created_at, s.sign_up_id) AND o.created_at > %s) AS told_before,"
        " EXISTS (SELECT FROM users.sign_up n WHERE n.browser_hash = s.browser_hash"
        "     AND (n.created_at, n.sign_up_id) > (s.created_at, s.sign_up_id)) AS superseded"
        " FROM users.sign_up s JOIN users.address a USING (user_id) JOIN users.fan_profile p USING (user_id)"
        " WHERE s.sign_up_id = %s",
        [told_since, sign_up_id],
    )


async def drop_expired(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete sign-ups that expired before an instant, at most so many, and return how many."""
    return await tx.execute(
        "DELETE FROM users.sign_up WHERE sign_up_id IN (SELECT sign_up_id FROM users.sign_up"
        " WHERE expires_at < %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


async def forget_unverified(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete the address and the name of accounts made before an instant that nobody verified, and return how many.

    An account with a sign-up that may still be verified is left alone.
    """
    return await tx.execute(
        "WITH stale AS (SELECT user_id FROM users.address JOIN users.account USING (user_id)"
        "     WHERE verified_at IS NULL AND created_at < %s"
        "     AND NOT EXISTS (SELECT FROM users.sign_up s WHERE s.user_id = account.user_id)"
        "     LIMIT %s FOR UPDATE OF address SKIP LOCKED),"
        " named AS (DELETE FROM users.fan_profile WHERE user_id IN (SELECT user_id FROM stale))"
        " DELETE FROM users.address WHERE user_id IN (SELECT user_id FROM stale)",
        [before, most],
    )


async def add_second_step(
    tx: Tx,
    *,
    browser_hash: bytes,
    step: SecondStepRow,
    tries_left: int,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Note that a browser has shown the password, or in a guarded step that it has shown one."""
    await tx.execute(
        "INSERT INTO users.second_step (browser_hash, step_id, user_id, password_print, round, guarded, created_at,"
        " expires_at, tries_left) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            browser_hash,
            step.step_id,
            step.user_id,
            step.password_print,
            step.round,
            step.guarded,
            now,
            expires_at,
            tries_left,
        ],
    )


async def find_guarded_step(tx: Tx, *, step_id: UUID, now: datetime) -> UserId | None:
    """Return whose password was shown in a guarded step that can still be finished; None when it was nobody's."""
    found = await tx.value(
        "SELECT user_id FROM users.second_step WHERE step_id = %s AND guarded AND expires_at > %s AND tries_left > 0",
        [step_id, now],
    )
    return None if found is None else UserId(found)


async def lock_second_step(tx: Tx, *, browser_hash: bytes, now: datetime) -> SecondStepRow | None:
    """Return the step of a browser that can still be finished, locked; None when there is none."""
    return await tx.one(
        SecondStepRow,
        "SELECT step_id, user_id, password_print, round, guarded FROM users.second_step"
        " WHERE browser_hash = %s AND expires_at > %s AND tries_left > 0 FOR UPDATE",
        [browser_hash, now],
    )


async def spend_try(tx: Tx, *, browser_hash: bytes) -> None:
    """Take one try from a step."""
    await tx.execute("UPDATE users.second_step SET tries_left = tries_left - 1 WHERE browser_hash = %s", [browser_hash])


async def drop_second_step(tx: Tx, *, browser_hash: bytes) -> None:
    """Delete a step."""
    await tx.execute("DELETE FROM users.second_step WHERE browser_hash = %s", [browser_hash])


async def drop_second_steps(tx: Tx, *, user_id: UserId) -> None:
    """Delete every step of an account."""
    await tx.execute("DELETE FROM users.second_step WHERE user_id = %s", [user_id])


async def drop_expired_steps(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete steps that expired before an instant, at most so many, and return how many."""
    return await tx.execute(
        "DELETE FROM users.second_step WHERE browser_hash IN (SELECT browser_hash FROM users.second_step"
        " WHERE expires_at < %s ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED)",
        [before, most],
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return a person's address, and since when they are here."""
    return await tx.values(
        "SELECT jsonb_build_object('email', email, 'verified_at', verified_at, 'created_at', created_at)"
        " FROM users.account LEFT JOIN users.address USING (user_id) WHERE user_id = %s",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete a person's address and what waited for it; of the account stays an id, and when it was made."""
    await tx.execute("DELETE FROM users.address WHERE user_id = %s", [user_id])
    await tx.execute("DELETE FROM users.sign_up WHERE user_id = %s", [user_id])
    await tx.execute("DELETE FROM users.second_step WHERE user_id = %s", [user_id])
