"""What is wrong reaches a real receiver over HTTP: once, again while it stands, and when it is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp import web
from pydantic import SecretStr

from vibestream.contexts.user.attacks import service as attacks
from vibestream.contexts.user.attacks.domain import BURST
from vibestream.flows import alert_operators
from vibestream.kernel.time import utc_now
from vibestream.platform import alerts
from vibestream.platform.alerts import MOST_TOLD, Notice, Trouble, message_of, notice_of
from vibestream.platform.config import Environment, Settings, load_settings
from vibestream.platform.cpu import BoundedThreads
from vibestream.platform.database import Database
from vibestream.platform.invariants import Checked, Finding, Invariant
from vibestream.platform.mail import Mailer
from vibestream.platform.runtime import Runtime
from vibestream.platform.storage import open_store

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
SIX = timedelta(hours=6)


@dataclass
class Receiver:
    """A chat's incoming webhook."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)

    async def hear(self, request: web.Request) -> web.Response:
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            self.heard.append(await request.json())
        return web.Response(
            status=status, headers={"Location": self.url.replace("json:", "http:")} if status == 302 else None
        )


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver, app = Receiver(), web.Application()
    app.router.add_post("/hook/very-secret", receiver.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"json://127.0.0.1:{runner.addresses[0][1]}/hook/very-secret"
    yield receiver
    await runner.cleanup()


@pytest.fixture
def settings(tmp_path: Path, database: Database, receiver: Receiver) -> Settings:
    return load_settings(
        environment=Environment.TEST, data_dir=tmp_path / "data", database_url=database.dsn,
        alert_urls=SecretStr(receiver.url),
    )  # fmt: skip


def checked(name: str, *, ok: bool) -> Checked:
    async def never(tx: object) -> Finding:
        raise AssertionError

    return Checked(Invariant(name, f"{name} holds.", never), Finding(ok=ok, figure="3 found"), 0.1)


async def test_a_violated_invariant_dead_letters_and_discrepancies_are_one_message(
    database: Database, settings: Settings, receiver: Receiver
):
    async with database.begin() as tx:
        await tx.execute(
            "INSERT INTO payment.reconciliation_finding (finding_id, gateway, class, kind, subject, currency, day,"
            " occurred_at, found_at, seen_at, ours, state) SELECT gen_random_uuid(), 'stripe', 'missing_there', 'charge',"
            " 'x' || n, 'EUR', '2026-12-01', now(), now(), now(), 5, 'open' FROM generate_series(1, 2) n"
        )
        await tx.execute(
            "INSERT INTO platform.undelivered (consumer, partition, seq, xid, event_id, type, version, key, data,"
            " correlation_id, state, blocks, next_try_at, settled_at) SELECT 'notify', 0, n, n, gen_random_uuid(), 'x', 1,"
            " 'somebody', '{}', gen_random_uuid(), 'dead', false, now(), now() FROM generate_series(1, 3) n"
        )
    threads = BoundedThreads(threads=1)
    runtime = Runtime(
        settings=settings, database=database, objects=open_store(settings), mailer=Mailer(settings), cpu=threads
    )
    looked = [checked("payment.sealed", ok=False), checked("ledger.balanced", ok=True)]
    await alert_operators.alert(runtime, looked)
    await alert_operators.alert(runtime, looked)
    await alert_operators.alert(runtime, [checked("payment.sealed", ok=True)])
    threads.close()

    first, second = receiver.heard
    assert first["title"] == f"VibeStream at {settings.base_url}"
    assert first["message"].splitlines() == [
        "WRONG dead_letters:notify: 3 given up",
        "WRONG invariant:payment.sealed: payment.sealed holds. (3 found)",
        "WRONG reconciliation:stripe: 2 open",
    ]
    assert "somebody" not in str(first), "a key may be a person's"
    assert (second["message"], second["type"]) == ("OVER invariant:payment.sealed", "success")
    assert first["type"] == "failure"


async def test_an_attack_on_the_ways_in_is_told_once_and_that_it_is_over(
    database: Database, settings: Settings, receiver: Receiver
):
    began = utc_now() - timedelta(minutes=5)
    threads = BoundedThreads(threads=1)
    runtime = Runtime(
        settings=settings, database=database, objects=open_store(settings), mailer=Mailer(settings), cpu=threads
    )
    async with database.begin() as tx:
        for _ in range(BURST.least):
            await attacks.refused(tx, guarded=False, now=began)
    await alert_operators.alert(runtime, [])
    await alert_operators.alert(runtime, [])
    async with database.begin() as tx:
        assert await attacks.note_end(tx, now=began + BURST.holds) is not None
    await alert_operators.alert(runtime, [])
    threads.close()
    first, second = receiver.heard
    assert first["message"].startswith(
        f"WRONG sign_in_attack: Passwords have been guessed at many accounts since {began:%Y-%m-%d %H:%M} UTC"
    )
    assert second["message"] == "OVER sign_in_attack"


async def test_what_stands_is_told_again_after_the_hours_and_no_sooner(
    database: Database, settings: Settings, receiver: Receiver
):
    trouble = [Trouble("dead_letters:notify", "1 given up")]

    async def look(after: timedelta) -> int:
        await alerts.tell_operators(database, settings=settings, troubles=trouble, now=NOON + after)
        return len(receiver.heard)

    assert [await look(timedelta(minutes=minutes)) for minutes in (0, 5, 359, 360, 365)] == [1, 1, 1, 2, 2]


@pytest.mark.parametrize("status", [302, 400, 404, 429, 500])
async def test_what_did_not_arrive_is_told_at_the_next_look_and_the_address_is_in_no_log(
    database: Database, settings: Settings, receiver: Receiver, status: int
):
    receiver.statuses.append(status)
    trouble = [Trouble("dead_letters:notify", "1 given up")]
    with structlog.testing.capture_logs() as lines:
        told = await alerts.tell_operators(database, settings=settings, troubles=trouble, now=NOON)
        assert (bool(told), receiver.heard) == (False, [])
    assert [line["event"] for line in lines] == ["alerts.untold"]
    assert "very-secret" not in str(lines) + repr(settings)
    assert await alerts.tell_operators(database, settings=settings, troubles=trouble, now=NOON)
    assert len(receiver.heard) == 1


@pytest.mark.parametrize("url", ["json://127.0.0.1:1/hook", "nonsense", "ftp://127.0.0.1/", "json://["])
async def test_a_receiver_that_is_not_there_hurts_nobody(database: Database, settings: Settings, url: str):
    wrong = settings.model_copy(update={"alert_urls": SecretStr(url)})
    trouble = [Trouble("dead_letters:notify", "1 given up")]
    assert not await alerts.tell_operators(database, settings=wrong, troubles=trouble, now=NOON)


async def test_without_a_setting_nobody_is_told(database: Database, settings: Settings, receiver: Receiver):
    for nothing in (None, SecretStr(""), SecretStr(" \n")):
        none = settings.model_copy(update={"alert_urls": nothing})
        assert not await alerts.tell_operators(database, settings=none, troubles=[Trouble("x", "y")], now=NOON)
    assert receiver.heard == []


async def test_one_receiver_that_fails_does_not_keep_the_others_from_being_told(
    database: Database, settings: Settings, receiver: Receiver
):
    several = settings.model_copy(
        update={"alert_urls": SecretStr(f"nonsense://secret-one\njson://127.0.0.1:1/secret-two {receiver.url}")}
    )
    before = alerts.UNTOLD._value.get()
    with structlog.testing.capture_logs() as lines:
        assert await alerts.tell_operators(database, settings=several, troubles=[Trouble("x", "y")], now=NOON)
    assert [(line["receiver"], line["why"]) for line in lines] == [(1, "unusable"), (2, "failed")]
    assert "secret" not in str(lines)
    assert len(receiver.heard) == 1
    assert alerts.UNTOLD._value.get() == before + 2
    assert not await alerts.tell_operators(database, settings=several, troubles=[Trouble("x", "y")], now=NOON)


def test_a_notice_has_what_is_new_what_stands_for_long_and_what_is_over():
    troubles = [Trouble("b", "x"), Trouble("a", "x"), Trouble("a", "x"), Trouble("c", "x")]
    told = {"b": NOON - timedelta(hours=5), "c": NOON - SIX, "d": NOON}
    assert notice_of(troubles, told=told, again=SIX, now=NOON) == Notice((Trouble("a", "x"), Trouble("c", "x")), ("d",))
    assert not notice_of([], told={}, again=SIX, now=NOON)


def test_a_thousand_troubles_are_one_message_of_bounded_length():
    notice = Notice(tuple(Trouble(f"k{number:04}", "x" * 5_000) for number in range(1_000)), ())
    message = message_of(notice, site="https://vibe.example")
    text = message.text
    assert text.count("WRONG") == MOST_TOLD
    assert text.endswith("... and 980 more")
    assert len(text) < MOST_TOLD * 350
