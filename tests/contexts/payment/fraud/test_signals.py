"""Outside signals over a real socket with TLS: what comes in time is a feature, whatever else happens is its absence."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest

from tests.factories.fraud import NOW, make_facts, usd
from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.domain.breaker import Breaker, admit, report
from vibestream.contexts.payment.fraud.gateway import minfraud
from vibestream.contexts.payment.fraud.gateway import signals as guard
from vibestream.contexts.payment.fraud.gateway.minfraud import MinFraud, transaction_of
from vibestream.contexts.payment.fraud.gateway.signals import Signals
from vibestream.contexts.payment.fraud.service.signals import open_signals
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.config import Environment, Settings, SettingsInvalid, load_settings
from vibestream.platform.database import Tx
from vibestream.sandbox.guard import SandboxRefused
from vibestream.sandbox.minfraud.server import Fault, MinFraudServer, serve

ADDRESS = "203.0.113.9"


@pytest.fixture
def bare(tmp_path) -> Settings:
    return load_settings(environment=Environment.TEST, data_dir=tmp_path)


@pytest.fixture
async def server(bare: Settings) -> AsyncIterator[MinFraudServer]:
    async with serve(bare, account_id=42, licence_key="licence") as running:
        yield running


def settings_for(server: MinFraudServer, **overrides: object) -> Settings:
    return load_settings(
        environment=Environment.TEST,
        **{
            "minfraud_account_id": 42,
            "minfraud_licence_key": "licence",
            "minfraud_host": server.host,
            "minfraud_authority": server.authority,
            **overrides,
        },
    )


@pytest.fixture
async def signals(server: MinFraudServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Signals]:
    for module in (guard, minfraud):
        monkeypatch.setattr(module, "BUDGET_S", 0.6)  # a busy machine is no slow server, which takes a second
    opened = open_signals(settings_for(server))
    await opened.gather(facts=make_facts())  # the first import and handshake may take longer than there is time
    server.asked.clear()
    yield opened
    await opened.close()


async def test_scores_come_back_by_our_names(server: MinFraudServer, signals: Signals):
    server.scores = {ADDRESS: 77.5}
    found = await signals.gather(facts=make_facts(network=ADDRESS, email_domain="mail.example"))
    assert (found["minfraud_risk_score"], found["minfraud_ip_risk"]) == (77.5, 77.5)
    assert len(str(found["minfraud_id"])) == 36
    (asked,) = server.asked
    assert (asked["device"], asked["email"], asked["order"], asked["event"]["type"]) == (
        {"ip_address": ADDRESS}, {"domain": "mail.example"}, {"amount": 10.0, "currency": "USD"}, "purchase",
    )  # fmt: skip


def test_what_is_asked_names_no_more_than_is_known():
    facts = make_facts(network="203.0.113.0/24", email_domain=None, country=None, amount=Money(5, VIBE), kind="payout")
    asked = transaction_of(facts)
    assert sorted(asked) == ["account", "event"]
    assert asked["event"]["type"] == "payout_change"


@pytest.mark.parametrize("fault", list(Fault))
async def test_whatever_goes_wrong_is_a_missing_signal_in_time(server: MinFraudServer, signals: Signals, fault: Fault):
    server.faults.append(fault)
    began = time.monotonic()
    assert await signals.gather(facts=make_facts()) == {}
    assert time.monotonic() - began < 0.9  # the server's slowness is a whole second
    server.faults.clear()
    assert "minfraud_risk_score" in await signals.gather(facts=make_facts())


async def test_a_licence_that_is_wrong_is_a_missing_signal(server: MinFraudServer):
    signals = open_signals(settings_for(server, minfraud_licence_key="another"))
    assert await signals.gather(facts=make_facts()) == {}
    assert server.asked == []
    await signals.close()


async def test_a_server_that_nobody_vouches_for_is_not_believed(server: MinFraudServer):
    signals = open_signals(settings_for(server, minfraud_authority=None))
    for _ in range(2):
        assert await signals.gather(facts=make_facts()) == {}
    assert server.asked == []
    await signals.close()


async def test_after_five_failures_it_is_left_alone(server: MinFraudServer, signals: Signals):
    server.faults.extend([Fault.BROKEN] * 5)
    for _ in range(5):
        assert await signals.gather(facts=make_facts()) == {}
    assert not server.faults
    server.asked.clear()
    assert await signals.gather(facts=make_facts()) == {}
    assert server.asked == []


async def test_nobody_home_is_a_missing_signal():
    party = MinFraud(account_id=1, licence_key="x", host="127.0.0.1:9")
    signals = Signals([party])
    assert await signals.gather(facts=make_facts()) == {}
    await signals.close()


def test_nothing_waits_for_an_outside_party_longer_than_150_ms():
    assert guard.BUDGET_S == 0.15


async def test_without_an_account_nobody_is_asked(bare: Settings):
    signals = open_signals(bare)
    assert await signals.gather(facts=make_facts()) == {}
    await signals.close()


async def test_a_high_score_from_outside_steps_up(server: MinFraudServer, signals: Signals, tx: Tx):
    server.scores = {"mail.example": 60.0}
    facts = make_facts(email_domain="mail.example")
    decision = await fraud.assess(tx, facts=facts, signals=await signals.gather(facts=facts), now=NOW)
    assert (decision.verdict, [one.code for one in decision.reasons]) == (
        fraud.Verdict.STEP_UP, ["rule.outside_score"],
    )  # fmt: skip


async def test_radars_view_is_a_feature_and_an_unknown_level_is_missing(tx: Tx):
    assert fraud.radar_signals({}) == {}
    signals = fraud.radar_signals({"risk_level": "elevated", "risk_score": "61", "seller_message": "x"})
    assert signals == {"radar_risk_level": "elevated", "radar_risk_score": "61"}
    for given, level in ((signals, 1.0), (fraud.radar_signals({"risk_level": "not_assessed"}), None)):
        decision = await fraud.assess(tx, facts=make_facts(amount=usd(500)), signals=given, now=NOW)
        found = (await fraud.explained(tx, decision_id=decision.decision_id)).features["signal.radar_risk_level"]
        assert (found == level) if level is not None else found != found  # noqa: PLR0124


def test_the_breaker_lets_one_probe_through_and_closes_when_it_is_well():
    breaker = Breaker()
    for _ in range(5):
        breaker, may = admit(breaker, now_ms=0)
        assert may
        breaker = report(breaker, well=False, now_ms=0)
    assert [admit(breaker, now_ms=now)[1] for now in (0, 9_999)] == [False, False]
    breaker, may = admit(breaker, now_ms=10_000)
    assert may
    assert not admit(breaker, now_ms=10_001)[1]  # one probe at a time
    assert admit(breaker, now_ms=20_000)[1]  # a probe that never came back
    again = report(breaker, well=False, now_ms=10_100)
    assert not admit(again, now_ms=20_099)[1]
    assert report(breaker, well=True, now_ms=10_100) == Breaker()


async def test_the_stand_in_does_not_load_in_production():
    production = load_settings(
        environment=Environment.TEST,
    ).model_copy(update={"environment": Environment.PRODUCTION})
    with pytest.raises(SandboxRefused):
        async with serve(production, account_id=1, licence_key="x"):
            pass


def test_half_an_account_is_refused():
    with pytest.raises(SettingsInvalid, match="VIBESTREAM_MINFRAUD_LICENCE_KEY"):
        load_settings(environment=Environment.TEST, minfraud_account_id=1)
