"""What was told reaches a browser through a real push service over sockets, which reads it by the browser's key."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.contexts.user.conftest import run_jobs
from tests.factories.users import User, make_user, principal_of
from vibestream.contexts.user.notifications import service
from vibestream.contexts.user.notifications.domain import push
from vibestream.contexts.user.notifications.domain.kinds import Facts
from vibestream.contexts.user.notifications.domain.push import Outcome, PushState
from vibestream.contexts.user.notifications.service import (
    BrowserMissing,
    Channel,
    Kind,
    Reported,
    SubscriptionInvalid,
    push_notification,
)
from vibestream.contexts.user.notifications.store import pushes
from vibestream.contexts.user.sessions import service as sessions
from vibestream.kernel.ids import new_id
from vibestream.kernel.time import utc_now
from vibestream.platform import person_keys
from vibestream.platform.access import Principal
from vibestream.platform.config import Environment, Settings, load_settings
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime
from vibestream.sandbox.guard import SandboxRefused
from vibestream.sandbox.push.server import Fault, PushService, serve

TIP: Facts = {"minor": 500, "currency": "EUR", "earned": "4.50 EUR"}
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"push_on_loopback": True})


@pytest.fixture
async def carrier(settings: Settings) -> AsyncIterator[PushService]:
    async with serve(settings) as running:
        yield running


class Reader:
    """Somebody whose browser is told."""

    def __init__(self, database: Database, runtime: Runtime, carrier: PushService) -> None:
        self.database, self.runtime, self.carrier = database, runtime, carrier
        self.sender = service.public_key(runtime.settings)
        self.endpoint = ""
        self.user: User
        self.principal: Principal
        self.browser: UUID

    async def comes(self, *, locale: str = "en") -> None:
        async with self.database.begin() as tx:
            self.user = await make_user(tx, locale=locale)
            self.principal = await principal_of(tx, self.user)
        self.browser = await self.subscribes(self.carrier.subscribe(self.sender))

    async def subscribes(self, made: dict[str, Any], **other: str) -> UUID:
        self.endpoint = made["endpoint"]
        reported = Reported(**{"endpoint": made["endpoint"], **made["keys"], "sender": self.sender, **other})
        async with self.database.begin() as tx:
            return await service.subscribe(
                tx, settings=self.runtime.settings, principal=self.principal, reported=reported,
                user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", now=utc_now(),
            )  # fmt: skip

    async def is_told(self, kind: Kind = Kind.TIP_RECEIVED, facts: Facts = TIP, **more: Any) -> None:
        async with self.database.begin() as tx:
            await service.tell(
                tx, user_id=self.user.user_id, kind=kind, key=str(new_id()), facts=facts,
                now=more.get("now") or utc_now(),
            )  # fmt: skip

    async def runs(self) -> None:
        await run_jobs(self.database, self.runtime)

    @property
    def arrived(self) -> list[Any]:
        return self.carrier.of(self.endpoint).arrived

    async def states(self) -> list[tuple[str, int]]:
        async with self.database.begin() as tx:
            return await tx.rows("SELECT state, tries FROM users.push_delivery ORDER BY delivery_id")

    async def browsers(self) -> int:
        async with self.database.begin() as tx:
            return len(await service.browsers_of(tx, user_id=self.user.user_id, now=utc_now()))

    async def waits_until(self) -> list[datetime | None]:
        async with self.database.begin() as tx:
            return await tx.values(
                "SELECT scheduled_at FROM jobs.procrastinate_jobs WHERE task_name = 'user.push_notification'"
            )


@pytest.fixture
async def ana(database: Database, runtime: Runtime, carrier: PushService) -> Reader:
    reader = Reader(database, runtime, carrier)
    await reader.comes()
    return reader


async def test_a_tip_is_read_by_its_browser_alone_and_shows_who_sent_it(ana: Reader):
    await ana.is_told()
    await ana.runs()
    [carried] = ana.arrived
    assert (carried.message["title"], carried.message["path"]) == ("A tip: 5.00 EUR", "/wallet")
    assert "4.50 EUR" in carried.message["body"]
    assert (carried.urgency, carried.ttl_s, carried.subject) == ("normal", 86_400, "https://testserver")
    for word in (b"4.50 EUR", b"/wallet", b"title", str(ana.user.user_id).encode(), b"TIP_RECEIVED"):
        assert word.lower() not in carried.sent.lower()
    assert carried.topic not in (carried.message["tag"], "tip_received")
    assert await ana.states() == [("sent", 1)]

    await push_notification(ana.runtime, delivery_id=str(await ana.database.run(_only_delivery)))
    assert len(ana.arrived) == 1, "settled: a job that runs again does nothing"


async def _only_delivery(tx: Any) -> UUID:
    found: UUID = await tx.value("SELECT delivery_id FROM users.push_delivery")
    return found


async def test_it_is_said_in_the_readers_language(database: Database, runtime: Runtime, carrier: PushService):
    eva = Reader(database, runtime, carrier)
    await eva.comes(locale="es")
    await eva.is_told()
    await eva.runs()
    assert eva.arrived[0].message["lang"] == "es"
    assert "propina" in (eva.arrived[0].message["title"] + eva.arrived[0].message["body"]).lower()


async def test_what_stands_in_the_database_leads_nowhere_without_the_persons_key(ana: Reader):
    async with ana.database.begin() as tx:
        rows = await tx.values("SELECT to_jsonb(p)::text FROM users.push_subscription p")
        token = ana.endpoint.rpartition("/")[2]
        assert token not in rows[0]
        assert "127.0.0.1" not in rows[0]
        await person_keys.destroy(tx, user_id=ana.user.user_id, now=utc_now())
    await ana.is_told()
    await ana.runs()
    assert ana.arrived == []
    assert await ana.browsers() == 0, "what cannot be opened any more is dropped"


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_is_gone_is_dropped_with_what_waits_for_it(ana: Reader, status: int):
    await ana.is_told()
    await ana.is_told()
    ana.carrier.faults.append(Fault(status))
    await ana.runs()
    assert await ana.browsers() == 0
    assert await ana.states() == []
    assert ana.arrived == []


@pytest.mark.parametrize(
    ("fault", "least_s", "most_s"),
    [
        (Fault(429, "600"), 600, 660), (Fault(429), 30, 90), (Fault(500), 30, 90), (Fault(503, "soon"), 30, 90),
        (Fault(0), 30, 90),
    ],
)  # fmt: skip
async def test_a_busy_service_is_asked_again_and_never_sooner_than_it_says(
    ana: Reader, fault: Fault, least_s: int, most_s: int
):
    await ana.is_told()
    ana.carrier.faults.append(fault)
    before = utc_now()
    await ana.runs()
    [again] = await ana.waits_until()
    assert again is not None
    assert timedelta(seconds=least_s) <= again - before <= timedelta(seconds=most_s)
    assert await ana.states() == [("waiting", 1)]

    await ana.runs()
    assert len(ana.arrived) == 1
    assert await ana.states() == [("sent", 2)]


async def test_it_is_given_up_after_so_many_tries_and_the_browser_stays(ana: Reader):
    await ana.is_told()
    ana.carrier.faults.extend([Fault(503)] * 20)
    for _ in range(12):
        await ana.runs()
    assert await ana.states() == [("gave_up", push.MOST_TRIES)]
    assert len(ana.carrier.faults) == 20 - push.MOST_TRIES
    assert await ana.waits_until() == []
    assert await ana.browsers() == 1


async def test_a_service_that_says_never_again_in_its_own_way_is_given_up_at_once(ana: Reader):
    """Until a day that there is not, hours to the west of the end of all dates: the push is not sent again and again."""
    await ana.is_told()
    ana.carrier.faults.append(Fault(503, "Fri, 31 Dec 9999 23:59:59 -2359"))
    await ana.runs()
    assert await ana.states() == [("gave_up", 1)]
    assert await ana.waits_until() == []


@pytest.mark.parametrize("status", [301, 400, 403, 413])
async def test_a_refusal_is_final_and_leads_nowhere_else(ana: Reader, status: int):
    await ana.is_told()
    ana.carrier.faults.append(Fault(status))
    await ana.runs()
    assert await ana.states() == [("refused", 1)]
    assert await ana.waits_until() == []
    assert await ana.browsers() == 1


def test_the_pause_doubles_and_nothing_is_shown_that_is_too_old():
    pauses = [
        push.after(Outcome.BUSY, tries=tries, due_at=NOON, kind=Kind.TIP_RECEIVED, now=NOON).again_at
        for tries in (1, 2, 3, 7)
    ]
    assert [(one - NOON).total_seconds() for one in pauses if one] == [30, 60, 120, 1_920]
    asked = push.after(Outcome.BUSY, retry_after_s=90_000, tries=1, due_at=NOON, kind=Kind.TIP_RECEIVED, now=NOON)
    assert (asked.state, asked.again_at) == (PushState.GAVE_UP, None)
    urgent = push.after(Outcome.BUSY, retry_after_s=90_000, tries=1, due_at=NOON, kind=Kind.NEW_DEVICE, now=NOON)
    assert urgent.again_at == NOON + timedelta(seconds=90_000)


async def test_an_address_that_leads_inside_is_never_sent_to(ana: Reader, database: Database, settings: Settings):
    for endpoint in (
        "https://10.0.0.1/x",
        "https://169.254.169.254/x",
        "http://push.example.org/x",
        "https://printer/x",
    ):
        with pytest.raises(SubscriptionInvalid):
            await ana.subscribes(ana.carrier.subscribe(ana.sender), endpoint=endpoint)
    # What was let in once, by a setting or because its name led elsewhere then, is looked at again as it is sent.
    strict = Runtime(
        settings=settings.model_copy(update={"push_on_loopback": False}), database=database,
        objects=ana.runtime.objects, mailer=ana.runtime.mailer, cpu=ana.runtime.cpu,
    )  # fmt: skip
    ana.endpoint = next(iter(f"{ana.carrier.url}/push/{token}" for token in ana.carrier.browsers))
    await ana.is_told()
    await run_jobs(database, strict)
    assert ana.arrived == []
    assert ana.carrier.refused == []
    assert await ana.browsers() == 0


async def test_keys_of_others_and_no_keys_are_refused(ana: Reader):
    other = load_settings(environment=Environment.TEST, secret_key="z" * 40)
    for wrong in (
        {"sender": service.public_key(other)}, {"sender": ""}, {"p256dh": "x"}, {"auth": "x"}, {"endpoint": "javascript:0"},
    ):  # fmt: skip
        with pytest.raises(SubscriptionInvalid):
            await ana.subscribes(ana.carrier.subscribe(ana.sender), **wrong)
    assert await ana.browsers() == 1


async def test_whoever_signs_out_is_told_no_more_in_that_browser(ana: Reader):
    await ana.is_told()
    async with ana.database.begin() as tx:
        await sessions.sign_out(tx, principal=ana.principal, now=utc_now())
    await ana.runs()
    await ana.is_told()
    await ana.runs()
    assert ana.arrived == []
    async with ana.database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.push_delivery WHERE state = 'waiting'") == 1
        assert await pushes.drop_signed_out(tx, before=utc_now() + timedelta(seconds=1), most=10) == 1
        assert await tx.value("SELECT count(*) FROM users.push_delivery") == 0


async def test_a_browser_that_another_account_takes_over_is_the_others(
    ana: Reader, database: Database, runtime: Runtime, carrier: PushService
):
    made = carrier.subscribe(ana.sender)
    await ana.subscribes(made)
    ben = Reader(database, runtime, carrier)
    await ben.comes()
    await ben.subscribes(made)
    await ana.is_told()
    await ana.runs()
    assert ben.arrived == [], "the endpoint is no longer told what concerns the one before"
    assert await ana.browsers() == 1


async def test_a_browser_that_changed_its_endpoint_gets_what_waits_for_it_at_the_new_one(ana: Reader):
    former, waits = ana.endpoint, ana.carrier.of(ana.endpoint)
    await ana.is_told()
    assert await ana.subscribes(ana.carrier.subscribe(ana.sender), former=former) == ana.browser
    await ana.runs()
    assert ([one.message["title"] for one in ana.arrived], waits.arrived) == (["A tip: 5.00 EUR"], [])
    assert await ana.browsers() == 1
    again = await ana.subscribes(ana.carrier.subscribe(ana.sender), former=former)  # nobody has that one any more
    assert again != ana.browser
    assert await ana.browsers() == 2


async def test_nobody_takes_the_place_of_somebody_elses_browser(
    ana: Reader, database: Database, runtime: Runtime, carrier: PushService
):
    ben = Reader(database, runtime, carrier)
    await ben.comes()
    assert await ben.subscribes(carrier.subscribe(ana.sender), former=ana.endpoint) != ana.browser
    await ana.is_told()
    await ana.runs()
    assert (len(ana.arrived), ben.arrived) == (1, [])
    assert (await ana.browsers(), await ben.browsers()) == (1, 2)


async def test_choices_and_quiet_hours_hold_for_pushes_and_what_is_mandatory_comes_at_once(ana: Reader):
    night = datetime(2026, 12, 1, 23, tzinfo=UTC)
    async with ana.database.begin() as tx:
        await service.choose_hours(
            tx, user_id=ana.user.user_id, time_zone="UTC", quiet_from="22:00", quiet_until="07:00"
        )
    await ana.is_told(now=night)
    await ana.is_told(Kind.NEW_DEVICE, {"device": "", "network": "?", "when": night.isoformat()}, now=night)
    await ana.is_told(Kind.REWARD_PAID, {"minor": 5, "currency": "VIBE"}, now=night)
    assert sorted(await ana.waits_until(), key=str) == [datetime(2026, 12, 2, 7, tzinfo=UTC), None]

    async with ana.database.begin() as tx:
        await service.choose(tx, user_id=ana.user.user_id, kind=Kind.TIP_RECEIVED, channel=Channel.PUSH, wanted=False)
    await ana.runs()
    assert [one.urgency for one in ana.arrived] == ["high"]
    assert sorted(await ana.states()) == [("sent", 1), ("unwanted", 0)]


async def test_an_account_has_ten_browsers_and_stops_only_its_own(
    ana: Reader, database: Database, runtime: Runtime, carrier: PushService
):
    for _ in range(push.MOST_BROWSERS):
        await ana.subscribes(carrier.subscribe(ana.sender))
    assert await ana.browsers() == push.MOST_BROWSERS
    ben = Reader(database, runtime, carrier)
    await ben.comes()
    async with database.begin() as tx:
        with pytest.raises(BrowserMissing):
            await service.unsubscribe(tx, user_id=ana.user.user_id, subscription_id=ben.browser)
        await service.unsubscribe(tx, user_id=ben.user.user_id, subscription_id=ben.browser)
    assert (await ana.browsers(), await ben.browsers()) == (push.MOST_BROWSERS, 0)


async def test_the_api_takes_what_a_browser_reports_and_says_nothing_of_it(client_for, database: Database):
    async with database.begin() as tx:
        user = await make_user(tx)
    client = await client_for(user)
    good = {"endpoint": "https://push.example.org/x", "keys": {"p256dh": "x", "auth": "y"}, "sender": "z"}
    refused = await client.post("/api/v1/me/push-subscriptions", json=good)
    assert (refused.status_code, refused.json()["code"]) == (422, "notification.subscription_invalid")
    assert "push.example.org" not in refused.text
    assert (await client.post("/api/v1/me/push-subscriptions", json={**good, "user_id": "x"})).status_code == 422
    assert (await client.post("/api/v1/me/push-subscriptions", json={**good, "former": "x" * 1001})).status_code == 422
    assert (await client.delete(f"/api/v1/me/push-subscriptions/{new_id()}")).status_code == 404
    sender = (await client.get("/api/v1/push-sender")).json()["sender"]
    assert len(sender) == 87, "65 bytes of a point of P-256"


async def test_the_service_refuses_whoever_is_not_the_sender_and_production(ana: Reader, tmp_path: Path):
    await ana.is_told()
    ana.carrier.of(ana.endpoint).sender = "B" + "A" * 86
    await ana.runs()
    assert ana.carrier.refused == ["another sender than the one that was subscribed to"]
    assert await ana.states() == [("refused", 1)]
    production = load_settings(environment=Environment.TEST, data_dir=tmp_path).model_copy(
        update={"environment": Environment.PRODUCTION}
    )
    with pytest.raises(SandboxRefused):
        async with serve(production):
            raise AssertionError("it served")


async def test_a_message_of_any_kind_fits_one_record(ana: Reader):
    long: Facts = {**TIP, "device": "x" * 5_000, "network": "y" * 200, "when": NOON.isoformat()}
    await ana.is_told(Kind.NEW_DEVICE, long)
    await ana.runs()
    [carried] = ana.arrived
    assert carried.length <= 4_096
    assert len(json.dumps(carried.message)) < 3_000
