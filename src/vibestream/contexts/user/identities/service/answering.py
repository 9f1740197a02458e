"""Taking what a browser brings back from an issuer, and deciding whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.accounts.service import SecondStep, SignedIn
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.factors import service as factors
from vibestream.contexts.user.identities import gateway
from vibestream.contexts.user.identities.domain.errors import (
    AnotherAccount,
    AnswerRefused,
    CannotProve,
    Declined,
    IssuerUnavailable,
    RequestExpired,
)
from vibestream.contexts.user.identities.domain.values import Claimed, Identity, Proofs, Request, hash_of
from vibestream.contexts.user.identities.gateway import Answer
from vibestream.contexts.user.identities.service.asking import back_address, unsealed
from vibestream.contexts.user.identities.service.counting import count
from vibestream.contexts.user.identities.service.linking import link, was_removed
from vibestream.contexts.user.identities.service.proving import prove
from vibestream.contexts.user.identities.service.waiting import keep_waiting
from vibestream.contexts.user.identities.store import identities, requests
from vibestream.contexts.user.sessions.service import Device, OpenedSession
from vibestream.contexts.user.ways_in import service as ways_in
from vibestream.contexts.user.ways_in.service import Round
from vibestream.kernel.ids import UserId
from vibestream.platform.access import Principal
from vibestream.platform.database import Tx
from vibestream.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class ToConnect:
    """Nobody here is connected with it yet, or it was asked for by somebody who is signed in: it waits in this browser."""

    linking: bool


@dataclass(frozen=True, slots=True)
class Proved:
    """Who is signed in has shown there that it is them: their session's new token, and what they had asked for."""

    session: OpenedSession
    again: str
    carried: tuple[tuple[str, str], ...]


Outcome = SignedIn | SecondStep | ToConnect | Proved


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an answer, and where the browser wanted to go."""

    outcome: Outcome
    onward: str


async def answer(
    runtime: Runtime,
    *,
    provider: str,
    answer: Answer,
    browser_token: str,
    device: Device,
    now: datetime,
    replaces: str | None = None,
    device_token: str = "",
    principal: Principal | None = None,
) -> Answered:
    """Take the answer of an issuer from the browser that was sent there: each is taken once.

    Whoever is connected is signed in, after their second factor if they have one. Who is not is connected at once only if
    the issuer vouches for the address, the address was proved here, and no second factor would be passed by. Anything else
    waits in this browser until its owner says whose it is. Of somebody who was sent to show that it is them (`principal`), the
    answer is that and nothing else. Opens its own transactions, one before and one after the issuer
    is asked.

    Raises:
        ProviderMissing: there is no such issuer.
        RequestExpired: this browser was not sent there, or too long ago, or has answered already.
        Declined, AnswerRefused, IssuerUnavailable: nobody came back that we believe in; it is counted and logged.
        AnotherAccount, CannotProve: whoever showed themselves there is not who is signed in here, or it does not count.
        AccountClosed: the account is being erased.
        Overtaken: everybody was put out of the account since the browser was sent.
    """
    request, claimed = await _claimed(
        runtime, provider=provider, answer=answer, browser_token=browser_token, device=device, now=now
    )

    async def finish(tx: Tx) -> Answered:
        arrival = _Arrival(claimed, device, now, replaces, device_token)
        if request.user_id is None:
            return Answered(await _decide(tx, runtime, request, arrival, browser_token), request.onward)
        session = await prove(tx, request=request, claimed=claimed, principal=principal, device=device, now=now)
        again, carried = unsealed(runtime.settings, request=request, state=answer.state)
        return Answered(Proved(session, again, carried), request.onward)

    try:
        answered = await runtime.database.run(finish)
    except (AnotherAccount, CannotProve) as error:
        count(provider, outcome=error)
        async with runtime.database.begin() as tx:
            await _refused(tx, provider=provider, device=device, now=now, user_id=request.user_id)
        raise
    count(provider, outcome=type(answered.outcome).__name__)
    return answered


async def _claimed(
    runtime: Runtime, *, provider: str, answer: Answer, browser_token: str, device: Device, now: datetime
) -> tuple[Request, Claimed]:
    """Use up what the browser was sent for, and return it with who the issuer says has come back."""
    issuer = gateway.open_issuer(runtime.settings, name=provider)
    async with runtime.database.begin() as tx:
        request = await requests.take(
            tx,
            state_hash=hash_of(answer.state),
            browser_hash=hash_of(browser_token),
            provider=provider,
            now=now,
        )
    if request is None:
        expired = RequestExpired()
        count(provider, outcome=expired)
        raise expired
    try:
        claimed = await issuer.claimed(
            answer,
            back=back_address(runtime.settings, provider=provider),
            proofs=Proofs.of(answer.state, key=runtime.settings.signing_key()),
            now=now,
            since=None if request.user_id is None else request.asked_at,
        )
    except (Declined, AnswerRefused, IssuerUnavailable) as error:
        count(provider, outcome=error)
        if isinstance(error, AnswerRefused):
            async with runtime.database.begin() as tx:
                await _refused(tx, provider=provider, device=device, now=now)
        raise
    return request, claimed


@dataclass(frozen=True, slots=True)
class _Arrival:
    claimed: Claimed
    device: Device
    now: datetime
    replaces: str | None
    device_token: str


async def _decide(
    tx: Tx, runtime: Runtime, request: Request, arrival: _Arrival, browser_token: str
) -> SignedIn | SecondStep | ToConnect:
    claimed, now = arrival.claimed, arrival.now
    found = None if request.linking else await _connected(tx, request, arrival)
    if found is None:
        await keep_waiting(tx, settings=runtime.settings, browser_token=browser_token, claimed=claimed, now=now)
        return ToConnect(request.linking)
    user_id, in_round = found
    return await accounts.enter_by_issuer(
        tx,
        user_id=user_id,
        in_round=in_round,
        provider=claimed.provider,
        device=arrival.device,
        now=now,
        replaces=arrival.replaces,
        device_token=arrival.device_token,
    )


async def _connected(tx: Tx, request: Request, arrival: _Arrival) -> tuple[UserId, Round] | None:
    """Return whose the account elsewhere is, and in which round they show it; None: nobody's here, or not any more."""
    claimed = arrival.claimed
    found = await identities.find(tx, issuer=claimed.issuer, subject=claimed.subject)
    found = found or await _connected_by_address(tx, arrival)
    if found is None:
        return None
    # Read before the connection is touched: whoever removes it waits for us, or we find that it is gone.
    in_round = await ways_in.begin(tx, user_id=found.user_id, since=request.asked_at)
    used = await identities.save_used(tx, identity_id=found.identity_id, label=claimed.label, now=arrival.now)
    return (found.user_id, in_round) if used else None


async def _connected_by_address(tx: Tx, arrival: _Arrival) -> Identity | None:
    """Connect an account with whom the issuer vouches for, when the address is proved here and it is the only factor.

    Not once something of this issuer was taken off the account: whoever had it then is in again by their owner's hand alone.
    """
    claimed = arrival.claimed
    owner = await proved_owner(tx, claimed=claimed)
    if owner is None or await factors.has_second(tx, user_id=owner):
        return None
    if await was_removed(tx, user_id=owner, provider=claimed.provider):
        return None
    return await link(tx, claimed=claimed, user_id=owner, device=arrival.device, now=arrival.now)


async def proved_owner(tx: Tx, *, claimed: Claimed) -> UserId | None:
    """Return whose proved address here is one that the issuer vouches for; None for any other."""
    if not claimed.email_verified:
        return None
    try:
        return (await accounts.verified_by_email(tx, email=claimed.email)).user_id
    except accounts.AddressInvalid:
        return None


async def _refused(tx: Tx, *, provider: str, device: Device, now: datetime, user_id: UserId | None = None) -> None:
    await audit_log.record(
        tx,
        action=audit_log.Action.SIGN_IN_REFUSED if user_id is None else audit_log.Action.FACTOR_REFUSED,
        user_id=user_id,
        now=now,
        network=device.network,
        detail=provider,
    )
