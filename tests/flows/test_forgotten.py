"""Somebody uses everything, is erased, and is searched for in every table, every object, every file and every log line."""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog

from tests.factories.bus import until
from tests.factories.gateways import Sandbox
from tests.factories.life import WORDS, Life, browser, every_row, live, traces_in
from tests.factories.life_beside import live_beside
from vibestream.app import create_app
from vibestream.contexts.music.catalogue.service import leaving
from vibestream.contexts.music.uploads.service import sweep_parts
from vibestream.contexts.payment.gateways.service import Gateways
from vibestream.contexts.user.erasure.service import Erasure, State, newest
from vibestream.flows.audit import invariants_of
from vibestream.flows.personal_data import PERSONAL_DATA
from vibestream.kernel.time import utc_now
from vibestream.platform import person_keys
from vibestream.platform.config import Environment, Settings, load_settings
from vibestream.platform.database import Database, Tx
from vibestream.platform.invariants import check_all
from vibestream.platform.observability.logging import configure_logging
from vibestream.platform.runtime import Runtime
from vibestream.sandbox.mail import letterbox
from vibestream.sandbox.mail.server import serve
from vibestream.worker import working

pytestmark = [pytest.mark.timeout(400)]


@pytest.fixture
async def settings(tmp_path: Path, database: Database, gateways: Sandbox) -> AsyncIterator[Settings]:
    folder = tmp_path / "data"
    async with serve(load_settings(environment=Environment.TEST, data_dir=folder)) as mail:
        yield gateways.settings(
            data_dir=folder,
            public_url="https://testserver",
            database_url=database.dsn,
            smtp_host=mail.host,
            smtp_port=mail.port,
            smtp_tls="none",
            erasure_wait_days=0,
            erasure_grace_s=1,
        )


@pytest.fixture
def logged(tmp_path: Path) -> Iterator[io.StringIO]:
    """Every line as it is written, tracebacks and libraries' lines too, by the rules of an installation that tells the most."""
    kept, root = structlog.get_config(), logging.getLogger()
    handlers, level, stream = list(root.handlers), root.level, io.StringIO()
    configure_logging(
        load_settings(environment=Environment.TEST, data_dir=tmp_path, log_level="debug", log_format="json"),
        stream=stream,
    )
    structlog.configure(cache_logger_on_first_use=False)  # else loggers of modules would write here for ever after
    yield stream
    structlog.configure(**kept)
    root.handlers[:], root.level = handlers, level


@pytest.fixture
async def lived(
    settings: Settings, runtime: Runtime, gateways: Sandbox, logged: io.StringIO, tmp_path: Path
) -> AsyncIterator[Life]:
    app = create_app(settings, runtime=runtime)
    async with app.router.lifespan_context(app), working(runtime), browser(app) as client:
        life = await live(client, runtime, gateways, tmp_path)
        await live_beside(life)
        yield life
    await runtime.part(Gateways).close()


async def ended(database: Database, life: Life) -> Erasure | None:
    async with database.begin() as tx:
        return await newest(tx, user_id=life.user_id)


async def erase(life: Life) -> None:
    database = life.runtime.database
    body = {"confirmation": WORDS["email"], "music": "take_down", "give_up_money": True}
    asked = await life.client.post("/api/v1/me/erasure", json=body)
    assert asked.status_code == 202, asked.text

    async def done() -> bool:
        found = await ended(database, life)
        return found is not None and found.state in {State.DONE, State.REFUSED}

    await until(done, timeout_s=60)

    async def idle() -> bool:
        async with database.begin() as tx:
            waiting = await tx.value(
                "SELECT count(*) FROM jobs.procrastinate_jobs WHERE status IN ('todo', 'doing')"
                " AND task_name SIMILAR TO '(music|user).drop%%' AND (scheduled_at IS NULL OR scheduled_at < now())"
            )
            return int(waiting) == 0

    await until(idle)
    await sweep_parts(life.runtime, now=utc_now())


async def have_a_copy(life: Life) -> None:
    """Have a copy made of all that is held of them: what is compressed in it no search would find."""
    asked = await life.client.post("/api/v1/me/exports")
    assert asked.status_code == 202, asked.text

    async def ready() -> bool:
        return bool((await life.client.get("/api/v1/me/exports")).json()["exports"][0]["state"] == "ready")

    await until(ready)
    assert len([key async for key in life.runtime.objects.list_keys("exports")]) == 1


def files_of(settings: Settings) -> dict[str, str]:
    """Every file that we wrote, by its path: name and content. The letters in the stand-in's mailbox are theirs, not ours."""
    mailbox = letterbox.folder_of(settings)
    return {
        str(path): f"{path}\n{path.read_bytes().decode('latin-1')}"
        for path in settings.data_dir.rglob("*")
        if path.is_file() and mailbox not in path.parents
    }


def found_in(places: dict[str, str]) -> dict[str, set[str]]:
    return {place: words for place, text in places.items() if (words := traces_in(text))}


async def test_of_somebody_who_used_everything_nothing_is_found(
    lived: Life, settings: Settings, owner_dsn: str, logged: io.StringIO
):
    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        before = found_in(await every_row(owner))
    assert set().union(*before.values()) == set(WORDS), "the search finds what is there"
    assert found_in(files_of(settings)), "the master has their tags in it"
    await have_a_copy(lived)
    assert len([key async for key in lived.runtime.objects.list_keys("pictures")]) == 6

    await erase(lived)
    gone = await ended(lived.runtime.database, lived)
    assert gone is not None
    assert gone.state is State.DONE
    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        assert found_in(await every_row(owner)) == {}
    assert found_in(files_of(settings)) == {}
    assert [key async for key in lived.runtime.objects.list_keys("originals")] == []
    assert [key async for key in lived.runtime.objects.list_keys("covers")] == []
    assert [key async for key in lived.runtime.objects.list_keys("pictures")] == []
    assert [key async for key in lived.runtime.objects.list_keys("exports")] == []
    lines = logged.getvalue().splitlines()
    assert sum('"http.request"' in line for line in lines) > 20
    assert found_in({line: line for line in lines}) == {}
    checked = await check_all(lived.runtime.database, invariants_of(settings, lived.runtime.objects, originals=None))
    assert [one.finding.detail for one in checked if not one.finding.ok] == []


LEAVES_NOTHING = {
    "user.passwords",
    "user.factors",
    "user.access",
    "music.delivery",
    "user.attempts",
    *("user.teams", "user.labels", "listen_reward.insiders"),  # who works for whom, by id
    "user.pictures",  # ids and checksums: the pictures themselves are objects, and are looked for there
    "user.verification",  # words that go with their artist, which another capability deletes
    "listen_reward.scoring",
    "listen_reward.allocation",  # of operators: who proposed and approved a policy, by id
    "payment.pool_sources",  # of finance alike: who proposed and approved points for a source
    "platform.jobs",
    *("user.audit_log", "user.erasure", "user.exports", "user.consents", "user.administration"),
    "listen_reward.analytics",  # days, ids and counts, which its own tests look for
    *("listen_reward.receipts", "listen_reward.pools", "listen_reward.warming"),
    *("payment.checkout", "payment.subscriptions", "payment.wallets"),
}
"""What they hold has no words of theirs, or only under their key: hashes, secrets, roles, qualities, amounts, ids."""


async def test_whichever_capability_is_left_out_the_search_finds_what_it_held(lived: Life, owner_dsn: str):
    """Each is left out once, in a transaction that is undone: a search that could not fail would say nothing."""
    missed = {}
    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        for left_out in PERSONAL_DATA:
            missed[left_out.name] = await _found_without(owner, lived, left_out.name)
    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        assert await _found_without(owner, lived, "nothing") == set()
    silent = {name for name, words in missed.items() if not words}
    assert silent <= LEAVES_NOTHING, missed
    assert "payee" in missed["payment.payouts"]
    assert {"email"} <= missed["user.accounts"] & missed["payment.webhooks"]


async def _found_without(owner: psycopg.AsyncConnection[Any], lived: Life, left_out: str) -> set[str]:
    async with owner.transaction(force_rollback=True):
        tx = Tx(owner)
        await leaving.take_down_all(tx, user_id=lived.user_id, now=utc_now())
        for held in PERSONAL_DATA:
            if held.name != left_out:
                await held.erase(tx, lived.user_id)
        await person_keys.destroy(tx, user_id=lived.user_id, now=utc_now())
        return set().union(*found_in(await every_row(owner)).values())
