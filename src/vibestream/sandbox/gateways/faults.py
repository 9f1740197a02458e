"""Switchable faults: what goes wrong, at which act, and how many more times."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from typing import Any, Final

from vibestream.sandbox.gateways.store import Store


class Fault(enum.StrEnum):
    """What can go wrong."""

    TIMEOUT_AFTER_EFFECT = "timeout_after_effect"
    """It happens, and no answer comes: the connection is held for `seconds` (default 60), then cut. 0 cuts at once."""
    ERROR_500 = "error_500"
    """The provider's own 500; nothing happened, unless `effect` is true."""
    HTML = "html"
    """A proxy in front answers 502 with a page; nothing happened, unless `effect` is true."""
    TRUNCATED = "truncated"
    """It happens, and the answer breaks off in its middle."""
    RATE_LIMITED = "rate_limited"
    """429; nothing happened."""
    SLOW = "slow"
    """It happens after `seconds` (default 1), in which the key is in use."""
    INSUFFICIENT_BALANCE = "insufficient_balance"
    """The provider says that our own balance with it does not cover the payout."""
    WRONG_AMOUNT = "wrong_amount"
    """With `on` = capture, another amount is captured than was asked for (one unit less); else a webhook's body says a
    tenfold amount, correctly signed, while the object itself is right."""
    LATE_FEE = "late_fee"
    """The fee of a payment is not known before `POST /_sandbox/{provider}/settle`."""
    DUPLICATE_WEBHOOK = "duplicate_webhook"
    REORDER_WEBHOOKS = "reorder_webhooks"
    """The next one arrives after those that follow it."""
    LATE_WEBHOOK = "late_webhook"
    """It arrives `seconds` (default 3) late."""
    DROP_WEBHOOK = "drop_webhook"
    """It never arrives."""
    BAD_SIGNATURE = "bad_signature"
    """Its first delivery is signed wrongly; the next ones, after it was refused, rightly."""


ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class Taken:
    """A fault that happens now, with its options."""

    kind: Fault
    options: dict[str, Any]

    def seconds(self, default: float) -> float:
        """Return the option `seconds`."""
        return float(self.options.get("seconds", default))

    @property
    def effect(self) -> bool:
        """Whether the act takes effect although its answer says nothing of it."""
        return bool(self.options.get("effect", False))


class Faults:
    """The faults that were switched on and have not been used up; they survive a restart."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, provider: str, kind: Fault, *, act: str, times: int, options: dict[str, Any]) -> None:
        """Switch a fault on for the next `times` acts of one kind, `*` for any."""
        self._store.db.execute(
            "INSERT INTO faults (provider, kind, act, times, options) VALUES (?, ?, ?, ?, ?)",
            (provider, kind.value, act, times, json.dumps(options)),
        )

    def take(self, provider: str, kinds: frozenset[Fault], *, act: str, exactly: bool = False) -> Taken | None:
        """Use up and return the oldest fault of these kinds for an act; None when all goes well.

        With `exactly`, a fault for any act does not count.
        """
        marks = ", ".join("?" * len(kinds))
        row = self._store.db.execute(
            f"SELECT seq, kind, options FROM faults WHERE provider = ? AND times > 0 AND act IN (?, ?) AND kind IN ({marks})"  # noqa: S608 - marks only
            " ORDER BY seq LIMIT 1",
            (provider, act, act if exactly else ANY, *(kind.value for kind in sorted(kinds))),
        ).fetchone()
        if row is None:
            return None
        self._store.write_lastingly("UPDATE faults SET times = times - 1 WHERE seq = ?", (row[0],))
        return Taken(Fault(row[1]), json.loads(row[2]))

    def left(self, provider: str) -> list[dict[str, Any]]:
        """Return the faults that are still to happen."""
        rows = self._store.db.execute(
            "SELECT kind, act, times FROM faults WHERE provider = ? AND times > 0 ORDER BY seq", (provider,)
        )
        return [{"kind": kind, "on": act, "times": times} for kind, act, times in rows]

    def clear(self, provider: str) -> None:
        """Switch every fault of a provider off."""
        self._store.db.execute("DELETE FROM faults WHERE provider = ?", (provider,))
