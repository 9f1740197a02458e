"""Events and what became of them: the rows that every feature is counted from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from vibestream.contexts.payment.fraud.domain.facts import FRAUDULENT, Facts, Outcome
from vibestream.contexts.payment.fraud.domain.history import ASKED, HORIZON, LABEL_DELAY, MOST_EVENTS, HistoryRow
from vibestream.platform.database import Tx

_AHEAD: Final = timedelta(minutes=1)
"""Clocks of several machines differ: an event so little in the future was committed before us, and counts as just past."""


async def lock_entities(tx: Tx, facts: Facts) -> None:
    """Make decisions about the same person, method or device wait for each other until this transaction ends.

    Without it, twenty requests sent at once would each see none of the other nineteen.
    """
    named = (("user", str(facts.user_id)), ("method", facts.method_fingerprint), ("device", facts.device))
    keys = sorted({_lock_key(f"{name}:{value}") for name, value in named if value is not None})
    await tx.execute(
        "SELECT pg_advisory_xact_lock(locks.key) FROM (SELECT unnest(%s::bigint[]) AS key ORDER BY 1) AS locks", [keys]
    )


async def save_event(tx: Tx, facts: Facts, *, cents: int) -> None:
    """Remember what is asked about; asked again, only what was not known before is added."""
    await tx.execute(
        """
        INSERT INTO payment.risk_event (subject, kind, user_id, at, amount, currency, cents, purpose, gateway, method,
            device, network, email_domain, country, beneficiary)
        VALUES (%(subject)s, %(kind)s, %(user)s, %(at)s, %(amount)s, %(currency)s, %(cents)s, %(purpose)s, %(gateway)s,
            %(method)s, %(device)s, %(network)s, %(domain)s, %(country)s, %(payee)s)
        ON CONFLICT (subject) DO UPDATE SET
            gateway = coalesce(excluded.gateway, risk_event.gateway),
            method = coalesce(excluded.method, risk_event.method),
            device = coalesce(risk_event.device, excluded.device),
            network = coalesce(risk_event.network, excluded.network),
            email_domain = coalesce(risk_event.email_domain, excluded.email_domain),
            country = coalesce(risk_event.country, excluded.country)
        """,
        _values(facts) | {"amount": facts.amount.minor, "currency": facts.amount.currency.code, "cents": cents},
    )
    await _apply_outcomes(tx, facts.subject)


async def save_method(tx: Tx, *, subject: str, method: str) -> None:
    """Write with which card or account it is paid, when that was not known."""
    await tx.execute(
        "UPDATE payment.risk_event SET method = %s WHERE subject = %s AND method IS NULL", [method, subject]
    )


async def load_histories(tx: Tx, facts: Facts, *, cents: int, now: datetime) -> list[HistoryRow]:
    """Return the decision's own event, and per entity what happened before it, as far as any window looks.

    Per entity the latest events, and the latest of those older than a week, each bounded: a mail provider that all share
    costs no more to read than a card.
    """
    values = _values(facts) | {
        "cents": cents,
        "now": now,
        "latest": now + _AHEAD,
        "since": now - HORIZON,
        "mature": now - LABEL_DELAY,
        "most": MOST_EVENTS,
    }
    # A payee's income is what others pay to it: of a payout, the payments to whoever is paid out.
    values["payee_of"] = facts.beneficiary if facts.kind == "payment" else facts.user_id
    return await tx.all(_history, _HISTORIES, values)


async def save_outcome(tx: Tx, *, subject: str, outcome: Outcome, at: datetime) -> bool:
    """Remember what became of it; False when that was known."""
    added = await tx.execute(
        "INSERT INTO payment.risk_outcome (subject, outcome, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [subject, outcome.value, at],
    )
    await _apply_outcomes(tx, subject)
    return added == 1


async def list_outcomes(tx: Tx, *, subject: str) -> list[tuple[Outcome, datetime]]:
    """Return what became of it, in order of time."""
    return await tx.all(
        _outcome, "SELECT outcome, at FROM payment.risk_outcome WHERE subject = %s ORDER BY at, outcome", [subject]
    )


async def _apply_outcomes(tx: Tx, subject: str) -> None:
    """Write on the event what its outcomes say; whichever of the two came first."""
    await tx.execute(
        """
        UPDATE payment.risk_event event SET declined_at = found.declined_at, fraud_at = found.fraud_at,
            good_at = found.good_at
        FROM (
            SELECT min(at) FILTER (WHERE outcome = 'declined') AS declined_at,
                min(at) FILTER (WHERE outcome = ANY (%(fraud)s)) AS fraud_at,
                min(at) FILTER (WHERE outcome = 'reviewed_as_good') AS good_at
            FROM payment.risk_outcome WHERE subject = %(subject)s
        ) AS found
        WHERE event.subject = %(subject)s
            AND (found.declined_at, found.fraud_at, found.good_at)
                IS DISTINCT FROM (event.declined_at, event.fraud_at, event.good_at)
        """,
        {"subject": subject, "fraud": sorted(one.value for one in FRAUDULENT)},
    )


def _values(facts: Facts) -> dict[str, Any]:
    return {
        "subject": facts.subject,
        "kind": facts.kind,
        "user": facts.user_id,
        "at": facts.at,
        "purpose": facts.purpose,
        "gateway": facts.gateway,
        "method": facts.method_fingerprint,
        "device": facts.device,
        "network": facts.network,
        "domain": facts.email_domain,
        "country": facts.country,
        "payee": facts.beneficiary if facts.kind == "payment" else None,
    }


def _lock_key(text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=8, person=b"fraud.lock").digest()
    return int.from_bytes(digest, signed=True)


def _codes(columns: Sequence[str]) -> str:
    return ", ".join(f"coalesce(hashtextextended({column}::text, 0), 0)" for column in columns)


_MS: Final = "floor(extract(epoch FROM {} ) * 1000)::bigint"
_OWN_CODES: Final = _codes(
    ["%(user)s::uuid", "%(method)s", "%(device)s", "%(network)s", "%(domain)s", "%(payee_of)s::uuid", "%(country)s"]
)
_EVENT_CODES: Final = _codes(["user_id", "method", "device", "network", "email_domain", "beneficiary", "country"])


def _part(entity: str, column: str, value: str, *, older: bool) -> str:
    kind = "'payment'" if entity == "payee" else "%(kind)s"
    until = "at < %(mature)s" if older else "at <= %(latest)s"
    return f"""(
        SELECT '{entity}' AS entity, subject, at, cents, declined_at, fraud_at, user_id, method, device, network,
            email_domain, beneficiary, country
        FROM payment.risk_event
        WHERE {column} = {value} AND kind = {kind} AND subject <> %(subject)s AND at > %(since)s AND {until}
        ORDER BY at DESC LIMIT %(most)s
    )"""  # noqa: S608 - put together from literals of this module


_SEARCHED: Final = (
    ("user", "user_id", "%(user)s::uuid"),
    ("method", "method", "%(method)s"),
    ("device", "device", "%(device)s"),
    ("network", "network", "%(network)s"),
    ("domain", "email_domain", "%(domain)s"),
    ("payee", "beneficiary", "%(payee_of)s::uuid"),
)
_HISTORIES: Final[Any] = f"""
    SELECT '{ASKED}' AS entity, {_MS.format("%(now)s::timestamptz")} AS at_ms, %(cents)s::bigint AS cents,
        ARRAY[{_OWN_CODES}] AS codes, false AS declined, false AS fraud
    UNION ALL
    SELECT entity, least({_MS.format("at")}, {_MS.format("%(now)s::timestamptz")} - 1), cents, ARRAY[{_EVENT_CODES}],
        declined_at <= %(latest)s IS TRUE, fraud_at <= %(latest)s IS TRUE
    FROM ({" UNION ".join(_part(*one, older=older) for one in _SEARCHED for older in (False, True))}) AS found
"""  # noqa: S608 - put together from literals of this module


def _history(*, codes: list[int], **columns: Any) -> HistoryRow:
    return HistoryRow(codes=tuple(codes), **columns)


def _outcome(*, outcome: str, at: datetime) -> tuple[Outcome, datetime]:
    return Outcome(outcome), at
