"""What a request came from reaches the stored vector of its risk decision: other devices of one person are told apart."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from tests.contexts.payment.payouts.test_routes import MINE, person, rich
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.payouts import service
from vibestream.kernel.ids import PayoutId
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime


async def features_of(database: Database, payout_id: str) -> tuple[str | None, dict[str, float]]:
    async with database.begin() as tx:
        payout = await service.payout(tx, payout_id=PayoutId(UUID(payout_id)))
        assert payout.decision_id is not None
        found = await fraud.explained(tx, decision_id=payout.decision_id)
        device = await tx.value("SELECT device FROM payment.risk_event WHERE subject = %s", [payout_id])
    return device, dict(found.features)


async def test_the_second_payout_of_a_session_is_the_second_of_its_device(
    client_for: Any, database: Database, runtime: Runtime
):
    me = person()
    await rich(database, me.user_id)
    client = await client_for(me)
    made = []
    for _ in range(2):
        answer = await client.post(
            MINE, json={"currency": "USD", "amount": "10.00"}, headers={"Idempotency-Key": str(uuid4())}
        )
        assert answer.status_code == 201, answer.text
        await service.screen_payout(runtime, payout_id=answer.json()["payout_id"])
        made.append(await features_of(database, answer.json()["payout_id"]))
    (first_device, first), (second_device, second) = made

    assert first_device == second_device == str(me.session_id)
    assert (first["device.count.24h"], second["device.count.24h"]) == (0, 1)
    assert (first["device.users.24h"], second["device.users.24h"]) == (0, 1)
    assert (first["device.new_user"], second["device.new_user"]) == (1, 0)
