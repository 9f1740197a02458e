"""Entering an account, and making one, by what another issuer says of its owner; whose word counts is decided by the caller."""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.user.accounts import domain, store
from vibestream.contexts.user.accounts.service.half_way import SecondStep, begin_second_step
from vibestream.contexts.user.accounts.service.sign_up import SignedIn
from vibestream.contexts.user.attempts import service as attempts
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.sessions import service as sessions
from vibestream.contexts.user.sessions.service import Device, EnteredBy
from vibestream.contexts.user.ways_in.service import Round
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Tx


async def enter_by_issuer(
    tx: Tx,
    *,
    user_id: UserId,
    in_round: Round,
    provider: str,
    device: Device,
    now: datetime,
    replaces: str | None = None,
    device_token: str = "",
) -> SignedIn | SecondStep:
    """Open a session for the owner of an account, whom another issuer has named; `provider` goes into the log.

    An account with a second factor is not entered yet: the browser gets what `finish_second_step` wants of it. One with a
    password is entered without a proof of it, as the issuer's word is none in a session that is open either.

    `in_round`: the account's, read before its connection with whom the issuer names was.

    Raises:
        AccountClosed: the account is being erased.
        Overtaken: everybody was put out of it at this moment.
    """
    stored = await passwords.hash_of(tx, user_id=user_id)
    if await factors.has_second(tx, user_id=user_id):
        return await begin_second_step(tx, user_id=user_id, in_round=in_round, password_hash=stored, now=now)
    opened = await sessions.open_session(
        tx,
        user_id=user_id,
        in_round=in_round,
        device=device,
        now=now,
        replaces=replaces,
        by=EnteredBy.IDENTITY,
        proved=stored is None,
    )
    await audit_log.record(
        tx,
        action=audit_log.Action.SIGNED_IN,
        user_id=user_id,
        actor_id=user_id,
        now=now,
        network=device.network,
        detail=provider,
    )
    token = await attempts.remember(tx, user_id=user_id, device_token=device_token, now=now)
    return SignedIn(user_id, opened, token)


async def make_by_issuer(
    tx: Tx, *, email: str, display_name: str, locale: str, device: Device, now: datetime
) -> UserId | None:
    """Make an account without a password for the owner of an address that an issuer vouches for; None when somebody has it.

    What others had begun with the address and never proved is dropped, their codes with it.

    Raises:
        AddressInvalid, TextInvalid, PreferenceInvalid: say what is wrong.
    """
    address = domain.parse_address(email)
    name = profiles.display_name_of(display_name)
    profiles.require_preferences(locale=locale, theme="system")
    user_id = UserId(new_id())
    await store.add_account(tx, user_id=user_id, address=address, now=now)
    found = await store.lock_by_lookup(tx, address=address)
    if found is None or found.verified_at is not None:
        return None
    await store.save_verified(tx, user_id=found.user_id, email=address.email, now=now)
    await profiles.create_fan(tx, user_id=found.user_id, display_name=name, locale=locale)
    await store.drop_sign_ups(tx, user_id=found.user_id)
    await audit_log.record(
        tx,
        action=audit_log.Action.ADDRESS_VERIFIED,
        user_id=found.user_id,
        actor_id=found.user_id,
        now=now,
        network=device.network,
        detail="issuer",
    )
    return found.user_id


async def drop_second_steps(tx: Tx, *, user_id: UserId) -> None:
    """Make every browser that stands before the second factor of an account begin again."""
    await store.drop_second_steps(tx, user_id=user_id)
