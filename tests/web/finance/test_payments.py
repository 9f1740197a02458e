"""Payments on the console: every cent explained, filters, and refunds that count once."""

from __future__ import annotations

import re

import httpx2
import pytest

from tests.factories.users import make_user
from tests.web.conftest import read
from tests.web.finance.conftest import FORM, make_captured, make_keeper, make_payment
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.domain import events
from vibestream.contexts.payment.checkout.domain.facts import facts_of
from vibestream.contexts.payment.checkout.domain.states import Act, PaymentState, Screening
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.kernel.ids import PaymentId, new_id
from vibestream.kernel.money import USD
from vibestream.web.localization import language
from vibestream.web.pages.finance.payment_facts import fact_rows


async def test_a_payment_opens_to_its_story_and_every_posting_behind_it(client_for, database):
    async with database.begin() as tx:
        keeper, payer = await make_keeper(tx), await make_user(tx, display_name="Kito")
        paid = await make_captured(tx, payer.user_id)
    client = await client_for(keeper)
    page = read(await client.get(f"/finance/payments/{paid.payment_id}", headers=FORM))
    postings = re.findall(r"[+-]\d[\d.,]* USD", page.text)

    assert sorted(postings) == ["+1.00 USD", "+25.00 USD", "+25.00 USD", "-1.00 USD", "-25.00 USD", "-25.00 USD"]
    for words in ("Wallet top-up, $25.00", "Kito", "The money arrived", "Gateway clearing", "Payment escrow", "Top-up"):
        assert words in page.text
    accounts = [one["href"] for one in page.all("a") if one["href"].startswith("/finance/books/accounts/0")]
    assert len(accounts) == 6
    assert (await client.get(accounts[0], headers=FORM)).status_code == 200


async def test_what_happened_is_told_with_amounts_attempts_and_ids(client_for, database):
    async with database.begin() as tx:
        keeper, payer = await make_keeper(tx), await make_user(tx, display_name="Kito")
        paid = await make_captured(tx, payer.user_id)
    client = await client_for(keeper)
    page = read(await client.get(f"/finance/payments/{paid.payment_id}", headers=FORM))
    story = re.sub(r"\s+", " ", page.text)

    for told in ("Amount$25.00", "GatewayStripe", "Attempt1", "Asked toopen it", "Fee$1.00", ":open:1"):
        assert told in story


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (events.Screened(decision_id=None, verdict=Screening.REVIEW, reasons=("velocity.user", "rule.mine")),
         [("Veredicto", "revisar"), ("Porque", "Frecuencia e importe de los pagos recientes con esta persona; Regla: mine")]),
        (events.Reviewed(approved=False), [("Puede seguir", "no")]),
        (events.OutcomeLost(act=Act.CAPTURE), [("Se pidió", "cobrar lo reservado")]),
        (events.Resolved(found=PaymentState.CAPTURED), [("Resultado", "cobrado")]),
        (events.Captured(), []),
        (events.DisputeDecided(dispute_ref="dp_1", won=True), [("Id de la disputa allí", "dp_1"), ("Ganada", "sí")]),
        (events.Cancelled(reason="payer_left"), [("Porque", "payer left")]),
    ],
)  # fmt: skip
def test_each_fact_of_an_event_has_its_name_and_its_words(event, told):
    rows = fact_rows(facts_of(event), language("es"))
    assert [(row.name, row.value) for row in rows] == told


async def test_payments_are_found_by_state_person_and_day_and_no_other(client_for, database):
    async with database.begin() as tx:
        keeper, payer, other = await make_keeper(tx), await make_user(tx, display_name="Kito"), await make_user(tx)
        paid = await make_captured(tx, payer.user_id)
        begun = await make_payment(tx, other.user_id, 700)
    client = await client_for(keeper)

    async def found(query: str) -> set[str]:
        page = read(await client.get(f"/finance/payments?{query}", headers=FORM))
        addresses = [
            one["href"] for one in page.all("a") if re.fullmatch(r"/finance/payments/[0-9a-f-]{36}", one["href"])
        ]
        return {one.rpartition("/")[2] for one in addresses}

    both = {str(paid.payment_id), str(begun.payment_id)}
    assert await found("") == both
    assert await found("state=captured") == {str(paid.payment_id)}
    assert await found(f"person={payer.user_id}") == {str(paid.payment_id)}
    assert await found(f"person={other.email}") == {str(begun.payment_id)}
    assert await found("gateway=paypal") == set()
    assert await found("since=2020-01-01") == both
    assert await found("until=2020-01-01") == set()


async def test_payments_are_read_page_by_page_with_the_filter_kept(client_for, database):
    async with database.begin() as tx:
        keeper, payer = await make_keeper(tx), await make_user(tx)
        made = [str((await make_payment(tx, payer.user_id, 100 + n)).payment_id) for n in range(3)]
    client = await client_for(keeper)
    first = read(await client.get(f"/finance/payments?limit=2&person={payer.user_id}", headers=FORM))
    (older,) = [one["href"] for one in first.all("a") if "cursor=" in one["href"]]
    second = read(await client.get(older, headers=FORM))

    assert f"person={payer.user_id}" in older
    assert f"…{made[2].replace('-', '')[-8:]}" in first.text
    assert f"…{made[0].replace('-', '')[-8:]}" not in first.text
    assert f"…{made[0].replace('-', '')[-8:]}" in second.text


@pytest.mark.parametrize(
    "query",
    [
        "state=nonsense",
        "gateway=bank",
        "person=somebody",
        "since=yesterday",
        "person=nobody@example.org",
        "until=9999-12-31",
    ],
)
async def test_a_filter_that_is_not_understood_says_so_and_finds_nothing(client_for, database, query):
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
    answer = await (await client_for(keeper)).get(f"/finance/payments?{query}", headers=FORM)

    assert answer.status_code == 200
    assert read(answer).all("div", role="alert")


async def _refund(client: httpx2.AsyncClient, payment_id: PaymentId, **fields: str) -> httpx2.Response:
    return await client.post(f"/finance/payments/{payment_id}/refund", data=fields, headers=FORM)


async def test_a_refund_is_confirmed_and_sent_twice_counts_once(client_for, database):
    async with database.begin() as tx:
        keeper, payer = await make_keeper(tx), await make_user(tx, display_name="Kito")
        paid = await make_captured(tx, payer.user_id)
    client = await client_for(keeper)
    form = {"amount": "5,00", "reason": "Paid twice", "source": "wallet", "key": str(new_id())}
    asked = await _refund(client, paid.payment_id, **form)
    async with database.begin() as tx:
        before = await checkout.payment(tx, payment_id=paid.payment_id)
    sure = [await _refund(client, paid.payment_id, **form, sure="yes") for _ in range(2)]
    async with database.begin() as tx:
        after = await checkout.payment(tx, payment_id=paid.payment_id)
        (wallet,) = await ledger.balances_of_person(tx, user_id=payer.user_id)

    assert asked.status_code == 200
    assert "Refund $5.00" in read(asked).text
    assert before.refunding.minor == 0
    assert [one.headers["location"] for one in sure] == [f"/finance/payments/{paid.payment_id}?done=refund"] * 2
    assert after.refunding.minor == 500
    assert wallet.posted.minor == 2_000


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("25.01", "That is more than is left of the payment."),
        ("1.001", "with at most 2 decimals"),
        ("1e3", "with at most 2 decimals"),
        ("", "with at most 2 decimals"),
        ("NaN", "with at most 2 decimals"),
    ],
)
async def test_an_amount_that_cannot_be_refunded_is_refused_at_its_field(client_for, database, amount, says):
    async with database.begin() as tx:
        keeper, payer = await make_keeper(tx), await make_user(tx)
        paid = await make_captured(tx, payer.user_id)
    form = {"amount": amount, "reason": "Because <b>I</b> say so", "key": str(new_id()), "sure": "yes"}
    answer = await _refund(await client_for(keeper), paid.payment_id, **form)
    page = read(answer)

    assert answer.status_code in {409, 422}
    assert says in page.text
    (field,) = page.all("input", id="amount")
    assert field["aria-invalid"] == "true"
    assert page.all("input", id="reason")[0]["value"] == "Because <b>I</b> say so"
    async with database.begin() as tx:
        assert (await checkout.payment(tx, payment_id=paid.payment_id)).refunding.minor == 0


@pytest.mark.parametrize(
    "broken",
    [{"amount": "0.00"}, {"amount": "-1.00"}, {"reason": ""}, {"reason": "x" * 201}, {"key": "1"}, {"key": ""}],
)
async def test_a_refund_of_nothing_without_a_reason_or_key_moves_nothing(client_for, database, broken):
    async with database.begin() as tx:
        keeper, payer = await make_keeper(tx), await make_user(tx)
        paid = await make_captured(tx, payer.user_id)
    form = {"amount": "1.00", "reason": "Why", "source": "wallet", "key": str(new_id()), "sure": "yes", **broken}
    answer = await _refund(await client_for(keeper), paid.payment_id, **form)

    assert answer.status_code in {400, 409, 422}
    assert read(answer).all("div", role="alert")
    async with database.begin() as tx:
        assert (await checkout.payment(tx, payment_id=paid.payment_id)).refunding.minor == 0


async def test_whoever_bears_a_refund_needs_the_money(client_for, database):
    async with database.begin() as tx:
        keeper, payer = await make_keeper(tx), await make_user(tx)
        paid = await make_captured(tx, payer.user_id)
    form = {"amount": "5.00", "reason": "Why", "source": "escrow", "key": str(new_id()), "sure": "yes"}
    answer = await _refund(await client_for(keeper), paid.payment_id, **form)

    assert answer.status_code == 409
    async with database.begin() as tx:
        (wallet,) = await ledger.balances_of_person(tx, user_id=payer.user_id)
    assert (wallet.posted.minor, wallet.posted.currency) == (2_500, USD)


async def test_a_fan_refunds_nothing_not_even_their_own(client_for, database):
    async with database.begin() as tx:
        payer = await make_user(tx)
        paid = await make_captured(tx, payer.user_id)
    form = {"amount": "5.00", "reason": "Why", "source": "platform", "key": str(new_id()), "sure": "yes"}
    answer = await _refund(await client_for(payer), paid.payment_id, **form)

    assert answer.status_code == 403
    async with database.begin() as tx:
        assert (await checkout.payment(tx, payment_id=paid.payment_id)).refunding.minor == 0
