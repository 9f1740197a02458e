"""The ledger against a plain Python model of it: whatever is done in whatever order, both say the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test

from tests.factories.payment import make_hold, make_liquidity, make_posting, make_wallet, violations
from vibestream.contexts.payment.ledger import service
from vibestream.contexts.payment.ledger.service import Posting, Status
from vibestream.kernel.errors import VibeStreamError
from vibestream.kernel.ids import AccountId, HoldId, TransactionId, new_id
from vibestream.kernel.money import USD, VIBE, Currency, Money
from vibestream.platform.database import Database, Tx, as_app_role

T = TypeVar("T")
SHORT = timedelta(milliseconds=5)
OPENING = 1_000


@dataclass
class Held:
    account: AccountId
    amount: int
    state: str = "pending"


@dataclass
class Recorded:
    posting: Posting
    reversed: bool = False


@dataclass
class Model:
    """What the books must say, kept in dictionaries."""

    guarded: dict[AccountId, int] = field(default_factory=dict)
    free: dict[AccountId, int] = field(default_factory=dict)
    holds: dict[HoldId, Held] = field(default_factory=dict)
    keys: dict[str, TransactionId] = field(default_factory=dict)
    recorded: dict[TransactionId, Recorded] = field(default_factory=dict)

    def held(self, account: AccountId) -> int:
        return sum(one.amount for one in self.holds.values() if one.account == account and one.state == "pending")

    def post(self, posting: Posting) -> tuple[Status, TransactionId | None]:
        known = self.keys.get(posting.key)
        if known is not None:
            return (Status.REPLAYED if _same(self.recorded[known].posting, posting) else Status.KEY_REUSED), known
        refused = self._refuse_reversal(posting) or self._refuse_capture(posting) or self._refuse_overdraft(posting)
        if refused:
            return refused, None
        for leg in posting.legs:
            books = self.guarded if leg.account_id in self.guarded else self.free
            books[leg.account_id] += leg.amount.minor
        if posting.captures is not None:
            self.holds[posting.captures].state = "captured"
        if posting.reverses is not None:
            self.recorded[posting.reverses].reversed = True
        self.keys[posting.key] = posting.transaction_id
        self.recorded[posting.transaction_id] = Recorded(posting)
        return Status.POSTED, posting.transaction_id

    def _refuse_reversal(self, posting: Posting) -> Status | None:
        if posting.reverses is None:
            return None
        original = self.recorded[posting.reverses]
        if original.posting.reverses is not None:
            return Status.REVERSAL_OF_REVERSAL
        return Status.ALREADY_REVERSED if original.reversed else None

    def _refuse_capture(self, posting: Posting) -> Status | None:
        if posting.captures is None:
            return None
        hold = self.holds[posting.captures]
        if hold.state != "pending":
            return Status.HOLD_EXPIRED if hold.state == "expired" else Status.HOLD_RESOLVED
        return None if 1 <= -_moved(posting, hold.account) <= hold.amount else Status.EXCEEDS_HOLD

    def _refuse_overdraft(self, posting: Posting) -> Status | None:
        captured = self.holds[posting.captures] if posting.captures is not None else None
        for account in {leg.account_id for leg in posting.legs} & set(self.guarded):
            freed = captured.amount if captured and captured.account == account else 0
            if self.guarded[account] + _moved(posting, account) < self.held(account) - freed:
                return Status.INSUFFICIENT_FUNDS
        return None


def _moved(posting: Posting, account: AccountId) -> int:
    return sum(leg.amount.minor for leg in posting.legs if leg.account_id == account)


def _same(one: Posting, other: Posting) -> bool:
    def asked(posting: Posting) -> tuple[Any, ...]:
        return posting.kind, posting.legs, dict(posting.details), posting.captures, posting.reverses

    return asked(one) == asked(other)


class Bridge:
    """Runs service calls from code that is not async, each in a transaction that commits."""

    def __init__(self, owner_dsn: str) -> None:
        self._runner = asyncio.Runner()
        self.database = Database(as_app_role(owner_dsn), max_size=2)
        self._runner.run(self.database.open())

    def do(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        return self._runner.run(self.database.run(work))

    def violations(self) -> dict[str, str]:
        return self._runner.run(violations(self.database))

    def close(self) -> None:
        self._runner.run(self.database.close())
        self._runner.close()


@pytest.fixture
def bridge(owner_dsn: str) -> Iterator[Bridge]:
    made = Bridge(owner_dsn)
    yield made
    made.close()


accounts = st.integers(0, 5)
amounts = st.one_of(st.integers(-400, 400), st.sampled_from([-OPENING, OPENING, 1])).filter(bool)
legs = st.lists(st.tuples(accounts, amounts), min_size=1, max_size=4)


class LedgerMachine(RuleBasedStateMachine):
    holds: Bundle[HoldId] = Bundle("holds")
    transactions: Bundle[TransactionId] = Bundle("transactions")

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self.bridge = bridge
        self.model = Model()
        self.currency: dict[AccountId, Currency] = {}
        bridge.do(self._open)

    async def _open(self, tx: Tx) -> None:
        for currency in (VIBE, USD):
            source = await make_liquidity(tx, currency)
            for _ in range(2):
                account = (await make_wallet(tx, OPENING, currency=currency)).account_id
                self.model.guarded[account] = OPENING
                self.currency[account] = currency
            self.currency[source] = currency
            self.model.free[source] = (await service.balance_of(tx, account_id=source)).posted.minor
        self.accounts = list(self.currency)

    def _posting(self, chosen: list[tuple[int, int]], *, key: str | None = None, **more: Any) -> Posting:
        """Legs as drawn, and for each currency one more on its liquidity account that makes them balance."""
        drawn = [(self.accounts[index], minor) for index, minor in chosen]
        sums = {VIBE: 0, USD: 0}
        for account, minor in drawn:
            sums[self.currency[account]] += minor
        sources = {self.currency[source]: source for source in self.model.free}
        drawn += [(sources[currency], -rest) for currency, rest in sums.items() if rest]
        given = [(account, Money(minor, self.currency[account])) for account, minor in drawn]
        return make_posting(*given, key=key, **more)

    def _decide(self, batch: list[Posting]) -> list[tuple[Status, TransactionId | None]]:
        expected = [self.model.post(posting) for posting in batch]
        outcomes = self.bridge.do(lambda tx: service.post_batch(tx, postings=batch))
        assert [(one.status, one.transaction_id) for one in outcomes] == expected
        return expected

    @rule(target=transactions, chosen=legs)
    def post_one(self, chosen: list[tuple[int, int]]) -> Any:
        return self._posted([self._posting(chosen)])

    @rule(target=transactions, several=st.lists(st.tuples(legs, st.integers(0, 2)), min_size=2, max_size=5))
    def post_several(self, several: list[tuple[list[tuple[int, int]], int]]) -> Any:
        """Some of a batch share a key, with the same or with another request."""
        names = [str(new_id()) for _ in range(3)]
        return self._posted([self._posting(chosen, key=names[name]) for chosen, name in several])

    def _posted(self, batch: list[Posting]) -> Any:
        return multiple(*[made for status, made in self._decide(batch) if status is Status.POSTED])

    @rule(made=transactions)
    def repeat(self, made: TransactionId) -> None:
        posting = self.model.recorded[made].posting
        again = make_posting(
            *[(leg.account_id, leg.amount) for leg in posting.legs],
            key=posting.key,
            captures=posting.captures,
            reverses=posting.reverses,
        )
        assert self._decide([again]) == [(Status.REPLAYED, made)]

    @rule(made=transactions, chosen=legs)
    def reuse_a_key(self, made: TransactionId, chosen: list[tuple[int, int]]) -> None:
        self._decide([self._posting(chosen, key=self.model.recorded[made].posting.key)])

    @rule(target=transactions, made=transactions)
    def undo(self, made: TransactionId) -> Any:
        original = self.model.recorded[made].posting
        mirror = make_posting(*[(leg.account_id, -leg.amount) for leg in original.legs], reverses=made)
        return self._posted([mirror])

    @rule(target=holds, index=accounts, minor=st.integers(1, OPENING))
    def hold(self, index: int, minor: int) -> Any:
        account = self.accounts[index]
        spare = self.model.guarded.get(account, 0) - self.model.held(account)
        code = "ledger.not_guarded" if account in self.model.free else "ledger.insufficient_funds"
        return self._place(account, minor, code if account in self.model.free or minor > spare else None)

    def _place(self, account: AccountId, minor: int, refusal: str | None) -> Any:
        made = self._try_to_place(account, minor, timedelta(hours=1))
        if refusal:
            assert made == refusal
            return multiple()
        assert isinstance(made, UUID)
        self.model.holds[made] = Held(account, minor)
        return made

    def _try_to_place(self, account: AccountId, minor: int, lasts: timedelta) -> HoldId | str:
        async def place(tx: Tx) -> HoldId | str:
            try:
                return await make_hold(tx, account, Money(minor, self.currency[account]), lasts=lasts)
            except VibeStreamError as refused:
                return refused.code

        return self.bridge.do(place)

    @rule(target=holds, index=st.integers(0, 5))
    def hold_for_a_moment(self, index: int) -> Any:
        """A hold whose time is over before anything else is done, and that nobody has resolved yet."""
        account = self.accounts[index]
        spare = self.model.guarded.get(account, 0) - self.model.held(account)
        if spare <= 0:
            return multiple()
        lasts = SHORT
        while (made := self._try_to_place(account, spare, lasts)) == "ledger.invalid_hold":
            lasts *= 2  # it was over before the database saw it
        assert isinstance(made, UUID)
        self.model.holds[made] = Held(account, spare)
        time.sleep(2 * lasts.total_seconds())
        self.model.holds[made].state = "expired"
        return made

    @rule(target=transactions, made=holds, minor=st.integers(1, OPENING), index=accounts)
    def capture(self, made: HoldId, minor: int, index: int) -> Any:
        """Take from the held account, or from another one."""
        held_at = self.accounts.index(self.model.holds[made].account)
        source = held_at if index < 5 else index
        return self._posted([self._posting([(source, -minor)], captures=made)])

    @rule(made=holds)
    def void(self, made: HoldId) -> None:
        expected = {
            "pending": "voided", "voided": "voided", "captured": "ledger.hold_resolved", "expired": "ledger.hold_expired",
        }[self.model.holds[made].state]  # fmt: skip

        async def give_back(tx: Tx) -> str:
            try:
                await service.void_hold(tx, hold_id=made)
            except VibeStreamError as refused:
                return refused.code
            return "voided"

        assert self.bridge.do(give_back) == expected
        if expected == "voided":
            self.model.holds[made].state = "voided"

    @rule()
    def tidy_up(self) -> None:
        self.bridge.do(lambda tx: service.expire_holds(tx, most=10))

    @rule()
    def take_snapshots(self) -> None:
        self.bridge.do(lambda tx: service.take_snapshots(tx, least_entries=1))

    @invariant()
    def says_the_same(self) -> None:
        async def read(tx: Tx) -> dict[AccountId, tuple[int, int]]:
            found = [await service.balance_of(tx, account_id=account) for account in self.accounts]
            return {one.account_id: (one.posted.minor, one.held.minor) for one in found}

        expected = {account: (minor, self.model.held(account)) for account, minor in self.model.guarded.items()}
        expected |= {account: (minor, 0) for account, minor in self.model.free.items()}
        assert self.bridge.do(read) == expected

    def teardown(self) -> None:
        async def states(tx: Tx) -> dict[HoldId, str]:
            return {made: (await service.hold(tx, hold_id=made)).state.value for made in self.model.holds}

        assert self.bridge.do(states) == {made: one.state for made, one in self.model.holds.items()}
        assert self.bridge.violations() == {}


def test_the_ledger_and_its_model_say_the_same(bridge: Bridge):
    run_state_machine_as_test(
        cast("type[RuleBasedStateMachine]", lambda: LedgerMachine(bridge)),
        settings=settings(
            max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
        ),
    )
