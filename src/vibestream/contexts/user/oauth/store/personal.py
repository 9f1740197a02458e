"""What OAuth holds of a person."""

# ruff: noqa: S608 - what is put into the statements are literals below

from __future__ import annotations

from uuid import UUID

from pydantic import JsonValue

from vibestream.platform.database import Tx


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return what a person lets apps do, the apps that they registered themselves, and their personal access tokens."""
    return await tx.values(
        "SELECT jsonb_build_object('app', c.name, 'scopes', o.scopes, 'given_at', o.given_at)"
        " FROM users.oauth_consent o JOIN users.oauth_client c USING (client_id) WHERE o.user_id = %(user_id)s UNION ALL"
        " SELECT jsonb_build_object('own_app', name, 'redirect_uris', redirect_uris, 'made_at', made_at)"
        " FROM users.oauth_client WHERE owner_id = %(user_id)s UNION ALL"
        " SELECT jsonb_build_object('token', name, 'scopes', scopes, 'made_at', made_at, 'expires_at', expires_at,"
        " 'used_at', used_at) FROM users.personal_token WHERE user_id = %(user_id)s",
        {"user_id": user_id},
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete what a person let apps and devices do, with every token, and their personal ones; their own apps end, and lose their names and addresses."""
    own = "SELECT client_id FROM users.oauth_client WHERE owner_id = %(user_id)s"
    person = {"user_id": user_id}
    await tx.execute("DELETE FROM users.personal_token WHERE user_id = %(user_id)s", person)
    await tx.execute(f"DELETE FROM users.oauth_device WHERE user_id = %(user_id)s OR client_id IN ({own})", person)
    await tx.execute(f"DELETE FROM users.oauth_grant WHERE user_id = %(user_id)s OR client_id IN ({own})", person)
    await tx.execute(f"DELETE FROM users.oauth_consent WHERE user_id = %(user_id)s OR client_id IN ({own})", person)
    await tx.execute(
        "UPDATE users.oauth_client SET name = '-', redirect_uris = '{-}', origins = '{}', ended_at = coalesce(ended_at, greatest(now(), made_at))"
        " WHERE owner_id = %(user_id)s",
        person,
    )
