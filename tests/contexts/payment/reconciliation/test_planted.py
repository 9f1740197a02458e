"""Both books, made by real payments and payouts over the sandbox: what is planted is found, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.factories.gateways import Sandbox
from tests.factories.payouts import ask, make_stripe_payee, new_user, usd, work
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import PaymentState, PaymentView, Purpose
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.payouts import service as payouts
from vibestream.contexts.payment.reconciliation import service
from vibestream.contexts.payment.reconciliation.service import Class, FindingState, Kind, Report
from vibestream.kernel.ids import new_id
from vibestream.kernel.money import USD
from vibestream.kernel.time import utc_now
from vibestream.platform.runtime import Runtime

STRIPE = GatewayName.STRIPE


async def pay(runtime: Runtime, sandbox: Sandbox, minor: int = 1_000) -> PaymentView:
    """A payment by card that was captured."""
    async with runtime.database.begin() as tx:
        view = await checkout.start(
            tx,
            key=f"test:{new_id()}",
            user_id=new_user(),
            purpose=Purpose.WALLET_TOP_UP,
            subject="",
            amount=usd(minor),
            description="Top-up",
            return_to="/wallet",
            gateway=STRIPE,
        )
    await work(runtime)
    async with runtime.database.begin() as tx:
        view = await checkout.payment(tx, payment_id=view.payment_id)
    assert view.redirect_url is not None, view
    sandbox.pay_by_card(view.redirect_url)
    return await told(runtime, view)


async def told(runtime: Runtime, view: PaymentView) -> PaymentView:
    """The payment after a webhook about it."""
    async with runtime.database.begin() as tx:
        assert view.payment_ref is not None
        await checkout.note_changed(tx, gateway=STRIPE, payment_ref=view.payment_ref)
    await work(runtime)
    async with runtime.database.begin() as tx:
        return await checkout.payment(tx, payment_id=view.payment_id)


def intent_of(sandbox: Sandbox, view: PaymentView) -> str:
    """What Stripe calls the charge of a payment."""
    (line,) = [
        line for line in sandbox.book("stripe") if line["kind"] == "charge" and line["ours"] == str(view.payment_id)
    ]
    return str(line["object"])


async def reconcile(runtime: Runtime, *, after: timedelta = timedelta(days=4)) -> Report:
    """Compare today, as it is done days later, when nothing is too new any more."""
    now = utc_now()
    return await service.reconcile(runtime, gateway=STRIPE, day=now.date(), now=now + after)


def shown(report: Report) -> list[tuple[Class, Kind, int | None, int | None]]:
    return sorted((one.class_, one.kind, one.ours, one.theirs) for one in report.differences)


async def open_findings(runtime: Runtime) -> set[tuple[Class, str]]:
    async with runtime.database.begin() as tx:
        found = await service.findings(tx, states={FindingState.OPEN}, limit=100)
    return {(one.class_, one.subject) for one in found}


async def test_books_that_agree_agree(paying: Runtime, own_gateways: Sandbox):
    kept, refunded, disputed = [await pay(paying, own_gateways, minor) for minor in (1_000, 2_000, 3_000)]
    assert kept.state is PaymentState.CAPTURED
    async with paying.database.begin() as tx:
        await checkout.request_refund(
            tx,
            key=f"refund:{refunded.payment_id}",
            payment_id=refunded.payment_id,
            amount=usd(500),
            reason="requested",
            requested_by=None,
            source=AccountName(AccountKind.PAYMENT_ESCROW, str(refunded.payment_id), USD),
        )
    await work(paying)
    own_gateways.dispute("stripe", payment_intent=intent_of(own_gateways, disputed))
    await told(paying, disputed)
    payee = await make_stripe_payee(paying, own_gateways, 5_000)
    async with paying.database.begin() as tx:
        await ask(tx, payee)
    await work(paying)

    report = await reconcile(paying)

    assert shown(report) == []
    assert report.waiting == 0
    # Three charges with their fees, the refund, the dispute, the transfer.
    assert (report.lines, report.matched) == (6, 9)
    assert await open_findings(paying) == set()


async def test_five_planted_discrepancies_of_five_kinds_are_found_and_none_is_invented(
    paying: Runtime, own_gateways: Sandbox
):
    dropped, more, dearer, twice, fine = [await pay(paying, own_gateways, 1_000) for _ in range(5)]
    for kind, view in {
        "missing_there": dropped,
        "amount_differs": more,
        "fee_differs": dearer,
        "duplicate": twice,
    }.items():
        own_gateways.plant("stripe", kind, payment_intent=intent_of(own_gateways, view))
    stranger = own_gateways.plant("stripe", "missing_here", amount=777)

    report = await reconcile(paying)

    # A charge of 10.00 costs 0.59. Fees of what is missing or double differ with it; of five planted, five are named.
    by_subject: dict[str, set[tuple[Class, Kind, int | None, int | None]]] = {}
    for one in report.differences:
        by_subject.setdefault(one.subject, set()).add((one.class_, one.kind, one.ours, one.theirs))
    assert by_subject == {
        f"payment:{dropped.payment_id}": {(Class.MISSING_THERE, Kind.CHARGE, 1_000, None)},
        f"payment:{more.payment_id}": {(Class.AMOUNT_DIFFERS, Kind.CHARGE, 1_000, 1_001)},
        f"payment:{dearer.payment_id}": {(Class.FEE_DIFFERS, Kind.FEE, 59, 60)},
        f"payment:{twice.payment_id}": {(Class.DUPLICATE, Kind.CHARGE, 1_000, 2_000)},
        f"stripe:{_subject(own_gateways, stranger)}": {(Class.MISSING_HERE, Kind.CHARGE, None, 777)},
    }
    assert f"payment:{fine.payment_id}" not in by_subject
    assert len(await open_findings(paying)) == 5

    again = await reconcile(paying, after=timedelta(days=4, hours=1))
    assert shown(again) == shown(report), "seen again, not found again"
    assert len(await open_findings(paying)) == 5


def _subject(sandbox: Sandbox, line: dict[str, object]) -> str:
    (found,) = [one for one in sandbox.book("stripe") if one["line"] == line["id"]]
    return str(found["object"])


async def test_what_agrees_again_resolves_by_itself(paying: Runtime, own_gateways: Sandbox):
    view = await pay(paying, own_gateways)
    own_gateways.refund("stripe", payment_intent=intent_of(own_gateways, view), amount=400)  # by hand, at Stripe
    report = await reconcile(paying)
    assert shown(report) == [(Class.MISSING_HERE, Kind.REFUND, None, -400)]

    await told(paying, view)  # the webhook that had got lost, or the poller
    report = await reconcile(paying, after=timedelta(days=4, hours=1))

    assert (shown(report), report.resolved) == ([], 1)
    async with paying.database.begin() as tx:
        (found,) = await service.findings(tx, limit=10)
    assert (found.state, found.decided_by, found.note) == (FindingState.RESOLVED, None, "The books agree now.")


async def test_a_line_that_was_there_and_is_gone_is_missing(paying: Runtime, own_gateways: Sandbox):
    view = await pay(paying, own_gateways)
    assert shown(await reconcile(paying)) == []
    own_gateways.plant("stripe", "missing_there", payment_intent=intent_of(own_gateways, view))
    assert shown(await reconcile(paying, after=timedelta(days=4, hours=1))) == [
        (Class.MISSING_THERE, Kind.CHARGE, 1_000, None),
    ]


async def test_what_is_a_moment_old_waits_and_is_no_finding(paying: Runtime, own_gateways: Sandbox):
    view = await pay(paying, own_gateways)
    own_gateways.plant("stripe", "amount_differs", payment_intent=intent_of(own_gateways, view))
    own_gateways.plant("stripe", "missing_here")
    report = await reconcile(paying, after=timedelta(minutes=5))
    assert (shown(report), report.waiting) == ([], 3)
    assert await open_findings(paying) == set()


async def test_a_person_explains_and_is_asked_again_when_the_figures_change(paying: Runtime, own_gateways: Sandbox):
    view, finance = await pay(paying, own_gateways), new_user()
    intent = intent_of(own_gateways, view)
    own_gateways.plant("stripe", "amount_differs", payment_intent=intent)
    await reconcile(paying)
    async with paying.database.begin() as tx:
        (found,) = await service.findings(tx, limit=10)
        with pytest.raises(service.NoteMissing):
            await service.explain(tx, finding_id=found.finding_id, note=" \n", by=finance, now=utc_now())
        explained = await service.explain(
            tx, finding_id=found.finding_id, note="Rounding of theirs, ticket 1.", by=finance, now=utc_now()
        )
        assert (explained.state, explained.decided_by) == (FindingState.EXPLAINED, finance)
    await reconcile(paying, after=timedelta(days=4, hours=1))
    assert await open_findings(paying) == set()

    own_gateways.plant("stripe", "amount_differs", payment_intent=intent)
    await reconcile(paying, after=timedelta(days=4, hours=2))
    assert await open_findings(paying) == {(Class.AMOUNT_DIFFERS, f"payment:{view.payment_id}")}


async def test_what_a_person_calls_resolved_is_open_again_when_it_is_not(paying: Runtime, own_gateways: Sandbox):
    own_gateways.plant("stripe", "missing_here")
    await reconcile(paying)
    async with paying.database.begin() as tx:
        (found,) = await service.findings(tx, limit=10)
        done = await service.resolve(
            tx, finding_id=found.finding_id, note="Refunded at Stripe.", by=new_user(), now=utc_now()
        )
        assert done.state is FindingState.RESOLVED
        with pytest.raises(service.Settled):
            await service.explain(tx, finding_id=found.finding_id, note="x", by=new_user(), now=utc_now())
        with pytest.raises(service.UnknownFinding):
            await service.finding(tx, finding_id=new_id())
    await reconcile(paying, after=timedelta(days=4, hours=1))
    assert len(await open_findings(paying)) == 1


async def test_a_returned_payout_agrees_and_one_that_we_were_not_told_of_does_not(
    paying: Runtime, own_gateways: Sandbox
):
    payee = await make_stripe_payee(paying, own_gateways, 5_000)
    async with paying.database.begin() as tx:
        await ask(tx, payee)
    await work(paying)
    (transfer,) = [line for line in own_gateways.book("stripe") if line["kind"] == "payout"]
    own_gateways.payout("stripe", transfer=transfer["object"])
    assert shown(await reconcile(paying)) == [(Class.AMOUNT_DIFFERS, Kind.PAYOUT, -4_963, 0)]

    async with paying.database.begin() as tx:
        await payouts.note_changed(tx, gateway=STRIPE, payout_ref=transfer["object"])
    await work(paying)
    assert shown(await reconcile(paying, after=timedelta(days=4, hours=1))) == []


async def test_the_run_is_written_down_and_the_money_ages(paying: Runtime, own_gateways: Sandbox):
    await pay(paying, own_gateways, 1_000)
    await pay(paying, own_gateways, 2_000)
    report = await reconcile(paying)
    async with paying.database.begin() as tx:
        (run,) = await service.runs(tx, limit=10)
        assert (run.gateway, run.day, run.lines, run.matched, run.differing, run.waiting) == (
            STRIPE,
            report.day,
            2,
            4,
            0,
            0,
        )
        # 30.00 less fees of 0.59 and 0.88.
        (ageing,) = await service.ageing(tx, gateway=STRIPE, now=utc_now() + timedelta(days=5))
    assert (ageing.total, ageing.up_to_2_days, ageing.up_to_7_days) == (2_853, 0, 2_853)
