"""Paying in, one's payments, tips: what was typed is kept, what is somebody else's is not there, nothing moves twice."""

from __future__ import annotations

from uuid import UUID

import httpx2
import psycopg
import pytest

from tests.factories.settling import make_captured, wallet_of
from tests.factories.users import Artist, make_artist, make_user
from tests.web.conftest import read
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.domain.payment import fold
from vibestream.contexts.payment.checkout.service import PaymentState
from vibestream.contexts.payment.checkout.service.risk import facts_of
from vibestream.contexts.payment.checkout.store import streams
from vibestream.contexts.payment.tips import service as tips
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.kernel.ids import PaymentId
from vibestream.kernel.money import USD, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx

FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
KEY = "01991f6e-7000-7000-8000-000000000001"
TEN = {"key": KEY, "amount": "10", "currency": "USD", "method": "stripe"}


async def test_a_top_up_leads_to_its_payment_which_says_what_happens_next(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)
    client = await client_for(user)
    answer = await client.post("/wallet/top-ups", data={**TEN, "amount": "12,50"}, headers=FORM)
    page = read(await client.get(answer.headers["location"], headers=FORM))
    async with database.begin() as tx:
        (payment,) = await checkout.payments(tx, user_id=user.user_id, limit=10)

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/payments/{payment.payment_id}"
    assert (payment.amount.minor, payment.state) == (1_250, PaymentState.CREATED)
    assert "We are asking the payment service" in page.text
    assert page.all("div", id="payment")[0]["data-again"] == "3"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"amount": "4.99"}, "less or more than one top-up"),
        ({"amount": "500.01"}, "less or more than one top-up"),
        ({"amount": "0"}, "less or more than one top-up"),
        ({"amount": "-10"}, "This is not an amount"),
        ({"amount": "10.001"}, "This is not an amount"),
        ({"amount": "1e3"}, "This is not an amount"),
        ({"amount": "9" * 30}, "more than can be written down"),
        ({"amount": "1,000.00"}, "This is not an amount"),
        ({"currency": "XXX"}, "Choose one of the currencies"),
        ({"currency": "JPY"}, "less or more than one top-up"),
        ({"method": "coinbase"}, "This cannot be paid so"),
        ({"method": "nobody"}, "This cannot be paid so"),
    ],
)
async def test_a_top_up_that_cannot_be_is_refused_with_what_was_typed(client_for, database, typed, says):
    async with database.begin() as tx:
        user = await make_user(tx)
    answer = await (await client_for(user)).post("/wallet/top-ups", data={**TEN, **typed}, headers=FORM)
    page = read(answer)
    async with database.begin() as tx:
        started = await checkout.payments(tx, user_id=user.user_id, limit=10)

    assert answer.status_code == 422
    assert says in page.text
    assert page.all("input", id="amount")[0]["value"] == {**TEN, **typed}["amount"]
    assert started == []


async def test_a_payment_is_shown_called_off_and_refunded_by_its_payer_alone(client_for, database):
    async with database.begin() as tx:
        payer, other = await make_user(tx), await make_user(tx)
    hers, his = await client_for(payer), await client_for(other)
    address = (await hers.post("/wallet/top-ups", data=TEN, headers=FORM)).headers["location"]

    for refused in (
        await his.get(address, headers=FORM),
        await his.post(f"{address}/cancel", headers=FORM),
        await his.post(f"{address}/refund", headers=FORM),
    ):
        assert refused.status_code == 404
    assert "No payments yet" in read(await his.get("/payments", headers=FORM)).text
    assert (await hers.post(f"{address}/cancel", headers=FORM)).status_code == 303
    page = read(await hers.get(address, headers=FORM))
    assert "You called it off. Nothing was taken." in page.text
    assert await _state(database, address) is PaymentState.CANCELLED


async def test_the_way_back_from_a_gateway_credits_nothing(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)
    client = await client_for(user)
    address = (await client.post("/wallet/top-ups", data=TEN, headers=FORM)).headers["location"]
    payment_id = address.removeprefix("/payments/")
    back = await client.get(f"/payments?then=%2Fwallet&payment={payment_id}", headers=FORM)
    await client.get(back.headers["location"], headers=FORM)
    async with database.begin() as tx:
        held = await wallet_of(tx, user.user_id)

    assert back.headers["location"] == f"{address}?back=1"
    assert held == (0, 0)
    assert await _state(database, address) is PaymentState.CREATED


async def test_a_way_on_that_leads_elsewhere_is_not_taken(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)
        started = await checkout.start(
            tx,
            key="test:elsewhere",
            user_id=user.user_id,
            purpose=checkout.Purpose.WALLET_TOP_UP,
            subject="",
            amount=Money(500, USD),
            description="VibeStream wallet",
            return_to="/payments?then=https%3A%2F%2Fevil.example",
        )
        await checkout.cancel(tx, payment_id=started.payment_id, user_id=user.user_id)
    page = read(await (await client_for(user)).get(f"/payments/{started.payment_id}", headers=FORM))

    assert "Go to your wallet" in page.text
    assert "evil" not in str(page.elements)


async def test_a_tip_from_the_wallet_arrives_at_once_and_is_thanked_for(client_for, database):
    async with database.begin() as tx:
        fan, artist = await make_user(tx), await make_artist(tx)
        captured = await make_captured(tx, user_id=fan.user_id, minor=2_000)
        await wallets.settle_into_wallet(tx, captured=captured, kind="top_up")
        await _register(tx, artist)
    client = await client_for(fan)
    answer = await client.post(
        f"/artists/{artist.handle}/tip",
        data={"key": KEY, "amount": "5", "currency": "USD", "method": "wallet", "message": "Gracias"},
        headers=FORM,
    )
    page = read(await client.get(answer.headers["location"], headers=FORM))
    async with database.begin() as tx:
        (tip,) = await tips.sent(tx, user_id=fan.user_id, limit=5)
        left = await wallet_of(tx, fan.user_id)

    assert answer.status_code == 303
    assert "Thank you" in page.text
    assert (tip.amount.minor, tip.earned.minor, tip.message) == (500, 475, "Gracias")
    assert left == (1_500, 0)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"amount": "50"}, "Your wallet holds 20.00 USD and this costs 50.00 USD"),
        ({"amount": "0.5"}, "less or more than a tip"),
        ({"amount": "five"}, "This is not an amount"),
        ({"message": "x" * 281}, "too long"),
    ],
)
async def test_a_tip_that_cannot_be_keeps_what_was_typed_and_moves_nothing(client_for, database, typed, says):
    async with database.begin() as tx:
        fan, artist = await make_user(tx), await make_artist(tx)
        captured = await make_captured(tx, user_id=fan.user_id, minor=2_000)
        await wallets.settle_into_wallet(tx, captured=captured, kind="top_up")
        await _register(tx, artist)
    sent = {"key": KEY, "amount": "5", "currency": "USD", "method": "wallet", "message": "Gracias", **typed}
    answer = await (await client_for(fan)).post(f"/artists/{artist.handle}/tip", data=sent, headers=FORM)
    page = read(answer)
    async with database.begin() as tx:
        left = await wallet_of(tx, fan.user_id)

    assert answer.status_code in {409, 422}
    assert says in page.text
    assert page.all("input", id="amount")[0]["value"] == sent["amount"]
    assert sent["message"] in page.text
    assert left == (2_000, 0)


@pytest.mark.parametrize("minor", [9_999, 10_000])
async def test_a_large_tip_out_of_a_wallet_wants_a_proof_that_a_stolen_session_cannot_show(
    client_for, database, owner_dsn, minor
):
    async with database.begin() as tx:
        fan, artist = await make_user(tx), await make_artist(tx)
        captured = await make_captured(tx, user_id=fan.user_id, minor=20_000)
        await wallets.settle_into_wallet(tx, captured=captured, kind="top_up")
        await _register(tx, artist)
    client = await client_for(fan)
    async with await psycopg.AsyncConnection.connect(owner_dsn) as connection:
        await connection.execute("UPDATE users.session SET proved_at = now() - interval '6 minutes'")
    amount, large = f"{minor // 100}.{minor % 100:02}", minor >= 10_000
    typed = {"key": KEY, "amount": amount, "currency": "USD", "method": "wallet", "message": "Gracias"}
    body = {
        "artist_id": str(artist.artist_id),
        "amount": amount,
        "currency": "USD",
        "message": "",
        "pay_with": "wallet",
    }

    refused = await client.post("/api/v1/tips", json=body, headers={"Idempotency-Key": KEY})
    answer = await client.post(f"/artists/{artist.handle}/tip", data=typed, headers=FORM)

    assert refused.status_code == (403 if large else 201)
    assert answer.status_code == (403 if large else 303)
    if not large:
        return
    assert refused.json()["code"] == "access.proof_too_old"
    page = read(answer)
    assert page.all("input", name="amount")[0]["value"] == amount, "the form goes on after the proof"
    again = {**typed, "proof_again": f"/artists/{artist.handle}/tip", "proof_code": fan.password}
    proved = await client.post("/step-up", data=again, headers=FORM)
    assert (proved.status_code, proved.headers["location"]) == (307, f"/artists/{artist.handle}/tip")
    given = await client.post(f"/artists/{artist.handle}/tip", data=again, headers=FORM)
    assert given.status_code == 303
    async with database.begin() as tx:
        assert await wallet_of(tx, fan.user_id) == (20_000 - minor, 0)


async def test_a_large_tip_by_a_gateway_is_proved_there(client_for, database, owner_dsn):
    async with database.begin() as tx:
        fan, artist = await make_user(tx), await make_artist(tx)
        await _register(tx, artist)
    client = await client_for(fan)
    async with await psycopg.AsyncConnection.connect(owner_dsn) as connection:
        await connection.execute("UPDATE users.session SET proved_at = NULL")
    typed = {"key": KEY, "amount": "500", "currency": "USD", "method": "stripe", "message": ""}

    answer = await client.post(f"/artists/{artist.handle}/tip", data=typed, headers=FORM)

    assert (answer.status_code, answer.headers["location"][:10]) == (303, "/payments/")


async def test_a_form_sent_twice_acts_once_and_leads_to_the_same_place(client_for, database):
    async with database.begin() as tx:
        payer, fan, artist = await make_user(tx), await make_user(tx), await make_artist(tx)
        captured = await make_captured(tx, user_id=fan.user_id, minor=2_000)
        await wallets.settle_into_wallet(tx, captured=captured, kind="top_up")
        await _register(tx, artist)
    tip, five = f"/artists/{artist.handle}/tip", {"amount": "5", "currency": "USD"}
    keys = [
        await _twice(await client_for(payer), "/wallet", "/wallet/top-ups", TEN),
        await _twice(await client_for(fan), tip, tip, {**five, "method": "wallet"}),
        await _twice(await client_for(fan), tip, tip, {**five, "method": "stripe"}),
    ]
    async with database.begin() as tx:
        given = await tips.sent(tx, user_id=fan.user_id, limit=9)
        topped_up = await checkout.payments(tx, user_id=payer.user_id, limit=9)
        paid = await checkout.payments(tx, user_id=fan.user_id, limit=9)
        left = await wallet_of(tx, fan.user_id)

    assert (len(set(keys)), len(given), len(topped_up), len(paid), left) == (3, 2, 1, 1, (1_500, 0))


async def test_a_form_sent_again_with_something_else_in_it_is_refused_and_has_a_new_key(client_for, database):
    async with database.begin() as tx:
        user = await make_user(tx)
    client = await client_for(user)
    await client.post("/wallet/top-ups", data=TEN, headers=FORM)
    answer = await client.post("/wallet/top-ups", data={**TEN, "amount": "11"}, headers=FORM)
    page = read(answer)
    async with database.begin() as tx:
        started = await checkout.payments(tx, user_id=user.user_id, limit=9)

    assert answer.status_code == 409
    assert "asked for before in another way" in page.text
    assert page.all("input", name="key")[0]["value"] != KEY
    assert [one.amount.minor for one in started] == [1_000]


@pytest.mark.parametrize("key", ["", "1", "../x", "x" * 300])
async def test_a_form_without_a_real_key_does_nothing(client_for, database, key):
    async with database.begin() as tx:
        user = await make_user(tx)
    answer = await (await client_for(user)).post("/wallet/top-ups", data={**TEN, "key": key}, headers=FORM)
    async with database.begin() as tx:
        started = await checkout.payments(tx, user_id=user.user_id, limit=9)

    assert (answer.status_code, started) == (422, [])


@pytest.mark.parametrize("way", ["top-up", "tip"])
async def test_fraud_is_told_the_domain_of_the_payers_address_and_the_session(client_for, database, way):
    async with database.begin() as tx:
        fan, artist = await make_user(tx, email="ana@music.example"), await make_artist(tx)
        await _register(tx, artist)
    address = "/wallet/top-ups" if way == "top-up" else f"/artists/{artist.handle}/tip"
    answer = await (await client_for(fan)).post(address, data=TEN, headers=FORM)
    async with database.begin() as tx:
        (view,) = await checkout.payments(tx, user_id=fan.user_id, limit=5)
        payment = fold(one.event for one in await streams.load_stream(tx, view.payment_id))
        session = await tx.value("SELECT session_id::text FROM users.session WHERE user_id = %s", [fan.user_id])
    assert answer.status_code == 303
    assert payment is not None
    facts = facts_of(payment, at=utc_now())

    assert (facts.email_domain, facts.device) == ("music.example", session)


async def test_nobody_pays_who_is_not_signed_in(client: httpx2.AsyncClient):
    for address in ("/payments", "/subscription", "/studio/royalties", "/studio/payouts", "/studio/splits"):
        answer = await client.get(address, headers=FORM)
        assert answer.headers["location"].startswith("/sign-in")


async def _twice(client: httpx2.AsyncClient, page: str, address: str, fields: dict[str, str]) -> str:
    """Fill a form in, send it twice, and return the key that was in it."""
    key = read(await client.get(page, headers=FORM)).all("input", name="key")[0]["value"]
    first, second = [await client.post(address, data={**fields, "key": key}, headers=FORM) for _ in range(2)]
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["location"] == second.headers["location"]
    return key


async def _register(tx: Tx, artist: Artist) -> None:
    await tips.register_artist(
        tx, artist_id=artist.artist_id, user_id=artist.user_id, name=artist.name, as_of=utc_now()
    )


async def _state(database: Database, address: str) -> PaymentState:
    async with database.begin() as tx:
        found = await checkout.payment(tx, payment_id=PaymentId(UUID(address.removeprefix("/payments/"))))
    return found.state
