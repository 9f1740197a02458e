"""What machines and operators are told about a process."""

from __future__ import annotations


async def test_a_started_process_lives_has_started_and_is_ready(client, edge):
    await edge.live.listening.wait()
    assert (await client.get("/livez")).json() == {"status": "ok", "checks": {"event_loop": True}}
    assert (await client.get("/startupz")).json() == {"status": "ok", "checks": {"started": True}}
    ready = await client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ok",
        "checks": {"started": True, "database": True, "schema": True, "live": True},
    }
