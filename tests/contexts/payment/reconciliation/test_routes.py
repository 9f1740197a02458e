"""Finance reads what differs, says why, and sees how long gateways have had our money."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.factories.gateways import Sandbox
from tests.platform.http.conftest import make_principal
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.reconciliation import service
from vibestream.kernel.time import utc_now
from vibestream.platform.runtime import Runtime

AT = "/api/v1/operations/reconciliation"


async def test_a_finding_is_read_explained_and_resolved(client_for: Any, paying: Runtime, own_gateways: Sandbox):
    own_gateways.plant("stripe", "missing_here", amount=777)
    now = utc_now()
    await service.reconcile(paying, gateway=GatewayName.STRIPE, day=now.date(), now=now + timedelta(days=4))
    who = make_principal("finance")
    finance = await client_for(who)

    (run,) = (await finance.get(f"{AT}/runs")).json()
    assert (run["gateway"], run["lines"], run["differing"]) == ("stripe", 1, 1)
    (found,) = (await finance.get(f"{AT}/findings?state=open&gateway=stripe")).json()["items"]
    assert (found["class"], found["kind"], found["ours"], found["theirs"], found["currency"]) == (
        "missing_here",
        "charge",
        None,
        "7.77",
        "USD",
    )
    at = f"{AT}/findings/{found['finding_id']}"
    assert (await finance.post(f"{at}/explain", json={"note": ""})).status_code == 422
    assert (await finance.post(f"{at}/explain", json={"note": "x" * 1001})).status_code == 422
    explained = (await finance.post(f"{at}/explain", json={"note": "Of another shop on the same account."})).json()
    assert (explained["state"], explained["decided_by"]) == ("explained", str(who.user_id))
    assert (await finance.get(f"{AT}/findings?state=open")).json()["items"] == []
    assert (await finance.post(f"{at}/resolve", json={"note": "Refunded there."})).json()["state"] == "resolved"
    assert (await finance.post(f"{at}/resolve", json={"note": "Again."})).status_code == 409
    assert (await finance.get(at)).json()["note"] == "Refunded there."
    assert (await finance.get(f"{AT}/findings/{uuid4()}")).status_code == 404
    assert (await finance.get(f"{AT}/ageing/stripe")).json() == []
    assert (await finance.get(f"{AT}/ageing/visa")).status_code == 422


@pytest.mark.parametrize("roles", [(), ("artist",)])
async def test_nobody_else_sees_any_of_it(client_for: Any, roles: tuple[str, ...]):
    stranger = await client_for(make_principal(*roles))
    for path in ("runs", "findings", f"findings/{uuid4()}", "ageing/stripe"):
        assert (await stranger.get(f"{AT}/{path}")).status_code == 403
    for deed in ("explain", "resolve"):
        answer = await stranger.post(f"{AT}/findings/{uuid4()}/{deed}", json={"note": "x"})
        assert answer.status_code == 403
