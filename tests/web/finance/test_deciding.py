"""What people decide on the console: reviews and payouts with four eyes, differences explained, royalty runs reversed by two."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.factories import royalties as earning
from tests.factories.fraud import make_facts
from tests.factories.payouts import ask, make_payee, usd
from tests.factories.seal import KEYS, seal_all
from tests.factories.users import make_user
from tests.web.conftest import read
from tests.web.finance.conftest import FORM, make_captured, make_keeper
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.service import Decision, ReviewState
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import LedgerTransaction
from vibestream.contexts.payment.payouts import service as payouts
from vibestream.contexts.payment.payouts.domain.payouts import Step
from vibestream.contexts.payment.payouts.service import PayoutState
from vibestream.contexts.payment.payouts.service.stepping import take_step
from vibestream.contexts.payment.reconciliation import service as reconciliation
from vibestream.contexts.payment.reconciliation.service import Class, Difference, FindingState, Kind
from vibestream.contexts.payment.reconciliation.store.findings import save_finding
from vibestream.contexts.payment.royalties import service as royalties
from vibestream.contexts.payment.seal.service import TransactionProof, verify_transaction
from vibestream.kernel.ids import new_id
from vibestream.kernel.money import USD
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx


async def _waiting(tx: Tx, cents: int, **facts: Any) -> Decision:
    now = utc_now()
    return await fraud.assess(tx, facts=make_facts(amount=usd(cents), at=now, **facts), now=now)


async def test_a_large_release_takes_two_people_and_shows_who_agreed(client_for, database):
    async with database.begin() as tx:
        first, second = await make_keeper(tx, "Fiona"), await make_keeper(tx, "Omar")
        decision = await _waiting(tx, 120_000)
    where, form = f"/finance/reviews/{decision.decision_id}", {"verdict": "release", "note": "Called <them>."}
    one, other = await client_for(first), await client_for(second)
    queue = read(await one.get("/finance/reviews", headers=FORM))
    answers = [await one.post(where, data=form, headers=FORM) for _ in range(2)]
    waits = read(await one.get(where, headers=FORM))
    async with database.begin() as tx:
        half = await fraud.explained(tx, decision_id=decision.decision_id)
    done = await other.post(where, data=form, headers=FORM)
    page = read(await other.get(where, headers=FORM))
    async with database.begin() as tx:
        whole = await fraud.explained(tx, decision_id=decision.decision_id)

    assert "0 of 2 people" in queue.text
    assert answers[0].headers["location"] == f"{where}?done=open"
    assert answers[1].status_code == 409
    assert "You agreed. It waits for another person." in waits.text
    assert half.review is not None
    assert half.review.state is ReviewState.OPEN
    assert done.headers["location"] == f"{where}?done=released"
    assert "Fiona" in page.text
    assert "Omar" in page.text
    assert "Called <them>." in page.text
    assert whole.review is not None
    assert whole.review.state is ReviewState.RELEASED


async def test_a_review_wants_a_word_of_why_and_a_known_verdict_and_nobody_decides_their_own(client_for, database):
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
        decision, own = await _waiting(tx, 45_000), await _waiting(tx, 45_000, user_id=keeper.user_id)
    client = await client_for(keeper)
    where = f"/finance/reviews/{decision.decision_id}"
    silent = await client.post(where, data={"verdict": "release", "note": " "}, headers=FORM)
    odd = await client.post(where, data={"verdict": "maybe", "note": "why"}, headers=FORM)
    mine = await client.post(
        f"/finance/reviews/{own.decision_id}", data={"verdict": "release", "note": "why"}, headers=FORM
    )
    async with database.begin() as tx:
        found = [await fraud.explained(tx, decision_id=one.decision_id) for one in (decision, own)]

    assert (silent.status_code, odd.status_code, mine.status_code) == (422, 422, 403)
    assert read(silent).all("textarea", id="note")[0]["aria-invalid"] == "true"
    assert "somebody else has to decide" in read(mine).text
    assert [one.review.state for one in found if one.review] == [ReviewState.OPEN, ReviewState.OPEN]


async def test_a_payout_is_agreed_to_by_others_than_its_payee_and_refused_with_a_reason(client_for, database):
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
        payee = await make_payee(tx, 300_000)
        own = await make_payee(tx, 300_000, user_id=keeper.user_id)
        asked, mine = await ask(tx, payee), await ask(tx, own)
    client = await client_for(keeper)
    where = f"/finance/payouts/{asked.payout_id}"
    agreed = await client.post(where, data={"act": "approve"}, headers=FORM)
    page = read(await client.get(where, headers=FORM))
    not_mine = await client.post(f"/finance/payouts/{mine.payout_id}", data={"act": "approve"}, headers=FORM)
    silent = await client.post(where, data={"act": "reject", "reason": " "}, headers=FORM)
    odd = await client.post(where, data={"act": "double"}, headers=FORM)
    refused = await client.post(where, data={"act": "reject", "reason": "Wrong account"}, headers=FORM)
    again = await client.post(where, data={"act": "approve"}, headers=FORM)
    async with database.begin() as tx:
        after = await payouts.payout(tx, payout_id=asked.payout_id)
        untouched = await payouts.payout(tx, payout_id=mine.payout_id)

    assert agreed.headers["location"] == f"{where}?done=approve"
    assert "1 of 2" in page.text
    assert "Royalties, available" in page.text
    assert not_mine.status_code == 403
    assert (silent.status_code, odd.status_code) == (422, 422)
    assert refused.headers["location"] == f"{where}?done=reject"
    assert again.status_code == 409
    assert after.state is PayoutState.REJECTED
    assert untouched.state is PayoutState.REQUESTED


async def test_what_is_offered_for_a_payout_of_unknown_outcome_is_what_can_be_done(client_for, database):
    """That it was never sent is not offered while its gateway can be asked, nor when it has it at another amount."""
    now = utc_now()
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
        places = []
        for hours, failure, ref in ((1, None, None), (700, None, None), (700, "amount_differs", "tr_1")):
            asked = await ask(tx, await make_payee(tx, 5_000))
            step = Step(kind=failure or "no_answer", state=PayoutState.UNKNOWN, failure=failure)
            first = now - timedelta(hours=hours)
            sent = {"first_sent_at": first, "payout_ref": ref}
            await take_step(tx, payout=asked, step=step, actor=None, now=now, **sent)
            places.append(f"/finance/payouts/{asked.payout_id}")
    client = await client_for(keeper)
    fresh, forgotten, other = [read(await client.get(place, headers=FORM)).text for place in places]
    answers = [await client.post(place, data={"act": "not-sent"}, headers=FORM) for place in places]

    assert [text.count("It was never sent") for text in (fresh, forgotten, other)] == [0, 1, 0]
    assert [text.count("Another amount there") for text in (fresh, forgotten, other)] == [0, 0, 1]
    assert [one.status_code for one in answers] == [409, 303, 409]


async def test_a_difference_is_explained_and_resolved_with_a_note(client_for, database):
    now = utc_now()
    found = Difference(
        subject=f"payment:{new_id()}",
        kind=Kind.REFUND,
        currency=USD,
        class_=Class.AMOUNT_DIFFERS,
        ours=-500,
        theirs=-700,
        at=now - timedelta(days=3),
        line_ref="txn_1",
    )
    async with database.begin() as tx:
        keeper = await make_keeper(tx, "Fiona")
        await save_finding(tx, GatewayName.STRIPE, found, day=now.date(), now=now)
        (finding,) = await reconciliation.findings(tx, limit=2)
    client = await client_for(keeper)
    where = f"/finance/reconciliation/{finding.finding_id}"
    listed = read(await client.get("/finance/reconciliation", headers=FORM))
    silent = await client.post(where, data={"act": "explain", "note": " "}, headers=FORM)
    explained = await client.post(where, data={"act": "explain", "note": "A fee of theirs"}, headers=FORM)
    page = read(await client.get(where, headers=FORM))
    resolved = await client.post(where, data={"act": "resolve", "note": "Posted"}, headers=FORM)
    late = await client.post(where, data={"act": "explain", "note": "Hm"}, headers=FORM)
    async with database.begin() as tx:
        after = await reconciliation.finding(tx, finding_id=finding.finding_id)

    for words in ("Refund, amount differs", "-5.00 USD", "-7.00 USD", "3 days"):
        assert words in listed.text
    assert silent.status_code == 422
    assert explained.headers["location"] == f"{where}?done=explain"
    assert "A fee of theirs" in page.text
    assert "Fiona" in page.text
    assert resolved.headers["location"] == f"{where}?done=resolve"
    assert late.status_code == 409
    assert (after.state, after.note) == (FindingState.RESOLVED, "Posted")


async def test_both_engines_stand_side_by_side_and_a_run_is_reversed_by_another_person(client_for, database):
    month, heard, now = date(2026, 10, 1), datetime(2026, 10, 15, 12, tzinfo=UTC), utc_now()
    async with database.begin() as tx:
        first, second = await make_keeper(tx, "Fiona"), await make_keeper(tx, "Omar")
        people = [await make_user(tx, display_name=name) for name in ("Lola Vega", "Tom Reyes")]
        lola, tom = [await earning.make_artist(tx, owner=one.user_id) for one in people]
        loud, quiet = earning.person(), earning.person()
        await earning.make_listens(tx, loud, lola, 9, at=heard)
        await earning.make_listens(tx, quiet, tom, 1, at=heard)
        await earning.close(tx, earning.pays(loud, 1_000), earning.pays(quiet, 1_000), month=month, now=now)
    one, other = await client_for(first), await client_for(second)
    preview = read(await one.get("/finance/royalties/2026-10/USD?preview=1", headers=FORM))
    async with database.begin() as tx:
        run = await earning.run_month(tx, month=month, now=now)
    where = f"/finance/royalties/runs/{run.run_id}"
    shown = read(await one.get(where, headers=FORM))
    silent = await one.post(where, data={"act": "ask", "reason": ""}, headers=FORM)
    asked = await one.post(where, data={"act": "ask", "reason": "Bots"}, headers=FORM)
    alone = await one.post(where, data={"act": "approve"}, headers=FORM)
    waiting = read(await other.get("/finance/royalties", headers=FORM))
    agreed = await other.post(where, data={"act": "approve"}, headers=FORM)
    async with database.begin() as tx:
        after = await royalties.run(tx, run_id=run.run_id)
    pool = run.pool

    assert pool > 0
    nine, half = f"{pool * 9 // 10 / 100:.2f} USD", f"{pool // 2 / 100:.2f} USD"
    for page in (preview, shown):
        for words in ("Lola Vega", "Tom Reyes", nine, half):
            assert words in page.text
    assert silent.status_code == 422
    assert asked.headers["location"] == f"{where}?done=ask"
    assert alone.status_code == 403
    assert "Bots" in waiting.text
    assert agreed.headers["location"] == f"{where}?done=approve"
    assert after.reversed_at is not None


async def test_a_month_that_is_not_over_is_not_closed_and_one_without_a_pool_not_run(client_for, database):
    month = royalties.label(royalties.month_of(utc_now()))
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
    client = await client_for(keeper)
    answers = {
        act: await client.post(f"/finance/royalties/{month}/USD", data={"act": act}, headers=FORM)
        for act in ("close", "run", "burn")
    }

    assert [one.status_code for one in answers.values()] == [409, 409, 422]
    assert "A month is closed when it is over." in read(answers["close"]).text
    assert read(answers["run"]).all("div", role="alert")


async def test_books_show_both_sides_and_a_transaction_proves_itself_offline(client_for, database):
    async with database.begin() as tx:
        keeper, payer = await make_keeper(tx), await make_user(tx, display_name="Kito")
        paid = await make_captured(tx, payer.user_id)
    client = await client_for(keeper)
    (found, *_) = await _by_key(database, f"payment:{paid.payment_id}:capture")
    where = f"/finance/books/transactions/{found.transaction_id}"
    early = await client.get(f"{where}/proof.json", headers=FORM)
    await seal_all(database)
    balance = read(await client.get("/finance/books", headers=FORM))
    past = read(await client.get("/finance/books?at=2020-01-01", headers=FORM))
    page = read(await client.get(where, headers=FORM))
    proof = await client.get(f"{where}/proof.json", headers=FORM)
    fact = verify_transaction(TransactionProof.from_json(json.loads(proof.text)), keys=KEYS)

    assert early.status_code == 503
    for words in ("Gateway clearing", "Wallets", "equal", "25.00", "24.00"):
        assert words in balance.text
    assert "Nothing was posted yet" in past.text
    assert "Download its proof" in page.text
    assert proof.headers["content-disposition"].startswith("attachment")
    assert fact.key == f"payment:{paid.payment_id}:capture"


async def _by_key(database: Database, key: str) -> list[LedgerTransaction]:
    async with database.begin() as tx:
        return await ledger.transactions_by_key(tx, prefix=key, limit=5)


async def test_the_overview_checks_the_books_and_says_what_holds(client_for, database):
    async with database.begin() as tx:
        keeper, payer = await make_keeper(tx), await make_user(tx)
        await make_captured(tx, payer.user_id)
    client = await client_for(keeper)
    before = read(await client.get("/finance", headers=FORM))
    answer = await client.post("/finance/check", headers=FORM)

    assert "Stripe" in before.text
    assert "24.00 USD" in before.text
    assert answer.status_code == 200
    assert "Every transaction sums to zero in each currency, and so do all entries together." in read(answer).text
