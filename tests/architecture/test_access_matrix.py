"""Who may do what, tried: every route by every role, and every id of somebody else on every route that has one."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import BaseModel

from tests.architecture.things import make_thing, request_of, sent_with
from tests.factories.users import User, make_artist, make_user
from tests.http_client import ClientFor
from tools.access_matrix import OPERATORS, OTHERS, OWNED, SENT, SENT_OPENLY, WHO, admits, bears_id, object_of, rows_of
from vibestream.kernel.ids import SessionId, new_id
from vibestream.platform.access import ANYONE, SIGNED_IN, Policy, Principal, holds
from vibestream.platform.database import Database
from vibestream.platform.http.limiter import Quota
from vibestream.platform.runtime import Runtime

STREAMS = frozenset({"/events"})
NOTHING = str(UUID(int=0))
ONWARD = frozenset({"GET /payments payment"})
"""What sends on to the address with the id, which is not there for a stranger."""


def policies(app: FastAPI) -> Iterator[tuple[str, Policy]]:
    """Every route's rows with its policy; HEAD of what also answers GET is the same route."""
    gets = {str(one.path) for one in iter_route_contexts(app.routes) if "GET" in (one.methods or ())}
    for context in iter_route_contexts(app.routes):
        path, methods = str(context.path), set(context.methods or ())
        if methods == {"HEAD"} and path in gets:
            continue
        policy = getattr(context.original_route, "policy", None)
        assert isinstance(policy, Policy), path
        for row in rows_of(path, methods):
            yield row, policy


def unlimited(*_: object, **__: object) -> Quota:
    return Quota(admitted=True, remaining=1, reset_s=1)


async def test_every_route_lets_in_whom_its_policy_says_and_nobody_else(
    app: FastAPI, client: Any, client_for: ClientFor, database: Database
):
    """The refusal is the policy's own, told by its code, so that a refusal for another reason does not count as one."""
    app.state.edge.limiter.hit = unlimited

    async def somebody(roles: tuple[str, ...]) -> Any:
        async with database.begin() as tx:
            user = await make_user(tx)
        return await client_for(Principal(user.user_id, SessionId(new_id()), frozenset(roles)))

    people = {who: client if roles is None else await somebody(roles) for who, roles in WHO.items()}
    sessions = {who: dict(sender.cookies) for who, sender in people.items()}
    wrong, tried = [], 0
    for row, policy in policies(app):
        method, path = row.split(" ", maxsplit=1)
        if path in STREAMS:
            continue
        for who, sender in people.items():
            sender.cookies = sessions[who].copy()  # one of the routes signs out
            answer = await sender.request(method, re.sub(r"\{[^}]*\}", NOTHING, path))
            is_problem = answer.content and "problem+json" in answer.headers.get("content-type", "")
            code = answer.json()["code"] if is_problem else ""
            turned_away = code in {"access.not_signed_in", "access.role_missing"} or (
                method == "HEAD" and answer.status_code in {401, 403}
            )
            tried += 1
            assert answer.status_code != 500, (row, who)
            if turned_away == admits(row, policy, who):
                wrong.append((row, who, policy.name, answer.status_code, code))
    assert wrong == []
    assert tried > 5 * 300


async def test_every_id_in_an_address_is_accounted_for(app: FastAPI):
    """A route that is new, or is gone, or that operators alone no longer call, must be said in tools/access_matrix.py."""
    bearing = {row: policy for row, policy in policies(app) if bears_id(row)}
    said = set(OWNED) | set(OTHERS)
    unsaid = sorted(row for row, policy in bearing.items() if row not in said and policy.name not in OPERATORS)
    assert unsaid == [], "say in tools/access_matrix.py whose object the id is"
    assert sorted(said - set(bearing)) == [], "no such route any more"
    assert set(OWNED) & set(OTHERS) == set()
    assert [row for row, policy in bearing.items() if row in OWNED and policy is ANYONE] == []


def test_what_nobody_has_said_is_not_called_safe():
    with pytest.raises(LookupError, match="access_matrix"):
        object_of("GET /api/v1/secrets/{secret_id}", SIGNED_IN)
    assert object_of("GET /api/v1/operations/secrets/{secret_id}", holds("finance")) == "anybody's: the role decides"


async def test_somebody_elses_id_is_not_there(
    app: FastAPI, client_for: ClientFor, database: Database, runtime: Runtime
):
    """For each: another artist, another admin and another of finance get 404; the owner of the very same gets something."""
    app.state.edge.limiter.hit = unlimited
    async with database.begin() as tx:
        artist = await make_artist(tx, user=await make_user(tx, roles=["label"]))
        strangers = [artist.user, await make_user(tx, roles=["admin", "finance", "artist"])]
    others = [await client_for(one) for one in strangers]
    seen, missing = [], []
    for row, kind in OWNED.items():
        async with database.begin() as tx:
            owner: User = await make_user(tx, roles=["artist"])
            named = await make_thing(kind, tx, owner, runtime)
        sent = request_of(row, named)
        for other in others:
            answer = await other.request(sent.method, sent.path, **sent.options)
            if answer.status_code != 404:
                seen.append((row, answer.status_code, answer.text[:300]))
        answer = await (await client_for(owner)).request(sent.method, sent.path, **sent.options)
        not_yet = answer.status_code == 503 and answer.json()["code"] == "seal.not_yet"  # theirs, and not sealed yet
        if not not_yet and (answer.status_code in {401, 403, 404, 422} or answer.status_code >= 500):
            missing.append((row, answer.status_code, answer.text[:300]))
    assert seen == []
    assert missing == [], "the owner got nothing either, so that the 404 above says nothing"


def ids_sent(app: FastAPI) -> Iterator[tuple[str, Policy]]:
    """Every id in the body or the query of a route: its row with the field's name; a field holds ids when UUID is its type."""
    for context in iter_route_contexts(app.routes):
        route, methods = context.original_route, set(context.methods or ())
        if not isinstance(route, APIRoute) or methods == {"HEAD"}:
            continue
        policy = getattr(route, "policy", None)
        assert isinstance(policy, Policy)
        for name in ids_in(route.dependant):
            for row in rows_of(str(context.path), methods):
                yield f"{row} {name}", policy


def ids_in(dependant: Dependant) -> Iterator[str]:
    for one in (*dependant.query_params, *dependant.body_params):
        yield from _ids_of(one.alias, one.field_info.annotation)
    for inner in dependant.dependencies:
        yield from ids_in(inner)


def _ids_of(name: str, kind: Any) -> Iterator[str]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for inner, field in kind.model_fields.items():
            yield from _ids_of(inner, field.annotation)
    elif kind is UUID or getattr(kind, "__supertype__", None) is UUID:
        yield name
    else:
        found = (one for inner in typing.get_args(kind) for one in _ids_of(name, inner))
        yield from dict.fromkeys(found)


async def test_every_id_that_is_sent_is_accounted_for(app: FastAPI):
    sent = {row: policy for row, policy in ids_sent(app) if policy.name not in OPERATORS}
    assert len(sent) > 10
    assert sorted(set(sent) - set(SENT) - set(SENT_OPENLY)) == [], (
        "say in tools/access_matrix.py whose object it must be"
    )
    assert sorted((set(SENT) | set(SENT_OPENLY)) - set(sent)) == [], "no such field any more"


async def test_somebody_elses_id_in_a_body_is_refused_and_says_nothing(
    app: FastAPI, client_for: ClientFor, database: Database, runtime: Runtime
):
    """What is right but for one id of somebody else is refused like an id of nothing, in the same words."""
    app.state.edge.limiter.hit = unlimited
    async with database.begin() as tx:
        owner = await make_user(tx, roles=["artist"])
        stranger = await make_user(tx, roles=["artist"])
        own = await make_thing("draft", tx, stranger, runtime)
    client = await client_for(stranger)
    for row, kind in SENT.items():
        async with database.begin() as tx:
            owner = await make_user(tx, roles=["artist"])
            theirs = await make_thing(kind, tx, owner, runtime)
        answers = []
        for tried in (theirs, dict.fromkeys(theirs, NOTHING)):
            sent = sent_with(row, own, tried)
            answer = await client.request(sent.method, sent.path, **sent.options)
            assert answer.status_code in ({303} if row in ONWARD else {404, 422}), (row, answer.text[:500])
            answers.append((answer.status_code, without_ids(answer.text, *theirs.values(), NOTHING)))
        assert answers[0] == answers[1], row


def without_ids(text: str, *ids: str) -> str:
    """An answer without what differs from request to request, and without the ids that were sent."""
    for one in (given for given in ids if len(given) == len(NOTHING)):
        text = text.replace(one, "ID")
    return re.sub(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|nonce=\"[^\"]*\"", "", text)
