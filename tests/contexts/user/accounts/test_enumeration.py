"""Whether an address has an account shows in no answer and in no duration: by every way that takes an address.

Known and unknown addresses are asked about in pairs, one right after the other and each first in turn, so that whatever else
the machine does falls on both; the median of the pairs' ratios is what an attacker would have to tell apart, and pairs are added
until it is certain on which side of what is allowed it lies. Body, status, headers and cookies are compared in every pair.

What names nobody has no such answer: a passkey is asked for without a name, a device's code, an invitation and a wallet's
nonce lead to no account (see the last tests).
"""

from __future__ import annotations

import itertools
import random
import re
import statistics
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any, Final

import httpx2
import pytest
from fastapi import FastAPI

from tests.factories.users import make_user, signed_in
from tests.http_client import ORIGIN
from vibestream.contexts.user.attacks import store as attacks_store
from vibestream.kernel.time import utc_now
from vibestream.platform import person_keys
from vibestream.platform.database import Database

PAIRS: Final = 200
MOST_PAIRS: Final = 1_600
"""On a machine that does much else more are needed to be certain."""
WARMING: Final = 5
MOST: Final = 1.2
PASSWORD: Final = "copper violin meadow 19"
OTHER: Final = "velvet harbour lantern 42"
FORM: Final = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
VARYING: Final = {"x-request-id", "date", "content-security-policy", "set-cookie", "content-length"}
"""What is random, and the length of what is compared itself (the asker's own colour has one digit or two)."""
_numbers = itertools.count(1)
Ask = Callable[[Any, str], Awaitable[Any]]


async def nothing(client: Any, email: str) -> None:
    """Prepare nothing."""


async def sign_in(client: Any, email: str) -> Any:
    return await client.post("/api/v1/sessions", json={"email": email, "password": PASSWORD})


async def sign_in_by_form(client: Any, email: str) -> Any:
    return await client.post("/sign-in", data={"email": email, "password": PASSWORD}, headers=FORM)


async def show_sign_in_code(client: Any, email: str) -> Any:
    return await client.post("/api/v1/sessions/second-step", json={"code": "0000 0000"})


async def sign_up(client: Any, email: str) -> Any:
    body = {"email": email, "password": PASSWORD, "display_name": "Somebody"}
    return await client.post("/api/v1/sign-up", json=body)


async def show_sign_up_code(client: Any, email: str) -> Any:
    return await client.post("/api/v1/verify-email", json={"code": "0000 0000"})


async def ask_reset(client: Any, email: str) -> Any:
    return await client.post("/api/v1/password-reset", json={"email": email})


async def ask_reset_by_form(client: Any, email: str) -> Any:
    return await client.post("/forgot-password", data={"email": email}, headers=FORM)


async def show_reset_code(client: Any, email: str) -> Any:
    body = {"code": "0000 0000", "new": "a phrase of many words"}
    return await client.post("/api/v1/password-reset/finish", json=body)


async def ask_email_change(client: Any, email: str) -> Any:
    return await client.post("/account/email", data={"email": email}, headers=FORM)


async def show_email_code(client: Any, email: str) -> Any:
    return await client.post("/account/email/code", data={"code": "0000 0000"}, headers=FORM)


ASKED: Final[dict[str, tuple[Ask, Ask, int]]] = {
    "sign_in": (nothing, sign_in, 401),
    "sign_in_by_form": (nothing, sign_in_by_form, 401),
    "attacked": (nothing, sign_in, 202),
    "attacked_by_form": (nothing, sign_in_by_form, 303),
    "attacked_code": (sign_in, show_sign_in_code, 422),
    "sign_up": (nothing, sign_up, 202),
    "sign_up_code": (sign_up, show_sign_up_code, 422),
    "reset": (nothing, ask_reset, 202),
    "reset_by_form": (nothing, ask_reset_by_form, 303),
    "reset_code": (ask_reset, show_reset_code, 422),
    "email_change": (nothing, ask_email_change, 303),
    "email_change_code": (ask_email_change, show_email_code, 422),
}
"""What comes before it in the same browser, what is asked, and what is answered.

What begins with `attacked` is asked while passwords are being guessed at many accounts, by the RIGHT password where the
address is known: neither that it is right nor that the address is known may show.
"""


def seen(answer: Any, email: str) -> dict[str, Any]:
    """Everything that an asker sees, but what is random in it."""
    body = answer.text.replace(email, "@")
    body = re.sub(r'("request_id": ?|"code_expires_at": ?|nonce=|hx-nonce=|name="form_key" value=)"[^"]*"', r"\1", body)
    body = re.sub(
        r"nonce-[\w+/=-]+|tone-\d+|[0-9a-f]{32}|data-user=\"[0-9a-f-]{36}\"|\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)",
        "",
        body,
    )
    jar: SimpleCookie = SimpleCookie()
    for header in answer.headers.get_list("set-cookie"):
        jar.load(header)
    cookies = sorted(
        (one.key, len(one.value), one["max-age"], one["path"], one["samesite"], one["secure"], one["httponly"])
        for one in jar.values()
    )
    headers = sorted((name, value) for name, value in answer.headers.items() if name not in VARYING)
    return {"status": answer.status_code, "body": body, "cookies": cookies, "headers": headers}


async def one(app: FastAPI, database: Database, name: str, *, known: bool) -> tuple[float, dict[str, Any]]:
    """Ask about an address of its own from a network and an account of its own; return how long it took, and what is seen."""
    before, ask, status = ASKED[name]
    number = next(_numbers)
    email = f"somebody-{number:06}@example.org"
    async with database.begin() as tx:
        if known:
            # Who was here before, so that there is a key of theirs.
            user = await make_user(tx, email=email, password=PASSWORD if name.startswith("attacked") else OTHER)
            await person_keys.seal(tx, user_id=user.user_id, text="x", belongs_to="x")
        if name.startswith("attacked"):
            await attacks_store.begin(tx, now=utc_now(), until=utc_now() + timedelta(days=1))
        else:  # this test guesses at more accounts than anybody does in quiet times
            await tx.execute("UPDATE users.sign_in_count SET refused = 0")
        token = await signed_in(tx, await make_user(tx)) if name.startswith("email_change") else None
    address = f"198.18.{number // 250}.{number % 250}"
    transport = httpx2.ASGITransport(app, client=(address, 1))
    async with httpx2.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        if token is not None:
            client.cookies.set(app.state.edge.session_cookie.name, token, domain="testserver.local")
        await before(client, email)
        app.state.edge.limiter._hits.clear()  # limits by network are the same for everybody, and have tests of their own
        began = time.perf_counter()
        answer = await ask(client, email)
        took = time.perf_counter() - began
    assert answer.status_code == status, answer.text
    return took, seen(answer, email)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", ASKED)
async def test_neither_the_answer_nor_its_time_tells_who_has_an_account(
    app: FastAPI, database: Database, name: str, record_property: Callable[[str, object], None]
):
    ratios: list[float] = []
    for number in range(WARMING + MOST_PAIRS):
        order = (True, False) if number % 2 else (False, True)
        asked = {known: await one(app, database, name, known=known) for known in order}
        assert asked[True][1] == asked[False][1]
        if number >= WARMING:
            ratios.append(asked[True][0] / asked[False][0])
        if len(ratios) >= PAIRS and len(ratios) % 50 == 0 and is_certain(ratios):
            break
    ratio, (lower, upper) = statistics.median(ratios), bounds(ratios)
    record_property("median_of_paired_ratios", ratio)
    print(f"\n{name}: known to unknown {ratio:.3f}, in all likelihood {lower:.3f} to {upper:.3f}; {len(ratios)} pairs")
    assert 1 / MOST < ratio < MOST


def bounds(ratios: list[float]) -> tuple[float, float]:
    """Between what the true median lies with 99 %, whatever the ratios' distribution: by their order alone."""
    ranked, half = sorted(ratios), 2.58 * len(ratios) ** 0.5 / 2
    middle = len(ranked) / 2
    return ranked[max(0, int(middle - half))], ranked[min(len(ranked) - 1, int(middle + half))]


def is_certain(ratios: list[float]) -> bool:
    """Say whether as many pairs as there are tell on which side of what is allowed the median lies."""
    lower, upper = bounds(ratios)
    return 1 / MOST < lower <= upper < MOST or upper <= 1 / MOST or lower >= MOST


def test_a_difference_is_found_and_noise_is_not_taken_for_one():
    drawn = random.Random(4)
    noise = [drawn.lognormvariate(0, 0.7) for _ in range(MOST_PAIRS)]
    assert is_certain(noise)
    assert is_certain([1.5 * one for one in noise])
    assert not is_certain([1.2 * one for one in noise])
    assert not is_certain(noise[:50])


@pytest.mark.parametrize("name", ASKED)
async def test_the_answer_is_the_same_to_the_last_header(app: FastAPI, database: Database, name: str):
    (_, known), (_, unknown) = [await one(app, database, name, known=known) for known in (True, False)]
    assert known == unknown


async def test_a_passkey_is_asked_for_without_a_name(app: FastAPI, database: Database):
    """There is nothing to ask about: who sends a name is refused, whoever has it."""
    async with database.begin() as tx:
        await make_user(tx, email="known@example.org")
    answers = []
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=ORIGIN) as client:
        for email in ("known@example.org", "nobody@example.org"):
            answer = await client.post("/api/v1/sessions/passkey/options", json={"email": email})
            told = answer.json() if answer.headers["content-type"].endswith("json") else {}
            assert "allowCredentials" not in told.get("options", {}) or not told["options"]["allowCredentials"]
            answers.append((answer.status_code, sorted(told)))
    assert answers[0] == answers[1]
