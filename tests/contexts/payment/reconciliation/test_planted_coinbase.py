"""Coinbase's books against ours, made by real payments over the sandbox: what is planted is found, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from tests.factories.gateways import Sandbox
from tests.factories.payouts import new_user, work
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import PaymentState, PaymentView, Purpose
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.reconciliation import service
from vibestream.contexts.payment.reconciliation.service import Class, FindingState, Kind, Report
from vibestream.kernel.ids import new_id
from vibestream.kernel.money import Currency, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.runtime import Runtime

COINBASE = GatewayName.COINBASE
USDC = Currency.of("USDC")
TEN = 10_000_000
"""10 USDC, in millionths."""
CENT = 10_000
FEE = 100_000
"""1 % of it."""


async def pay(runtime: Runtime, sandbox: Sandbox, minor: int = TEN) -> PaymentView:
    """A payment in coins that was captured, and whose fee is known."""
    async with runtime.database.begin() as tx:
        view = await checkout.start(
            tx,
            key=f"test:{new_id()}",
            user_id=new_user(),
            purpose=Purpose.WALLET_TOP_UP,
            subject="",
            amount=Money(minor, USDC),
            description="Top-up",
            return_to="/wallet",
            gateway=COINBASE,
        )
    await work(runtime)
    view = await seen(runtime, view)
    assert view.redirect_url is not None, view
    sandbox.click(view.redirect_url, "pay")
    sandbox.settle("coinbase")
    return await told(runtime, view)


async def seen(runtime: Runtime, view: PaymentView) -> PaymentView:
    async with runtime.database.begin() as tx:
        return await checkout.payment(tx, payment_id=view.payment_id)


async def told(runtime: Runtime, view: PaymentView) -> PaymentView:
    """The payment after a webhook about it."""
    async with runtime.database.begin() as tx:
        assert view.payment_ref is not None
        await checkout.note_changed(tx, gateway=COINBASE, payment_ref=view.payment_ref)
    await work(runtime)
    return await seen(runtime, view)


async def refund(runtime: Runtime, sandbox: Sandbox, view: PaymentView, minor: int) -> None:
    async with runtime.database.begin() as tx:
        await checkout.request_refund(
            tx,
            key=f"refund:{view.payment_id}",
            payment_id=view.payment_id,
            amount=Money(minor, USDC),
            reason="requested",
            requested_by=None,
            source=AccountName(AccountKind.PAYMENT_ESCROW, str(view.payment_id), USDC),
        )
    await work(runtime)
    sandbox.settle("coinbase")
    await told(runtime, view)


async def reconcile(runtime: Runtime, *, after: timedelta = timedelta(days=4)) -> Report:
    """Compare today, as it is done days later, when nothing is too new any more."""
    now = utc_now()
    return await service.reconcile(runtime, gateway=COINBASE, day=now.date(), now=now + after)


Found = tuple[Class, Kind, int | None, int | None]


def by_subject(report: Report) -> dict[str, set[Found]]:
    found: dict[str, set[Found]] = {}
    for one in report.differences:
        found.setdefault(one.subject, set()).add((one.class_, one.kind, one.ours, one.theirs))
    return found


async def open_findings(runtime: Runtime) -> int:
    async with runtime.database.begin() as tx:
        return len(await service.findings(tx, states={FindingState.OPEN}, limit=100))


async def test_books_that_agree_agree(paying: Runtime, own_gateways: Sandbox):
    kept, refunded = [await pay(paying, own_gateways, minor) for minor in (TEN, 2 * TEN)]
    assert kept.state is PaymentState.CAPTURED
    await refund(paying, own_gateways, refunded, 4_000_000)
    assert (await seen(paying, refunded)).refunded == Money(4_000_000, USDC)

    report = await reconcile(paying)

    assert by_subject(report) == {}
    # Two payments with a fee each, and the refund.
    assert (report.lines, report.matched, report.waiting) == (3, 5, 0)
    assert await open_findings(paying) == 0


async def test_five_planted_discrepancies_of_five_kinds_are_found_and_none_is_invented(
    paying: Runtime, own_gateways: Sandbox
):
    dropped, more, dearer, twice, fine = [await pay(paying, own_gateways) for _ in range(5)]
    for kind, view in {
        "missing_there": dropped,
        "amount_differs": more,
        "fee_differs": dearer,
        "duplicate": twice,
    }.items():
        own_gateways.plant("coinbase", kind, checkout=view.payment_ref)
    stranger = own_gateways.plant("coinbase", "missing_here", amount="7.77")

    report = await reconcile(paying)

    assert by_subject(report) == {
        f"payment:{dropped.payment_id}": {(Class.MISSING_THERE, Kind.CHARGE, TEN, None)},
        f"payment:{more.payment_id}": {(Class.AMOUNT_DIFFERS, Kind.CHARGE, TEN, TEN + CENT)},
        f"payment:{dearer.payment_id}": {(Class.FEE_DIFFERS, Kind.FEE, FEE, FEE + CENT)},
        f"payment:{twice.payment_id}": {(Class.DUPLICATE, Kind.CHARGE, TEN, 2 * TEN)},
        f"coinbase:{stranger['id']}": {(Class.MISSING_HERE, Kind.CHARGE, None, 7_770_000)},
    }
    assert f"payment:{fine.payment_id}" not in by_subject(report)
    assert await open_findings(paying) == 5

    again = await reconcile(paying, after=timedelta(days=4, hours=1))
    assert by_subject(again) == by_subject(report), "seen again, not found again"
    assert await open_findings(paying) == 5


async def test_a_refund_made_at_coinbase_is_found_until_we_have_heard_of_it(paying: Runtime, own_gateways: Sandbox):
    view = await pay(paying, own_gateways)
    own_gateways.refund("coinbase", checkout=view.payment_ref, amount="4.00")
    report = await reconcile(paying)
    ((found,),) = by_subject(report).values()
    assert found == (Class.MISSING_HERE, Kind.REFUND, None, -4_000_000)

    await told(paying, view)
    after = await reconcile(paying, after=timedelta(days=4, hours=1))

    assert (by_subject(after), after.resolved) == ({}, 1)
    assert await open_findings(paying) == 0


async def test_what_is_a_moment_old_waits_and_is_no_finding(paying: Runtime, own_gateways: Sandbox):
    view = await pay(paying, own_gateways)
    own_gateways.plant("coinbase", "amount_differs", checkout=view.payment_ref)
    own_gateways.plant("coinbase", "missing_here")

    report = await reconcile(paying, after=timedelta(minutes=5))

    # The amount, and the stranger, of whom Coinbase keeps nothing.
    assert (by_subject(report), report.waiting) == ({}, 2)
    assert await open_findings(paying) == 0
