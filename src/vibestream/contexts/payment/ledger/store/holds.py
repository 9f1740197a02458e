"""Holds."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from vibestream.contexts.payment.ledger.domain.accounts import AccountKind
from vibestream.contexts.payment.ledger.domain.holds import Hold, HoldState
from vibestream.kernel.ids import AccountId, HoldId, TransactionId, UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


async def place_hold(
    tx: Tx, *, hold_id: HoldId, key: str, account_id: AccountId, amount: Money, expires_at: datetime, reason: str
) -> tuple[str, HoldId | None]:
    """Set an amount aside, and return what became of it and the hold under the key, if there is one.

    Raises:
        psycopg.errors.SerializationFailure: another session used the key meanwhile; run again.
    """
    placed = await tx.one(
        _placed,
        "SELECT outcome, placed_as FROM payment.place_hold(%s, %s, %s, %s, %s, %s, %s)",
        [hold_id, key, account_id, amount.currency.code, amount.minor, expires_at, reason],
    )
    assert placed is not None  # noqa: S101 - the function always answers
    return placed


async def void_hold(tx: Tx, hold_id: HoldId) -> HoldState | None:
    """Give a pending hold back, and return how the hold is now, None when there is none."""
    state = await tx.value("SELECT payment.void_hold(%s)", [hold_id])
    return None if state is None else HoldState(state)


async def expire_holds(tx: Tx, *, most: int) -> int:
    """Resolve up to so many accounts' holds whose time is over, and return how many holds that were."""
    return int(await tx.value("SELECT payment.expire_holds(%s)", [most]))


async def load_hold(tx: Tx, hold_id: HoldId) -> Hold | None:
    """Return a hold as it stands now: one whose time is over has expired, whether or not somebody wrote that down."""
    return await tx.one(
        _hold,
        """
        SELECT h.id, h.account_id, a.currency, h.amount, h.reason, h.placed_at, h.expires_at, h.captured, h.captured_by,
            CASE WHEN h.state = 'pending' AND h.expires_at <= statement_timestamp() THEN 'expired' ELSE h.state END
                AS state
        FROM payment.hold h JOIN payment.account a ON a.id = h.account_id
        WHERE h.id = %s
        """,
        [hold_id],
    )


async def list_holds_of_person(tx: Tx, user_id: UserId, *, kinds: Collection[AccountKind]) -> list[Hold]:
    """Return the holds that stand now on a person's accounts of these kinds, the newest first."""
    return await tx.all(
        _hold,
        """
        SELECT h.id, h.account_id, a.currency, h.amount, h.reason, h.placed_at, h.expires_at, h.captured, h.captured_by,
            h.state
        FROM payment.account a JOIN payment.hold h ON h.account_id = a.id
        WHERE a.subject = %s AND a.kind = ANY(%s) AND h.state = 'pending' AND h.expires_at > statement_timestamp()
        ORDER BY h.placed_at DESC, h.id DESC
        """,
        [str(user_id), [kind.value for kind in kinds]],
    )


def _placed(*, outcome: str, placed_as: HoldId | None) -> tuple[str, HoldId | None]:
    return outcome, placed_as


def _hold(
    *,
    id: HoldId,  # noqa: A002 - a column
    account_id: AccountId,
    currency: str,
    amount: int,
    reason: str,
    placed_at: datetime,
    expires_at: datetime,
    state: str,
    captured: int | None,
    captured_by: TransactionId | None,
) -> Hold:
    of = Currency.of(currency)
    return Hold(
        hold_id=id,
        account_id=account_id,
        amount=Money(amount, of),
        reason=reason,
        placed_at=placed_at,
        expires_at=expires_at,
        state=HoldState(state),
        captured=None if captured is None else Money(captured, of),
        captured_by=captured_by,
    )
