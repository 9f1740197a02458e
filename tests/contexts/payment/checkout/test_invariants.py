"""The checks of payments find each fault that is planted, and read models are made again from the streams."""

from __future__ import annotations

import psycopg
import pytest
from click.testing import CliRunner

from tests.contexts.payment.checkout.conftest import Shop
from tests.factories.payment import as_owner
from vibestream.cli import rebuild
from vibestream.contexts.payment.checkout import service
from vibestream.contexts.payment.checkout.service import PaymentView


@pytest.fixture
async def history(stripe: Shop) -> PaymentView:
    """A payment with a fee, a refund from the wallet and one from the gateway, beside one that waits."""
    await stripe.opened()
    view = await stripe.paid("10.00")
    await stripe.settle(view)
    await stripe.refund(view, "4.00")
    await stripe.run_jobs()
    stripe.sandbox.refund("stripe", **stripe.there(view), amount=100)
    await stripe.look(view.payment_id)
    assert await stripe.violations() == {}
    return await stripe.view(view.payment_id)


async def test_nothing_is_found_where_nothing_is_wrong(stripe: Shop, history: PaymentView):
    assert await stripe.violations() == {}
    assert await stripe.do(service.differing_read_models) == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "DELETE FROM payment.payment_event WHERE type = 'captured'",
            {"escrows_explained", "streams_whole", "read_models", "clearing_explained"},
        ),
        ("UPDATE payment.payment SET version = version + 1", {"streams_whole"}),
        (
            "UPDATE payment.payment_event SET transaction_ids = '{}' WHERE type = 'fee_known'",
            {"streams_whole", "clearing_explained"},
        ),
        (
            "UPDATE payment.payment_event SET transaction_ids = transaction_ids || gen_random_uuid() WHERE type = 'opened'",
            {"streams_whole"},
        ),
        (
            "INSERT INTO payment.payment_event SELECT payment_id, version + 100, type, data, at "  # noqa: ISC004 - one text
            "FROM payment.payment_event WHERE type = 'refund_succeeded'",
            {"streams_whole", "one_effect_per_key", "read_models"},
        ),
        (
            "UPDATE payment.payment_event SET data = jsonb_set(data, '{payment_ref}', '\"the same\"') WHERE type = 'opened'",
            {"one_effect_per_key", "read_models"},
        ),
        ("DELETE FROM payment.payment_attempt WHERE act = 'open'", {"one_effect_per_key"}),
        ("UPDATE payment.payment_view SET refunded = refunded + 1 WHERE state = 'partially_refunded'", {"read_models"}),
        ("DELETE FROM payment.payment_view WHERE state = 'pending'", {"read_models"}),
        (
            "INSERT INTO payment.payment_view SELECT (jsonb_populate_record(NULL::payment.payment_view, "  # noqa: ISC004
            "to_jsonb(v) || jsonb_build_object('payment_id', gen_random_uuid()))).* FROM payment.payment_view v LIMIT 1",
            {"read_models"},
        ),
    ],
)
async def test_each_planted_fault_is_found(
    stripe: Shop, history: PaymentView, owner_dsn: str, statement: str, found: set[str]
):
    await as_owner(owner_dsn, statement, triggers=False)
    broken = await stripe.violations()
    assert set(broken) == {f"checkout.{name}" for name in found}, broken
    assert all(broken.values())


async def test_lists_made_again_equal_those_that_were_kept(stripe: Shop, history: PaymentView, owner_dsn: str):
    async def listed() -> list[PaymentView]:
        views: list[PaymentView] = await stripe.do(lambda tx: service.payments(tx, limit=10))
        return views

    before = await listed()
    assert len(before) == 2
    assert await stripe.do(service.rebuild_read_models) == 2
    assert await listed() == before
    for damage in (
        "DELETE FROM payment.payment_view",
        "UPDATE payment.payment_view SET state = 'failed', refunded = 7, version = version + 1",
        "UPDATE payment.payment_view SET payment_id = gen_random_uuid()",
    ):
        await as_owner(owner_dsn, damage)
        assert await stripe.do(service.rebuild_read_models) == 2
        assert await listed() == before


def test_the_command_makes_lists_again_and_says_what_was_wrong(
    history: PaymentView, owner_dsn: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DATABASE_URL", owner_dsn)
    monkeypatch.setenv("VIBESTREAM_ENVIRONMENT", "test")

    def run(*arguments: str) -> tuple[int, str]:
        ran = CliRunner().invoke(rebuild.command, ["payments", *arguments])
        return ran.exit_code, ran.output

    assert run("--check") == (0, "0 of the listed payments are not as their streams say.\n")
    with psycopg.connect(owner_dsn, autocommit=True) as owner:
        owner.execute("UPDATE payment.payment_view SET refunded = 5")
    assert run("--check") == (1, "2 of the listed payments are not as their streams say.\n")
    assert run() == (0, "2 of the listed payments were not as their streams say.\n2 were made again.\n")
    assert run("--check")[0] == 0
