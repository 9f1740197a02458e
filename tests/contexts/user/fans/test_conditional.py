"""A fan's page by JSON is not sent again while it stands, and is gone at once when it is closed."""

from __future__ import annotations

from tests.contexts.user.fans.conftest import CLOSED, make_fan
from tests.factories.users import MADE_AT, make_user
from tests.http_client import ClientFor
from vibestream.contexts.user.fans import service as fans
from vibestream.platform.database import Database


async def test_what_changes_for_whoever_asks_changes_its_tag_and_what_is_closed_is_not_unchanged(
    client_for: ClientFor, database: Database
):
    async with database.begin() as tx:
        (owner, handle), other = await make_fan(tx), await make_user(tx)
    browser, path = await client_for(other), f"/api/v1/people/{handle}"
    tag = (await browser.get(path)).headers["etag"]
    same = await browser.get(path, headers={"If-None-Match": tag})

    followed = await browser.put(f"{path}/follow")
    following = await browser.get(path, headers={"If-None-Match": tag})
    newer = following.headers["etag"]
    async with database.begin() as tx:
        await fans.save_page(tx, user_id=owner.user_id, handle=handle, about="", taste="", switches=CLOSED, now=MADE_AT)
    closed = await browser.get(path, headers={"If-None-Match": newer})

    assert (same.status_code, same.content) == (304, b"")
    assert followed.status_code < 300
    assert (following.status_code, following.json()["following"]) == (200, True)
    assert newer != tag
    assert closed.status_code == 404
