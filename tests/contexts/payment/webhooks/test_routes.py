"""Finance looks into what gateways have sent, and has it tried again."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.factories.gateways import Sandbox
from tests.factories.payouts import take_jobs, waiting
from tests.factories.webhooks import genuine, post
from tests.platform.http.conftest import make_principal
from vibestream.platform.database import Database

AT = "/api/v1/operations/webhooks"


async def test_what_was_sent_is_listed_and_shown_as_it_came(
    client: Any, client_for: Any, database: Database, gateways: Sandbox
):
    for endpoint in ("stripe", "paypal", "coinbase"):
        assert (await post(client, genuine(gateways, endpoint))).status_code == 200
    finance = await client_for(make_principal("finance"))

    first = (await finance.get(f"{AT}?limit=2")).json()
    rest = (await finance.get(f"{AT}?limit=2&cursor={first['next_cursor']}")).json()
    assert [one["gateway"] for one in (*first["items"], *rest["items"])] == ["coinbase", "paypal", "stripe"]
    assert rest["next_cursor"] is None
    (one,) = (await finance.get(f"{AT}?gateway=paypal&state=received&object_ref=ORD1")).json()["items"]
    assert (one["kind"], one["deliveries"], one["state"]) == ("payment", 1, "received")
    shown = (await finance.get(f"{AT}/{one['webhook_id']}")).json()
    assert '"value": "10.00"' in shown["body"]
    assert (await finance.get(f"{AT}/{uuid4()}")).status_code == 404


async def test_what_failed_is_tried_again(client: Any, client_for: Any, database: Database, gateways: Sandbox):
    await post(client, genuine(gateways, "stripe"))
    await take_jobs(database)
    finance = await client_for(make_principal("finance"))
    (one,) = (await finance.get(AT)).json()["items"]
    again = f"{AT}/{one['webhook_id']}/try-again"
    assert (await finance.post(again)).status_code == 409
    async with database.begin() as tx:
        await tx.execute("UPDATE payment.webhook SET state = 'failed', error = 'x'")
    assert (await finance.post(again)).status_code == 202
    assert await waiting(database) == [("payment.process_webhook", {"webhook_id": one["webhook_id"]})]


@pytest.mark.parametrize("roles", [(), ("artist",)])
async def test_nobody_else_sees_any_of_it(
    client: Any, client_for: Any, database: Database, gateways: Sandbox, roles: tuple[str, ...]
):
    await post(client, genuine(gateways, "stripe"))
    stranger = await client_for(make_principal(*roles))
    for path in (AT, f"{AT}/{uuid4()}"):
        assert (await stranger.get(path)).status_code == 403
    assert (await stranger.post(f"{AT}/{uuid4()}/try-again")).status_code == 403
