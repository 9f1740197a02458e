"""The inbox of webhooks on the console: why one failed, its body's digest and never its words, and trying it again once."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final
from uuid import UUID

from tests.web.conftest import read
from tests.web.finance.conftest import FORM, make_keeper
from vibestream.contexts.payment.gateways.service import GatewayName, ObjectKind
from vibestream.contexts.payment.webhooks import service as webhooks
from vibestream.contexts.payment.webhooks import store
from vibestream.contexts.payment.webhooks.service import InboxState, Received
from vibestream.kernel.ids import new_id
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx

_PATH: Final = "/finance/reconciliation/webhooks"
_BODY: Final = b'{"payer": "Ana Soler <ana@example.org>"}'


async def _received(tx: Tx, *, error: str | None = None, **more: object) -> UUID:
    """An event that came from Stripe; with an error, one that failed."""
    now = utc_now()
    fields = {
        "webhook_id": new_id(),
        "gateway": GatewayName.STRIPE,
        "event_ref": f"evt_{new_id().hex}",
        "type": "payment_intent.succeeded",
        "kind": ObjectKind.PAYMENT,
        "object_ref": "pi_<1>",
        "sent_at": now - timedelta(seconds=3),
        "received_at": now,
        "state": InboxState.RECEIVED,
        "deliveries": 1,
        "attempts": 0,
        "error": None,
        "changed_at": now,
        **more,
    }
    kept = await store.keep(tx, Received(**fields), body=_BODY)  # type: ignore[arg-type]
    if error is not None:
        assert await store.settle(tx, kept.webhook_id, state=InboxState.FAILED, error=error, now=now)
    return kept.webhook_id


async def _jobs(database: Database) -> int:
    async with database.begin() as tx:
        return int(await tx.value("SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name LIKE '%%webhook'"))


async def test_what_failed_is_listed_with_why_and_the_rest_only_when_asked_for(client_for, database):
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
        failed = await _received(tx, error="gave_up")
        fine = await _received(tx)
    client = await client_for(keeper)
    page = read(await client.get(_PATH, headers=FORM))
    every = read(await client.get(f"{_PATH}?state=any&gateway=stripe&object_ref=pi_<1>", headers=FORM))
    none = read(await client.get(f"{_PATH}?state=any&gateway=paypal", headers=FORM))

    assert page.all("a", href=f"{_PATH}/{failed}")
    assert page.all("a", href=f"{_PATH}/{fine}") == []
    assert "It was tried twenty times" in page.text
    assert "1 webhook could not be worked off" in page.text
    assert every.all("a", href=f"{_PATH}/{fine}")
    assert "No webhook is like that" in none.text


async def test_a_page_shows_the_digest_of_what_was_sent_and_nothing_of_its_words(client_for, database):
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
        failed = await _received(tx, error="checkout.unknown_payment")
    page = read(await (await client_for(keeper)).get(f"{_PATH}/{failed}", headers=FORM))

    assert hashlib.sha256(_BODY).hexdigest() in page.text
    assert "40 bytes" in page.text
    assert "There is no such payment." in page.text
    assert "Ana" not in page.text
    assert "pi_<1>" in page.text


async def test_a_failed_one_is_tried_again_once_however_often_the_form_is_sent(client_for, database):
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
        failed = await _received(tx, error="gave_up")
    client, before = await client_for(keeper), await _jobs(database)
    odd = await client.post(f"{_PATH}/{failed}", data={"act": "forget"}, headers=FORM)
    first = await client.post(f"{_PATH}/{failed}", data={"act": "again"}, headers=FORM)
    second = await client.post(f"{_PATH}/{failed}", data={"act": "again"}, headers=FORM)
    async with database.begin() as tx:
        found, _ = await webhooks.webhook(tx, webhook_id=failed)

    assert odd.status_code == 422
    assert first.headers["location"] == f"{_PATH}/{failed}?done=again"
    assert second.status_code == 409
    assert "does not stand as failed any more" in read(second).text
    assert found.state is InboxState.RECEIVED
    assert await _jobs(database) == before + 1
