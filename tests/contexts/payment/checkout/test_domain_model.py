"""The pure part against a plain model of a gateway: whatever is done, lost, told late or told twice, the books agree.

The gateway here is an object that keeps the truth. The payment only ever hears of it by snapshots, which may be old when
they are told. Postings are summed in dictionaries; the payment's owner takes what arrives out of the escrow.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.factories.checkout import NOW, PAYPAL, SITE, STRIPE, Story, make_seen, make_started, usd
from vibestream.contexts.payment.checkout.domain import commands as c
from vibestream.contexts.payment.checkout.domain import events as e
from vibestream.contexts.payment.checkout.domain.acting import AskAgain, Cancel, Capture, GiveBack, Try, next_step
from vibestream.contexts.payment.checkout.domain.books import announced_by, escrow, movements_of
from vibestream.contexts.payment.checkout.domain.deciding import begin, decide
from vibestream.contexts.payment.checkout.domain.errors import NotCancellable, NotRefundable, RefundExceedsPayment
from vibestream.contexts.payment.checkout.domain.payment import evolve, fold
from vibestream.contexts.payment.checkout.domain.states import ENDED, Act, PaymentState, RefundState, Screening
from vibestream.contexts.payment.checkout.domain.views import view_of
from vibestream.contexts.payment.checkout.domain.words import words_of
from vibestream.contexts.payment.checkout.store import codec
from vibestream.contexts.payment.gateways.domain.port import (
    DisputeState,
    GatewayName,
    MoveState,
    ProviderDispute,
    ProviderPayment,
    ProviderRefund,
    ProviderState,
)
from vibestream.contexts.payment.ledger.domain.accounts import AccountKind, AccountName, wallet
from vibestream.kernel.ids import PaymentId, RefundId, UserId, uuid7
from vibestream.kernel.money import USD

P = ProviderState
GATEWAYS = (STRIPE, PAYPAL)
VERDICTS = st.sampled_from([Screening.ALLOW, Screening.ALLOW, Screening.STEP_UP, Screening.REVIEW])
FAR = ("begun", "opened", "lost", "nowhere", "elsewhere", "authorised", "captured", "captured", "captured")
FATES = st.sampled_from(["answered", "answered", "lost before", "lost after", "unavailable", "declined"])


# A failing walk is shown as it was found: making it shorter takes minutes, and its steps are few and speaking.
SETTINGS = settings(
    max_examples=120,
    stateful_step_count=60,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    report_multiple_bugs=False,
)


class Books:
    """What was posted, by account; a fact is posted once."""

    def __init__(self) -> None:
        self.balances: defaultdict[AccountName, int] = defaultdict(int)
        self.keys: set[str] = set()

    def post(self, before: object, event: e.Happened) -> None:
        for movement in movements_of(before, event):  # type: ignore[arg-type]  # a payment or None
            assert movement.key not in self.keys, movement.key
            self.keys.add(movement.key)
            self.balances[movement.giver] -= movement.amount.minor
            self.balances[movement.taker] += movement.amount.minor

    def of(self, kind: AccountKind, subject: str) -> int:
        return self.balances[AccountName(kind, subject, USD)]


class PaymentAndGateways(RuleBasedStateMachine):
    gives_keys_back = True

    def __init__(self) -> None:
        super().__init__()
        self.story = Story()
        self.books = Books()
        self.truth: dict[GatewayName, ProviderPayment] = {}
        self.told: list[tuple[GatewayName, ProviderPayment]] = []
        self.asked_before: set[str] = set()
        self.announced: list[str] = []
        made = uuid7(unix_ms=0, entropy=0)  # the same in each run, so that a failure can be played again
        self._happened(begin(make_started(payment_id=PaymentId(made), user_id=UserId(made))))

    @initialize(far=st.sampled_from(FAR), verdict=VERDICTS)
    def get_going(self, far: str, verdict: Screening) -> None:
        """Most payments get somewhere, before anything unusual happens to them."""
        if far == "begun":
            return
        self.screen(verdict)
        fate = {"lost": "lost after", "elsewhere": "unavailable", "nowhere": "lost before"}.get(far, "answered")
        self.go_on(fate, later=True)
        if far == "elsewhere":
            self.go_on("answered", later=True)
        gateway = self.story.payment.gateway
        if far in {"authorised", "captured"} and gateway is not None:
            self.payer_acts(gateway, P(far))
            self.look()

    # What happens here

    def _happened(self, events: tuple[e.Happened, ...]) -> None:
        for event in events:
            before = fold(self.story.events)
            self.books.post(before, event)
            news = announced_by(before, event, at=NOW)
            if news is not None:
                self.announced.append(type(news).__name__)
            after = evolve(before, event)
            self.story.events.append(event)
            if isinstance(event, e.Captured):
                # Its owner takes it where it was meant for.
                self.books.balances[self._escrow] -= after.amount.minor
                self.books.balances[self._wallet] += after.amount.minor

    def _do(self, command: c.Command) -> None:
        self._happened(decide(self.story.payment, command))

    @property
    def _wallet(self) -> AccountName:
        return wallet(user_id=self.story.payment.user_id, currency=USD)

    @property
    def _escrow(self) -> AccountName:
        return escrow(payment_id=self.story.payment.payment_id, currency=USD)

    @precondition(lambda self: self.story.payment.verdict is None)
    @rule(verdict=VERDICTS)
    def screen(self, verdict: Screening) -> None:
        self._do(c.Screen(decision_id=None, verdict=verdict))

    @precondition(lambda self: self.story.payment.in_review)
    @rule(approved=st.booleans())
    def review(self, approved: bool) -> None:
        self._do(c.Review(approved=approved))

    @rule(really=st.integers(0, 5))
    def call_off(self, really: int) -> None:
        if really:
            return  # seldom
        try:
            self._do(c.AskCancel(reason="cancelled"))
        except NotCancellable:
            assert self.story.payment.arrived

    @rule(minor=st.integers(1, 1_200))
    def want_refund(self, minor: int) -> None:
        refund_id = RefundId(uuid7(unix_ms=len(self.story.events), entropy=0))
        command = c.AskRefund(
            refund_id=refund_id, amount=usd(minor), reason="wish", requested_by=None, source=self._wallet
        )
        if self.books.balances[self._wallet] < minor:
            return
        try:
            self._do(command)
        except (NotRefundable, RefundExceedsPayment):
            assert (
                not self.story.payment.arrived
                or minor > self.story.payment.refundable.minor
                or (self.story.payment.disputed.minor)
            )

    @precondition(lambda self: self.story.payment.verdict is not None)
    @rule(fate=FATES, later=st.booleans())
    def go_on(self, fate: str, later: bool) -> None:
        """Do the next thing as `driving` does, with this fate for the call."""
        payment = self.story.payment
        step = next_step(payment, now=NOW)
        if isinstance(step, Try):
            able = frozenset(GATEWAYS if later else ())
            self._do(c.Attempt(route=GATEWAYS, captures_later=able, site=SITE, at=NOW))
        if isinstance(step, Capture):
            self._do(c.AskCapture())
        payment = self.story.payment
        match next_step(payment, now=NOW):
            case AskAgain(attempt):
                self._open(attempt.number, attempt.gateway, attempt.key, fate)
            case Capture():
                self._act(Act.CAPTURE, fate)
            case Cancel():
                self._act(Act.CANCEL, fate)
            case GiveBack(refund):
                self._give_back(refund.refund_id, refund.key or "", refund.amount.minor, fate)
            case _:
                self.look()

    def _open(self, number: int, gateway: GatewayName, key: str, fate: str) -> None:
        first = key not in self.asked_before
        self.asked_before.add(key)
        if fate == "unavailable":
            if first:
                self._do(c.FailAttempt(number=number, reason="gateway.unavailable", unavailable=True))
            else:
                self._do(c.LoseOutcome(act=Act.OPEN))
            return
        if fate == "declined" and gateway not in self.truth:
            self._do(c.FailAttempt(number=number, reason="declined", unavailable=False))
            return
        if fate != "lost before" and gateway not in self.truth:
            self.truth[gateway] = make_seen(self.story.payment, payment_ref=f"{gateway}_1")
        if fate.startswith("lost"):
            self._do(c.LoseOutcome(act=Act.OPEN))
        else:
            self._do(c.Observe(gateway=gateway, seen=self.truth[gateway]))

    def _act(self, act: Act, fate: str) -> None:
        gateway = self.story.payment.gateway
        assert gateway is not None
        there = self.truth[gateway]
        if fate == "unavailable":
            return
        if fate == "declined" and there.state in {P.OPEN, P.AUTHORISED}:
            self._do(c.Observe(gateway=gateway, seen=there))
            self._do(c.RefuseCapture(reason="no") if act is Act.CAPTURE else c.RefuseCancel())
            return
        if fate != "lost before":
            if act is Act.CAPTURE and there.state is P.AUTHORISED:
                self.truth[gateway] = replace(there, state=P.CAPTURED, captured=there.amount)
            if act is Act.CANCEL and there.state in {P.OPEN, P.AUTHORISED}:
                self.truth[gateway] = replace(there, state=P.CANCELLED)
        if fate.startswith("lost"):
            self._do(c.LoseOutcome(act=act))
        else:
            self._do(c.Observe(gateway=gateway, seen=self.truth[gateway]))

    def _give_back(self, refund_id: RefundId, key: str, minor: int, fate: str) -> None:
        gateway = self.story.payment.gateway
        assert gateway is not None
        there = self.truth[gateway]
        shown = key if self.gives_keys_back else None
        # As `asking` does: whether it was made is looked for before it is made again.
        known = {one.refund_ref for one in self.story.payment.refunds.values()}
        made = next((one for one in there.refunds if one.refund_ref == f"re_{key}"), None)
        if key in self.asked_before and any(
            one.key == key or (one.key is None and one.refund_ref not in known and one.amount.minor == minor)
            for one in there.refunds
        ):
            self._do(c.Observe(gateway=gateway, seen=there))
            return
        self.asked_before.add(key)
        if fate == "unavailable":
            return
        if made is None and (fate == "declined" or there.captured.minor - there.refunded.minor < minor):
            self._do(c.Observe(gateway=gateway, seen=there))
            self._do(c.RefuseRefund(refund_id=refund_id, reason="no"))
            return
        if fate != "lost before" and made is None:
            made = ProviderRefund(
                refund_ref=f"re_{key}", payment_ref="x", amount=usd(minor), state=MoveState.PENDING, key=shown
            )
            self._refunded(gateway, made)
        if made is None or fate.startswith("lost"):
            self._do(c.LoseRefund(refund_id=refund_id))
        else:
            self._do(c.TellRefund(refund_id=refund_id, refund_ref=made.refund_ref, state=made.state))

    def _refunded(self, gateway: GatewayName, *changed: ProviderRefund) -> None:
        there = self.truth[gateway]
        refunds = {one.refund_ref: one for one in (*there.refunds, *changed)}
        gone = sum(
            one.amount.minor for one in refunds.values() if one.state in {MoveState.PENDING, MoveState.SUCCEEDED}
        )
        self.truth[gateway] = replace(there, refunds=tuple(refunds.values()), refunded=usd(gone))

    @rule()
    def look(self) -> None:
        gateway = self.story.payment.gateway
        if gateway is not None and self.story.payment.payment_ref is not None:
            self._do(c.Observe(gateway=gateway, seen=self.truth[gateway]))

    # What happens there

    @rule(
        gateway=st.sampled_from(GATEWAYS),
        state=st.sampled_from([P.PROCESSING, P.AUTHORISED, P.CAPTURED, P.FAILED, P.CANCELLED]),
    )
    def payer_acts(self, gateway: GatewayName, state: ProviderState) -> None:
        there = self.truth.get(gateway)
        follows = {P.OPEN: {*P} - {P.OPEN}, P.PROCESSING: {P.CAPTURED, P.FAILED}, P.AUTHORISED: {P.CANCELLED}}
        if there is None or state not in follows.get(there.state, set()):
            return
        captured = there.amount if state is P.CAPTURED else usd(0)
        self.truth[gateway] = replace(there, state=state, captured=captured)

    @rule(gateway=st.sampled_from(GATEWAYS), minor=st.integers(0, 100))
    def fee_is_named(self, gateway: GatewayName, minor: int) -> None:
        there = self.truth.get(gateway)
        if there is not None and there.state is P.CAPTURED:
            self.truth[gateway] = replace(there, fee=usd(minor))

    @rule(gateway=st.sampled_from(GATEWAYS), minor=st.integers(1, 1_000))
    def somebody_there_refunds(self, gateway: GatewayName, minor: int) -> None:
        there = self.truth.get(gateway)
        if there is None or there.captured.minor - there.refunded.minor < minor:
            return
        number = len(there.refunds)
        made = ProviderRefund(
            refund_ref=f"own_{number}", payment_ref="x", amount=usd(minor), state=MoveState.SUCCEEDED, key=None
        )
        self._refunded(gateway, made)

    @rule(gateway=st.sampled_from(GATEWAYS), number=st.integers(0, 5), state=st.sampled_from([*MoveState]))
    def refund_goes_on(self, gateway: GatewayName, number: int, state: MoveState) -> None:
        there = self.truth.get(gateway)
        if there is None or number >= len(there.refunds):
            return
        one = there.refunds[number]
        follows = {
            MoveState.PENDING: {MoveState.SUCCEEDED, MoveState.FAILED},
            MoveState.SUCCEEDED: {MoveState.RETURNED},
        }
        if state in follows.get(one.state, set()):
            self._refunded(gateway, replace(one, state=state))

    @rule(
        gateway=st.sampled_from(GATEWAYS), state=st.sampled_from([*DisputeState]), fee=st.none() | st.integers(0, 1_500)
    )
    def bank_acts(self, gateway: GatewayName, state: DisputeState, fee: int | None) -> None:
        there = self.truth.get(gateway)
        if there is None or there.state is not P.CAPTURED:
            return
        left = there.captured.minor - there.refunded.minor
        if not there.disputes and left <= 0:
            return
        before = there.disputes[0] if there.disputes else None
        if before is not None and before.state is not DisputeState.OPEN:
            return
        amount = usd(left) if before is None else before.amount
        known = None if before is None or before.fee is None else before.fee.minor  # never forgotten again
        fee = known if fee is None else fee
        one = ProviderDispute(
            dispute_ref=f"d_{gateway}",
            payment_ref="x",
            amount=amount,
            fee=None if fee is None else usd(fee),
            state=state,
            reason="fraudulent",
        )
        self.truth[gateway] = replace(there, disputes=(one,))

    # What is told late, and twice

    @rule(gateway=st.sampled_from(GATEWAYS))
    def snapshot(self, gateway: GatewayName) -> None:
        if gateway in self.truth:
            self.told.append((gateway, self.truth[gateway]))

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def tell(self, data: st.DataObject) -> None:
        """A snapshot arrives, perhaps an old one, perhaps again."""
        gateway, seen = data.draw(st.sampled_from(self.told))
        own = self.story.payment.gateway is gateway and self.story.payment.attempt is not None
        if not own or self.story.payment.payment_ref is not None:  # as `noting` does
            self._do(c.Observe(gateway=gateway, seen=seen))

    # What always holds

    @invariant()
    def the_stream_says_everything(self) -> None:
        read = [codec.decode(one.type, codec.encode(one)) for one in self.story.events]
        assert read == self.story.events
        assert fold(read) == self.story.payment
        assert self.story.payment.version == len(read)
        assert all(words_of(one) for one in read)

    @invariant()
    def the_books_balance_and_nobody_is_overdrawn(self) -> None:
        assert sum(self.books.balances.values()) == 0
        assert self.books.balances[self._escrow] >= 0
        assert self.books.balances[self._wallet] >= 0

    @invariant()
    def what_is_shown_is_what_stands(self) -> None:
        payment = self.story.payment
        view = view_of(payment, started_at=NOW, changed_at=NOW)
        assert view.captured == (payment.amount if "captured" in self.story.types else usd(0))
        assert payment.refundable.minor + payment.refunding.minor + payment.disputed.minor == payment.captured.minor
        assert (view.redirect_url is None) or payment.state is PaymentState.PENDING

    @invariant()
    def money_is_announced_once(self) -> None:
        assert self.announced.count("PaymentCaptured") == self.story.types.count("captured") <= 1
        over = sum(one in {"failed", "cancelled"} for one in self.story.types)
        assert self.announced.count("PaymentAbandoned") == over <= 1

    @invariant()
    def a_gateway_is_left_only_when_it_did_nothing_that_we_know_of(self) -> None:
        for attempt in self.story.payment.attempts[:-1]:
            assert attempt.failed is not None

    def teardown(self) -> None:
        """Everybody has their say, the gateway's last: then the books are those of the gateways."""
        if self.story.payment.verdict is None:
            self.screen(Screening.ALLOW)
        for _ in range(30):
            self.go_on("answered", later=True)
            self.look()
        for gateway, seen in self.truth.items():
            self._do(c.Observe(gateway=gateway, seen=seen))
        payment = self.story.payment
        assert payment.state is not PaymentState.UNKNOWN
        if payment.state not in ENDED and not payment.held_back and not payment.in_review:
            assert payment.attempt is None or payment.payment_ref is not None
        for gateway in GATEWAYS:
            held = self._held_at(gateway, self.truth.get(gateway))
            assert self.books.of(AccountKind.GATEWAY_CLEARING, gateway.value) == -held
        waiting = sum(
            one.amount.minor
            for one in payment.refunds.values()
            if one.state in {RefundState.ASKED, RefundState.LOST, RefundState.SENT}
        )
        assert self.books.balances[self._escrow] == waiting

    def _held_at(self, gateway: GatewayName, seen: ProviderPayment | None) -> int:
        """Return what the gateway holds for us by the parts of its object that have happened for good."""
        if seen is None:
            return 0
        if gateway is not self.story.payment.gateway or not self.story.payment.arrived:
            return seen.captured.minor - seen.refunded.minor
        back = sum(one.amount.minor for one in seen.refunds if one.state is MoveState.SUCCEEDED)
        disputed = sum(one.amount.minor for one in seen.disputes if one.state is not DisputeState.WON)
        fees = sum(one.fee.minor for one in seen.disputes if one.fee is not None)
        return seen.captured.minor - back - disputed - fees - (seen.fee.minor if seen.fee is not None else 0)


class WithoutKeys(PaymentAndGateways):
    """A gateway that does not say which refund was ours."""

    gives_keys_back = False


def test_books_and_gateway_agree_whatever_happens():
    run_state_machine_as_test(PaymentAndGateways, settings=SETTINGS)


def test_they_agree_where_refunds_come_back_without_our_key():
    run_state_machine_as_test(WithoutKeys, settings=SETTINGS)


def test_the_clock_does_not_run_out_in_the_model():
    # The model asks at one instant: a key that is too old is a case of its own in test_deciding.
    assert isinstance(next_step(Story.attempted().payment, now=NOW + timedelta(days=1)), AskAgain)
