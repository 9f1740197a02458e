"""A session that ends takes its open event streams with it, and no other."""

from __future__ import annotations

import pytest

from tests.factories.users import make_user, signed_in
from tests.platform.http.test_event_stream import reading


@pytest.fixture
async def listening(app):
    await app.state.edge.live.listening.wait()
    return app


@pytest.mark.parametrize("way", ["signing out", "ending the others", "ending that one"])
async def test_the_stream_of_an_ended_session_ends_at_once(listening, client_for, database, way):
    async with database.begin() as tx:
        user = await make_user(tx)
        ending, staying = await signed_in(tx, user), await signed_in(tx, user)
    async with reading(listening, ending) as ends, reading(listening, staying) as stays:
        await ends.next()
        await stays.next()
        client = await client_for(user)
        client.cookies.clear()
        client.headers["Cookie"] = f"__Host-vs={ending if way == 'signing out' else staying}"
        if way == "signing out":
            answer = await client.delete("/api/v1/sessions/current")
        elif way == "ending the others":
            answer = await client.delete("/api/v1/me/sessions")
        else:
            sessions = (await client.get("/api/v1/me/sessions")).json()["sessions"]
            async with database.begin() as tx:
                session_id = await tx.value(
                    "SELECT session_id FROM users.session WHERE token_hash = sha256(%s)", [ending.encode()]
                )
            assert str(session_id) in {one["session_id"] for one in sessions}
            answer = await client.delete(f"/api/v1/me/sessions/{session_id}")
        assert answer.status_code in {200, 204}
        assert await ends.next(within_s=5) == ""
        assert ends.whole
        assert not stays.whole
