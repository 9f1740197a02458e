"""What gateways send is kept once, and what they did not send is refused without a word."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.factories.gateways import Sandbox
from tests.factories.killing import KilledAt
from tests.factories.payouts import take_jobs, waiting
from tests.factories.webhooks import (
    Posted,
    coinbase_body,
    genuine,
    paypal_body,
    post,
    signed,
    stripe_body,
    with_same_crc,
)
from vibestream.contexts.payment.gateways.service import Gateways
from vibestream.contexts.payment.webhooks import service
from vibestream.contexts.payment.webhooks.service import InboxState
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime

ENDPOINTS = ("stripe", "stripe-connect", "paypal", "coinbase")


async def kept(database: Database) -> list[tuple[str, str, str, str, str, int]]:
    """What the inbox holds, the oldest first: gateway, event, kind, object, state, deliveries."""
    async with database.begin() as tx:
        found = await service.webhooks(tx, limit=100)
    return [
        (one.gateway.value, one.event_ref, one.kind.value, one.object_ref, one.state.value, one.deliveries)
        for one in reversed(found)
    ]


@pytest.mark.parametrize(
    ("endpoint", "gateway", "kind", "ref"),
    [
        ("stripe", "stripe", "payment", "pi_1"),
        ("stripe-connect", "stripe", "account", "acct_1"),
        ("paypal", "paypal", "payment", "ORD1"),
        ("coinbase", "coinbase", "payment", "co-1"),
    ],
)
async def test_a_genuine_delivery_is_in_the_database_with_its_job_when_it_is_answered(  # noqa: PLR0917
    client: Any, database: Database, gateways: Sandbox, counted: Any, endpoint: str, gateway: str, kind: str, ref: str
):
    delivery = genuine(gateways, endpoint)

    answer = await post(client, delivery)

    assert (answer.status_code, answer.content) == (200, b"")
    ((found_gateway, _, found_kind, found_ref, state, deliveries),) = await kept(database)
    assert (found_gateway, found_kind, found_ref, state, deliveries) == (gateway, kind, ref, "received", 1)
    ((name, arguments),) = await waiting(database)
    assert name == "payment.process_webhook"
    async with database.begin() as tx:
        (one,) = await service.webhooks(tx, limit=10)
        assert arguments == {"webhook_id": str(one.webhook_id)}
        _, body = await service.webhook(tx, webhook_id=one.webhook_id)
    assert body == delivery.body
    assert counted() == {f"{gateway} received": 1}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_the_same_event_again_is_counted_and_nothing_more(
    client: Any, database: Database, gateways: Sandbox, counted: Any, endpoint: str
):
    delivery = genuine(gateways, endpoint)
    for _ in range(3):
        assert (await post(client, delivery)).status_code == 200
    again = signed(gateways, endpoint, delivery.body)  # sent anew, with a new signature
    if endpoint != "coinbase":  # whose payload has no id of the event but in the signed header
        assert (await post(client, again)).status_code == 200

    ((*_, deliveries),) = await kept(database)
    assert deliveries == (3 if endpoint == "coinbase" else 4)
    assert len(await waiting(database)) == 1
    gateway = endpoint.partition("-")[0]
    assert counted() == {f"{gateway} received": 1, f"{gateway} duplicate": deliveries - 1}


async def test_the_same_event_many_times_at_once_is_one(client: Any, database: Database, gateways: Sandbox):
    delivery = genuine(gateways, "paypal")
    answers = await asyncio.gather(*[post(client, delivery) for _ in range(8)])
    assert [answer.status_code for answer in answers] == [200] * 8
    assert [row[-1] for row in await kept(database)] == [8]
    assert len(await waiting(database)) == 1


async def refused(
    client: Any, database: Database, counted: Any, delivery: Posted, *, status: int = 400, counts: dict[str, int]
) -> None:
    answer = await post(client, delivery)
    assert answer.status_code == status, answer.text
    if status == 400:
        problem = answer.json()
        assert (problem["code"], problem["detail"]) == ("webhooks.refused", "This delivery is refused.")
        assert "facts" not in problem
    assert await kept(database) == []
    assert await waiting(database) == []
    assert counted() == counts


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_a_changed_body_is_refused(
    client: Any, database: Database, gateways: Sandbox, counted: Any, endpoint: str
):
    delivery = genuine(gateways, endpoint)
    gateway = endpoint.partition("-")[0]
    forged = delivery.but(body=delivery.body.replace(b"1", b"2"))
    await refused(client, database, counted, forged, counts={f"{gateway} signature": 1})


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_what_is_signed_with_another_secret_is_refused(
    client: Any, database: Database, gateways: Sandbox, counted: Any, endpoint: str
):
    from vibestream.sandbox.gateways.keys import make

    other = make()
    keys = replace(
        gateways.keys,
        stripe_webhook_secret=other.stripe_webhook_secret,
        stripe_connect_webhook_secret=other.stripe_connect_webhook_secret,
        paypal_webhook_id=other.paypal_webhook_id,
        coinbase_webhook_secret=other.coinbase_webhook_secret,
    )
    delivery = signed(gateways, endpoint, genuine(gateways, endpoint).body, keys=keys)
    await refused(client, database, counted, delivery, counts={f"{endpoint.partition('-')[0]} signature": 1})


async def test_the_secrets_of_stripes_two_endpoints_do_not_make_one_look_like_the_other(
    client: Any, database: Database, gateways: Sandbox
):
    # Signed for the connected accounts' endpoint, whatever it says it is about: never a payment of ours.
    body = stripe_body("payment_intent.succeeded", {"object": "payment_intent", "id": "pi_1"})
    delivery = signed(gateways, "stripe-connect", body).but(endpoint="stripe")
    assert (await post(client, delivery)).status_code == 200
    ((_, _, kind, _, state, _),) = await kept(database)
    assert (kind, state) == ("other", "done")


@pytest.mark.parametrize("endpoint", ["stripe", "stripe-connect", "coinbase"])
@pytest.mark.parametrize("minutes", [-6, 6])
async def test_a_signature_of_another_time_is_refused(  # noqa: PLR0917
    client: Any, database: Database, gateways: Sandbox, counted: Any, endpoint: str, minutes: int
):
    delivery = signed(gateways, endpoint, genuine(gateways, endpoint).body, at=utc_now() + timedelta(minutes=minutes))
    await refused(client, database, counted, delivery, counts={f"{endpoint.partition('-')[0]} stale": 1})


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("minutes", [-4, 4])
async def test_clocks_may_differ_by_some_minutes(
    client: Any, database: Database, gateways: Sandbox, endpoint: str, minutes: int
):
    delivery = signed(gateways, endpoint, genuine(gateways, endpoint).body, at=utc_now() + timedelta(minutes=minutes))
    assert (await post(client, delivery)).status_code == 200
    assert len(await kept(database)) == 1


async def test_paypal_may_be_three_days_late_and_not_four(
    client: Any, database: Database, gateways: Sandbox, counted: Any
):
    body = genuine(gateways, "paypal").body
    stale = signed(gateways, "paypal", body, at=utc_now() - timedelta(days=4))
    await refused(client, database, counted, stale, counts={"paypal stale": 1})
    late = signed(gateways, "paypal", body, at=utc_now() - timedelta(days=3))
    assert (await post(client, late)).status_code == 200


async def test_an_event_of_long_ago_is_refused_even_under_a_fresh_signature(
    client: Any, database: Database, gateways: Sandbox, counted: Any
):
    thing = {"object": "payment_intent", "id": "pi_1"}
    old = stripe_body("payment_intent.succeeded", thing, at=utc_now() - timedelta(days=32))
    await refused(client, database, counted, signed(gateways, "stripe", old), counts={"stripe stale": 1})


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"<html><body>502 Bad Gateway</body></html>",
        b'{"id": 1e400}',
        b"{" * 5000,
    ],
    ids=["empty", "null", "list", "nothing", "no text", "html", "infinite", "deep"],
)
async def test_what_no_gateway_sends_is_refused_even_when_it_is_signed(  # noqa: PLR0917
    client: Any, database: Database, gateways: Sandbox, counted: Any, endpoint: str, body: bytes
):
    delivery = signed(gateways, endpoint, body)
    await refused(client, database, counted, delivery, counts={f"{endpoint.partition('-')[0]} malformed": 1})


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_what_is_not_signed_at_all_is_refused(
    client: Any, database: Database, gateways: Sandbox, counted: Any, endpoint: str
):
    delivery = genuine(gateways, endpoint).but(headers={"content-type": "application/json"})
    answer = await post(client, delivery)
    assert answer.status_code == 400
    assert await kept(database) == []
    (counts,) = counted().items()
    assert counts in {(f"{endpoint.partition('-')[0]} {why}", 1.0) for why in ("signature", "malformed")}


async def test_what_is_too_large_is_refused_before_it_is_read(
    client: Any, database: Database, gateways: Sandbox, counted: Any
):
    delivery = signed(gateways, "stripe", b'{"id": "' + b"x" * service.MAX_BODY_BYTES + b'"}')
    await refused(client, database, counted, delivery, status=413, counts={"stripe oversized": 1})


@pytest.mark.parametrize("endpoint", ["visa", "Stripe", "stripe-connect2", "x" * 500])
async def test_nothing_is_expected_elsewhere(
    client: Any, database: Database, gateways: Sandbox, counted: Any, endpoint: str
):
    delivery = genuine(gateways, "stripe").but(endpoint=endpoint)
    await refused(client, database, counted, delivery, status=404, counts={})


@pytest.mark.parametrize(
    "host",
    [
        "https://paypal.com.evil.tld/cert",
        "https://api.paypal.com.evil.tld/cert",
        "https://evilpaypal.com/cert",
        "https://evil.tld/api.paypal.com",
        "https://api.paypal.com@evil.tld/cert",
        "http://api.paypal.com/cert",
        "file:///etc/passwd",
        "",
        "//api.paypal.com/cert",
    ],
)
async def test_a_certificate_from_elsewhere_proves_nothing(
    client: Any, database: Database, gateways: Sandbox, counted: Any, host: str
):
    delivery = genuine(gateways, "paypal")
    evil = delivery.but(headers=delivery.headers | {"paypal-cert-url": host})
    answer = await post(client, evil)
    assert answer.status_code == 400
    assert await kept(database) == []
    assert sum(counted().values()) == 1
    assert next(iter(counted())).removeprefix("paypal ") in {"certificate", "malformed", "signature"}


async def test_a_body_forged_to_the_same_checksum_does_not_get_in_beside_the_genuine_one(
    client: Any, database: Database, gateways: Sandbox, counted: Any
):
    delivery = genuine(gateways, "paypal")
    assert (await post(client, delivery)).status_code == 200
    before = await kept(database)
    for change in ((b"10.00", b"99999.00"), (b'"WH-', b'"WH-9'), (b"ORD1", b"ORD2")):
        forged = delivery.but(body=with_same_crc(delivery.body, change=change))
        assert (await post(client, forged)).status_code == 400

    assert await kept(database) == before
    assert len(await waiting(database)) == 1
    assert counted() == {"paypal received": 1, "paypal rebound": 3}
    assert (await post(client, delivery)).status_code == 200, "the genuine one is as welcome as before"


async def test_a_forged_body_that_comes_first_can_only_name_an_object_to_look_at(
    client: Any, database: Database, gateways: Sandbox
):
    delivery = genuine(gateways, "paypal")
    forged = delivery.but(body=with_same_crc(delivery.body, change=(b"10.00", b"99999.00")))
    assert (await post(client, forged)).status_code == 200
    ((gateway, _, kind, ref, _, _),) = await kept(database)
    assert (gateway, kind, ref) == ("paypal", "payment", "ORD1")
    (job,) = await take_jobs(database)
    assert set(job[1]) == {"webhook_id"}, "no amount goes any further"


async def test_an_endpoint_of_a_gateway_that_is_not_configured_is_not_there(
    client: Any, database: Database, runtime: Runtime, gateways: Sandbox, counted: Any
):
    none = replace(runtime, parts={Gateways: Gateways({})})
    delivery = genuine(gateways, "stripe")
    for endpoint in ENDPOINTS:
        with pytest.raises(service.NoSuchEndpoint):
            await service.receive(none, endpoint=endpoint, headers=delivery.headers, body=delivery.body, now=utc_now())
    assert counted() == {"stripe unconfigured": 2, "paypal unconfigured": 1, "coinbase unconfigured": 1}


@pytest.mark.parametrize(
    ("endpoint", "body"),
    [
        ("stripe", stripe_body("customer.created", {"object": "customer", "id": "cus_1"})),
        ("stripe", stripe_body("what.nobody.knows", {"object": "novelty", "id": "n_1"})),
        ("paypal", paypal_body("BILLING.SUBSCRIPTION.CREATED", {"id": "I-1"})),
        ("coinbase", coinbase_body("wallet.novelty", "w-1")),
    ],
)
async def test_an_event_that_we_have_no_use_for_is_kept_and_left_alone(
    client: Any, database: Database, gateways: Sandbox, endpoint: str, body: bytes
):
    assert (await post(client, signed(gateways, endpoint, body))).status_code == 200
    ((_, _, kind, _, state, _),) = await kept(database)
    assert (kind, state) == ("other", "done")
    assert await waiting(database) == []


async def test_a_failed_event_that_is_sent_again_is_tried_again(client: Any, database: Database, gateways: Sandbox):
    delivery = genuine(gateways, "stripe")
    await post(client, delivery)
    await take_jobs(database)
    async with database.begin() as tx:
        await tx.execute("UPDATE payment.webhook SET state = 'failed', error = 'x', attempts = 20")

    assert (await post(client, delivery)).status_code == 200

    assert [row[-2:] for row in await kept(database)] == [("received", 2)]
    assert len(await waiting(database)) == 1


async def cut(owner_dsn: str) -> None:
    """Have the server end the victim's sessions, and wait until they are gone."""
    async with await psycopg.AsyncConnection.connect(owner_dsn, autocommit=True) as owner:
        await owner.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'victim'"
        )


@pytest.mark.timeout(120)
async def test_killed_at_every_point_there_is_a_row_with_its_job_or_neither(
    runtime: Runtime, gateways: Sandbox, owner_dsn: str, database: Database
):
    delivery, point, seen = genuine(gateways, "stripe"), 0, set()
    while True:
        async with Database(database.dsn, application="victim") as victim:
            intake = service.receive(
                replace(runtime, database=victim),
                endpoint="stripe",
                headers=delivery.headers,
                body=delivery.body,
                now=utc_now(),
            )
            killed = await KilledAt(intake, point, lambda: cut(owner_dsn))
        rows, jobs = await kept(database), await take_jobs(database)
        assert len(rows) == len(jobs), point
        seen.add(len(rows))
        if not killed:
            break
        async with database.begin() as tx:
            await tx.execute("DELETE FROM payment.webhook")
        point += 1
    assert point > 3
    assert seen == {0, 1}


async def test_what_is_sent_again_after_a_crash_before_the_answer_is_welcome(
    client: Any, database: Database, gateways: Sandbox
):
    delivery = genuine(gateways, "coinbase")
    await post(client, delivery)  # committed; the answer got lost
    assert (await post(client, delivery)).status_code == 200
    assert len(await waiting(database)) == 1
    async with database.begin() as tx:
        (found,) = await service.webhooks(tx, states={InboxState.RECEIVED}, limit=10)
    assert found.deliveries == 2
