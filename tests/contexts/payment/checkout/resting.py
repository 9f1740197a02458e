"""How a walk ends: every fault is over, and the janitor and the reviewers bring everything to rest by themselves.

Only then everybody is told once more, and the books are compared with the gateways' own.
"""

from __future__ import annotations

import functools
from collections import Counter
from datetime import timedelta

from tests.contexts.payment.checkout.interleaving import Walk, refused_by_the_sandbox
from vibestream.contexts.payment.checkout import service
from vibestream.contexts.payment.checkout.service import PaymentState, PaymentView
from vibestream.contexts.payment.gateways.service import GatewayName

UNRESTING = {PaymentState.UNKNOWN, PaymentState.CREATED, PaymentState.AUTHORISED}
"""No payment stays so. Pending may: a payer who does not come back is nobody's fault."""
LONGEST_PAUSE = timedelta(hours=6, minutes=1)
"""Nothing that is open is looked at less often."""
MOST_ROUNDS = 8
"""Time for what is open to be looked at, found out, assessed again, decided, taken, and looked at once more."""
SCALE = {GatewayName.STRIPE: 1, GatewayName.PAYPAL: 1, GatewayName.COINBASE: 1}
"""Our smallest units in one of the sandbox's books."""


async def come_to_rest(walk: Walk) -> None:
    """Switch every fault off and let time pass; then tell everybody once more."""
    for name in GatewayName:
        walk.sandbox.control(f"{name}/faults", method="DELETE")
    for gateway, ref in walk.disputes:
        with refused_by_the_sandbox():
            walk.sandbox.dispute(gateway, dispute=ref, outcome="won")
    for _ in range(MOST_ROUNDS):
        if await _pass_quietly(walk):
            break
    await _assert_at_rest(walk)
    for view in await walk.views():  # webhooks come in the end, also of what nobody here expects anything of
        if view.gateway is not None and view.payment_ref is not None:
            await walk.note(view.gateway, view.payment_ref)
    await _pass_quietly(walk)


async def _pass_quietly(walk: Walk) -> bool:
    """Let so much time pass that the janitor has come to everything, jobs are run and people have decided.

    Returns whether nothing was left to do.
    """
    walk.time.passed += LONGEST_PAUSE
    for name in GatewayName:
        walk.sandbox.settle(name)
    before = await walk.views()
    await walk.shop.do(lambda tx: service.drive_due(tx, now=walk.shop.clock(), most=len(walk.payments)))
    await walk.shop.run_jobs(most=1_000_000)
    waiting = [view for view in await walk.views() if view.in_review]
    for view in waiting:
        await walk.decide(view)
    await walk.shop.run_jobs(most=1_000_000)
    return not waiting and await walk.views() == before


async def _assert_at_rest(walk: Walk) -> None:
    """Nobody but the janitor and the reviewers was needed."""
    for view in await walk.views():
        timeline = functools.partial(service.timeline, payment_id=view.payment_id)
        assert view.state not in UNRESTING, await walk.shop.do(timeline)
        assert view.refunding.minor == 0, await walk.shop.do(timeline)


async def assert_books_agree(walk: Walk) -> Counter[PaymentState]:
    """Check the books against the gateways' own, payment by payment and in sum, and return how payments stand."""
    states: Counter[PaymentState] = Counter()
    await _assert_at_rest(walk)
    for view in await walk.views():
        states[view.state] += 1
        await _as_at_its_gateway(walk, view)
    for name in GatewayName:
        shop = walk.at(name)
        lines = walk.sandbox.book(name)
        walk.seen.update(f"{name} {line['kind']}s" for line in lines)
        held = sum(line["amount"] - line["fee"] for line in lines) * SCALE[name]
        assert (await shop.clearing()).minor == -held, name
        charged = Counter(line["ours"] for line in lines if line["kind"] == "charge")
        assert set(charged.values()) <= {1}, "a payment was charged twice"
    assert await walk.shop.violations() == {}
    return states


async def _as_at_its_gateway(walk: Walk, view: PaymentView) -> None:
    assert not view.unexplained
    if view.payment_ref is None:
        assert view.captured.minor == 0
        return
    there = await walk.shop.at_gateway(view)
    assert there.captured == view.captured
    assert there.refunded == view.refunded
    keys = [one.key for one in there.refunds if one.key is not None]
    assert len(keys) == len(set(keys)), "a refund was made twice"
    types = await walk.shop.types(view.payment_id)
    assert types.count("refund_noticed") <= walk.refunded_there[view.payment_id], (
        "a refund of ours was taken for another's"
    )
    assert max(types.count("captured"), types.count("started")) == 1, "it came twice"
