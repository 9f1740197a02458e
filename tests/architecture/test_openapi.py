"""The whole OpenAPI document, tried by schemathesis: what it says is what is answered, for every role."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from hypothesis.strategies import SearchStrategy
from schemathesis.checks import load_all_checks
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation

from tests.architecture.test_access_matrix import unlimited
from tests.factories.users import make_artist, make_user
from tests.http_client import ORIGIN
from vibestream.kernel.ids import SessionId, new_id
from vibestream.platform.access import Principal

STREAMS = frozenset({"/events"})
load_all_checks()
CHECKS = [
    schemathesis.checks.status_code_conformance,
    schemathesis.checks.content_type_conformance,
    schemathesis.checks.response_headers_conformance,
    schemathesis.checks.response_schema_conformance,
]
ROLES = ("nobody", "fan", "artist", "label", "moderator", "finance", "admin")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("who", ROLES)
async def test_every_answer_is_as_the_document_says(app, client, client_for, database, who):
    """Right and wrong requests made from each operation's schema: no server error, and nothing undocumented."""
    await try_all(app, await sender_of(who, client, client_for, database), examples=12)


async def test_an_answer_to_the_simplest_of_each_is_as_the_document_says(app, client_for, database):
    await try_all(app, await sender_of("admin", None, client_for, database), examples=1)


async def try_all(app: Any, sender: Any, *, examples: int) -> None:
    app.state.edge.limiter.hit = unlimited
    document = (await sender.get("/api/openapi.json")).json()
    schema = schemathesis.openapi.from_dict(document)
    cookies, wrong, tried = dict(sender.cookies), [], 0
    for operation in operations_of(schema):
        for case in cases_of(operation, examples):
            sender.cookies = cookies.copy()
            answer = await send(sender, case)
            tried += 1
            wrong += [f"{operation.label}: {one}" for one in failures_of(case, answer)]
    assert sorted(set(wrong)) == []
    assert tried > 150 * examples


async def sender_of(who: str, client: Any, client_for: Any, database: Any) -> Any:
    """A client of somebody who holds a role, and who has more than an empty account where that is cheap."""
    if who == "nobody":
        return client
    async with database.begin() as tx:
        user = await (make_user(tx) if who == "fan" else make_user(tx, roles=[who]))
        if who in {"artist", "admin"}:
            user = (await make_artist(tx, user=user)).user
    return await client_for(Principal(user.user_id, SessionId(new_id()), frozenset({"fan", who})))


def operations_of(schema: Any) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path not in STREAMS:
            yield operation


def cases_of(operation: APIOperation[Any, Any, Any, Any], examples: int) -> list[Case[Any]]:
    """As many examples as are wanted of right requests, and of wrong ones where there is something to be wrong."""
    return [case for mode in GenerationMode for case in _made(operation.as_strategy(generation_mode=mode), examples)]


def _made(strategy: SearchStrategy[Case[Any]], examples: int) -> list[Case[Any]]:
    made: list[Case[Any]] = []

    @hypothesis.seed(1)
    @hypothesis.settings(
        max_examples=examples,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(strategy)
    def make(case: Case[Any]) -> None:
        made.append(case)

    with contextlib.suppress(hypothesis.errors.Unsatisfiable):  # a route that takes nothing has no wrong request
        make()
    return made[:examples]


async def send(sender: Any, case: Case[Any]) -> Any:
    """The answer to a case, by our own client: schemathesis' would want a loop and an application of its own."""
    sent = case.as_transport_kwargs(base_url=ORIGIN)
    body = {"content": sent["data"]} if isinstance(sent.get("data"), bytes | str) else {"data": sent.get("data")}
    body |= {"json": sent["json"]} if "json" in sent else {}
    headers = {name: value for name, value in sent["headers"].items() if name.lower() != "user-agent"}
    return await sender.request(sent["method"], sent["url"], params=sent.get("params"), headers=headers, **body)


def failures_of(case: Case[Any], answer: Any) -> list[str]:
    """What of an answer is not as the document says. Unavailable is foreseen: these settings have no gateway's keys."""
    if answer.status_code >= 500 and answer.status_code != 503:
        return [f"a server error: {answer.status_code} {answer.text[:300]}"]
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as group:
        return [f"{type(one).__name__} {answer.status_code}: {str(one)[:300]}" for one in group.exceptions]
    return []
