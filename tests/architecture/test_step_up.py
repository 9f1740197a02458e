"""What a stolen session must not be enough for: every route of it, by JSON and by a page, wants a proof that is not old."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from uuid import UUID

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from tests.architecture.test_access_matrix import unlimited
from tests.factories.users import make_user
from tests.http_client import ClientFor
from tools.access_matrix import rows_of
from vibestream.platform.database import Database

NOTHING: Final = str(UUID(int=0))
_APP: Final = "/account/app"
_TOTP: Final = "/api/v1/me/factors/totp"
_LABELS: Final = "/studio/artists/{artist_id}/labels"
WANTS_PROOF: Final[Mapping[str, tuple[str, ...]]] = {
    "withdrawing": ("POST /api/v1/payouts", "POST /studio/payouts"),
    "where money is sent": (
        "PUT /api/v1/payouts/destination",
        "POST /api/v1/payouts/destination/undo",
        "POST /api/v1/payouts/stripe-account",
        "POST /studio/payouts/destination",
        "POST /studio/payouts/destination/undo",
        "POST /studio/payouts/stripe",
        "POST /studio/payouts/stripe/use",
    ),
    "who is paid for what is heard": ("PUT /api/v1/receipts/identity", "GET /account/receipts/secret"),
    "factors": (
        f"POST {_TOTP}",
        f"POST {_TOTP}/confirm",
        f"DELETE {_TOTP}",
        "POST /api/v1/me/factors/recovery-codes",
        f"GET {_APP}",
        f"POST {_APP}",
        f"POST {_APP}/confirm",
        f"POST {_APP}/remove",
        "POST /account/recovery-codes",
        "POST /api/v1/me/passkeys/options",
        "POST /api/v1/me/passkeys",
        "PATCH /api/v1/me/passkeys/{passkey_id}",
        "DELETE /api/v1/me/passkeys/{passkey_id}",
        "GET /account/passkeys/new",
        "POST /account/passkeys/{passkey_id}/name",
        "POST /account/passkeys/{passkey_id}/remove",
        "POST /account/connected",
        "POST /account/connected/{identity_id}/remove",
    ),
    "wallets of chains": (
        "POST /api/v1/me/chain-wallets/challenge",
        "POST /api/v1/me/chain-wallets",
        "DELETE /api/v1/me/chain-wallets/{wallet_id}",
        "GET /account/wallets/new",
        "POST /account/wallets/{wallet_id}/remove",
    ),
    "the address": ("POST /api/v1/me/email-change", "POST /account/email"),
    "apps and tokens": (
        "POST /account/developer",
        "POST /account/developer/{client_id}/secret",
        "POST /account/developer/{client_id}/delete",
        "POST /account/tokens",
    ),
    "roles and locks": (
        "POST /api/v1/operations/accounts/{user_id}/roles",
        "PUT /api/v1/operations/accounts/{user_id}/lock",
        "POST /api/v1/operations/accounts/{user_id}/unlock",
        "POST /api/v1/operations/role-proposals/{proposal_id}/approve",
        "POST /api/v1/operations/role-proposals/{proposal_id}/refuse",
        "POST /operations/accounts/{user_id}/roles",
        "POST /operations/accounts/{user_id}/lock",
        "POST /operations/accounts/{user_id}/unlock",
        "POST /operations/roles/{proposal_id}/approve",
        "POST /operations/roles/{proposal_id}/refuse",
    ),
    "who works for an artist": (
        "POST /api/v1/artists/{artist_id}/team/invitations",
        "POST /studio/artists/{artist_id}/invitations",
        f"POST {_LABELS}",
        f"POST {_LABELS}/{{relation_id}}/accept",
        "POST /api/v1/artists/{artist_id}/labels",
        "POST /api/v1/artists/{artist_id}/labels/{relation_id}/accept",
    ),
    "deletion, and a copy of everything": (
        "POST /api/v1/me/erasure",
        "POST /account/delete",
        "POST /api/v1/me/exports",
        "POST /api/v1/me/exports/{export_id}/link",
        "POST /account/privacy/exports",
        "POST /account/privacy/exports/{export_id}/fetch",
    ),
}
"""By what it is that is done. A large tip wants it too, and a changed password in a session of an account with a second factor:
see their tests, since what is sent or whose account it is decides there."""
ONLY_OF_SOME: Final = frozenset({"POST /account/password"})


def guarded(app: FastAPI) -> Iterator[str]:
    """Every route that declares that it wants a proof."""
    for context in iter_route_contexts(app.routes):
        dependant = getattr(context.original_route, "dependant", None)
        names = [getattr(one.call, "__qualname__", "") for one in dependant.dependencies] if dependant else []
        if any(re.match(r"(fresh|proven)\.<locals>", name) for name in names) and set(context.methods or ()) != {
            "HEAD"
        }:
            yield from rows_of(str(context.path), context.methods or ())


async def test_every_route_that_wants_a_proof_is_named_here_and_every_one_that_is_named_wants_one(app: FastAPI):
    named = [row for rows in WANTS_PROOF.values() for row in rows]
    assert sorted(set(guarded(app)) - ONLY_OF_SOME) == sorted(named)


async def test_a_session_whose_proof_is_old_does_none_of_it(app: FastAPI, client_for: ClientFor, database: Database):
    """Whoever holds every role is asked for a proof before anything else is looked at, whatever they send."""
    app.state.edge.limiter.hit = unlimited
    async with database.begin() as tx:
        user = await make_user(tx, roles=["admin", "finance", "artist", "label"])
    thief = await client_for(user)
    async with database.begin() as tx:
        await tx.execute("UPDATE users.session SET proved_at = proved_at - interval '31 minutes'")
    let_through = []
    for act, rows in WANTS_PROOF.items():
        for row in rows:
            method, path = row.split(" ", maxsplit=1)
            headers = {} if path.startswith("/api/") else {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
            answer = await thief.request(method, re.sub(r"\{[^}]*\}", NOTHING, path), headers=headers)
            asked = answer.json().get("code") if path.startswith("/api/") else "proof_code" in answer.text
            if answer.status_code != 403 or asked not in {True, "access.proof_too_old"}:
                let_through.append((act, row, answer.status_code))
    assert let_through == []
