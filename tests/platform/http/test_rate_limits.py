"""How often one may."""

from __future__ import annotations

import random
from collections import defaultdict, deque
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Depends, Request
from hypothesis import given
from hypothesis import strategies as st

from tests.http_client import open_client
from tests.platform.http.conftest import make_principal
from tests.platform.http.test_problems import is_problem
from vibestream.platform.access import ANYONE
from vibestream.platform.http.dependencies import TxDep
from vibestream.platform.http.limiter import Quota, Rate, RateLimiter
from vibestream.platform.http.rate_limits import address_key, rate_limit
from vibestream.platform.http.routing import Router


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("text", "amount", "window_s"),
    [
        ("10/minute", 10, 60),
        ("1/second", 1, 1),
        ("60/hour", 60, 3600),
        ("5/day", 5, 86400),
        ("100/5 minutes", 100, 300),
    ],
)
def test_a_rate_is_read(text, amount, window_s):
    assert Rate.parse(text) == Rate(amount, window_s)


@pytest.mark.parametrize(
    "text", ["", "10", "10/", "0/minute", "-1/minute", "10/fortnight", "ten/minute", "1.5/minute", "10/0 minutes"]
)
def test_what_is_no_rate_is_refused_when_the_route_is_declared(text):
    with pytest.raises(ValueError, match="not a rate"):
        rate_limit("test", text)


def test_a_window_moves():
    clock, rate = Clock(), Rate(3, 60)
    limiter = RateLimiter(clock=clock)
    hits = []
    for second in (0, 10, 20, 30, 59.9, 60, 60, 70):
        clock.now = 1_000 + second
        hits.append(limiter.hit(rate, name="a", key="k"))
    assert hits == [
        Quota(True, 2, 60),
        Quota(True, 1, 50),
        Quota(True, 0, 40),
        Quota(False, 0, 30),
        Quota(False, 0, 1),
        Quota(True, 0, 10),
        Quota(False, 0, 10),
        Quota(True, 0, 10),
    ]


def test_a_costly_hit_takes_more_and_waits_for_more():
    clock, rate = Clock(), Rate(10, 60)
    limiter = RateLimiter(clock=clock)
    assert limiter.hit(rate, name="a", key="k", cost=4) == Quota(True, 6, 60)
    clock.now += 20
    assert limiter.hit(rate, name="a", key="k", cost=4) == Quota(True, 2, 40)
    assert limiter.hit(rate, name="a", key="k", cost=4) == Quota(False, 2, 40)
    assert limiter.hit(rate, name="a", key="k", cost=7) == Quota(False, 2, 60)
    assert limiter.hit(rate, name="a", key="k", cost=11) == Quota(False, 2, 60)
    assert limiter.hit(rate, name="a", key="k", cost=2) == Quota(True, 0, 40)


def test_names_and_keys_count_apart():
    limiter, rate = RateLimiter(clock=Clock()), Rate(1, 60)
    assert all(limiter.hit(rate, name=name, key=key).admitted for name in "ab" for key in "kl")
    assert not limiter.hit(rate, name="a", key="k").admitted


@given(st.lists(st.tuples(st.floats(0, 40), st.integers(1, 3)), max_size=60))
def test_no_window_whatever_holds_more_than_the_limit(steps):
    clock, rate = Clock(), Rate(5, 60)
    limiter = RateLimiter(clock=clock)
    admitted: deque[float] = deque()
    for wait, cost in steps:
        clock.now += wait
        within = [at for at in admitted if at > clock.now - 60]
        quota = limiter.hit(rate, name="a", key="k", cost=cost)
        assert quota.admitted == (len(within) + cost <= 5)
        admitted.extend([clock.now] * cost if quota.admitted else [])


def test_what_is_idle_is_forgotten_and_a_flood_of_addresses_stays_bounded():
    clock = Clock()
    limiter = RateLimiter(clock=clock, most_keys=1_000)
    for number in range(5_000):
        limiter.hit(Rate(3, 60), name="a", key=str(number))
    assert len(limiter) <= 1_000
    clock.now += 61
    for _ in range(600):
        limiter.hit(Rate(100_000, 60), name="a", key="busy")
    assert len(limiter) == 1


def test_those_who_come_back_are_not_forgotten():
    rng, clock = random.Random(7), Clock()
    limiter, rate = RateLimiter(clock=clock), Rate(5, 10)
    counted: dict[str, list[float]] = defaultdict(list)
    for _ in range(5_000):
        clock.now += rng.random() * 0.5
        key = str(int(rng.paretovariate(1)))
        counted[key] = [at for at in counted[key] if at > clock.now - 10]
        expected = len(counted[key]) < 5
        assert limiter.hit(rate, name="a", key=key).admitted == expected
        counted[key] += [clock.now] if expected else []


@pytest.fixture
async def client(serve):
    router = Router()

    @router.post("/limited", policy=ANYONE, dependencies=[Depends(rate_limit("test", "3/minute"))])
    async def limited() -> dict[str, int]:
        return {}

    @router.post("/shared", policy=ANYONE)
    async def shared(_: Annotated[None, Depends(rate_limit("test", "3/minute"))]) -> None:
        raise ZeroDivisionError

    return await serve(router)


async def test_an_answer_says_what_is_left_and_a_refusal_when_to_come_back(client):
    left = []
    for _ in range(3):
        answer = await client.post("/limited")
        assert answer.status_code == 200
        assert answer.headers["ratelimit-policy"] == '"test";q=3;w=60'
        left.append(answer.headers["ratelimit"])
    assert left == ['"test";r=2;t=60', '"test";r=1;t=60', '"test";r=0;t=60']
    refused = await client.post("/limited")
    problem = is_problem(refused, 429, "http.rate_limited")
    assert problem["facts"]["limit"] == "test"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit"].startswith('"test";r=0;t=')
    assert refused.headers["ratelimit-policy"] == '"test";q=3;w=60'


async def test_routes_share_a_limit_by_its_name_and_failures_count(client):
    assert [(await client.post("/shared")).status_code for _ in range(4)] == [500, 500, 500, 429]
    assert (await client.post("/limited")).status_code == 429


async def test_accounts_count_apart_even_behind_one_address(serve):
    router = Router()
    router.post("/limited", policy=ANYONE, dependencies=[Depends(rate_limit("test", "1/minute"))])(_nothing)
    app_client = await serve(router)
    assert (await app_client.post("/limited")).status_code == 200
    assert (await app_client.post("/limited")).status_code == 429


async def _nothing() -> None: ...


async def test_an_account_has_its_own_limit_whatever_its_address(edge_runtime, directory):
    from vibestream.platform.http.application import build
    from vibestream.platform.http.edge import Edge

    router = Router()
    router.post("/limited", policy=ANYONE, dependencies=[Depends(rate_limit("test", "1/minute"))])(_nothing)
    app = build(Edge.of(edge_runtime, authenticate=directory), routers=[router])
    statuses = []
    for principal in (make_principal(), make_principal(), None):
        async with open_client(app) as one:
            if principal:
                one.cookies.set("__Host-vs", directory.token_for(principal), domain="testserver.local")
            statuses += [(await one.post("/limited")).status_code for _ in range(2)]
    assert statuses == [200, 429] * 3


async def test_a_handler_that_is_run_again_counts_once(serve):
    router = Router()
    runs = []

    @router.post("/races", policy=ANYONE, dependencies=[Depends(rate_limit("test", "5/minute"))])
    async def races(tx: TxDep) -> None:
        runs.append(1)
        if len(runs) < 4:
            await tx.execute("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")

    answer = await (await serve(router)).post("/races")
    assert (answer.status_code, len(runs)) == (200, 4)
    assert answer.headers["ratelimit"] == '"test";r=4;t=60'


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("testclient", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_household_counts_as_one(address, key):
    scope: dict[str, Any] = {"type": "http", "headers": [], "client": address and (address, 1)}
    assert address_key(Request(scope)) == key


def test_the_headers_are_structured_fields():
    """Parsed by hand after RFC 9651: a string, then parameters with integer values."""
    header = httpx2.Headers({"ratelimit": '"test";r=2;t=60'})["ratelimit"]
    name, *parameters = header.split(";")
    assert name == '"test"'
    assert {pair.split("=")[0]: int(pair.split("=")[1]) for pair in parameters} == {"r": 2, "t": 60}
