"""The product comes up by one command, tells its story by another, and leaves nothing running."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from tests.journeys.product import Product, running

STORY = [
    *("platform_is_up", "artist_signs_up", "upload", "packaging", "publish"),
    *("fan_signs_up", "top_up", "subscribe", "tip", "listen", "reward", "books"),
    *("secret", "listen_for_receipt", "epoch_closed", "proof", "claim"),
    *("royalties", "payout_asked", "payout_reviewed", "payout", "money_balances"),
]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_main_job_is_told_paid_and_kept_over_a_restart(tmp_path: Path):
    with running(tmp_path / "data") as product:
        told = product.run("demo", "--url", product.url, "--json", str(tmp_path / "demo.json"))
        assert told.returncode == 0, told.stdout + told.stderr
        records = json.loads((tmp_path / "demo.json").read_text())
        assert [(one["name"], one["ok"]) for one in records] == [(name, True) for name in STORY]
        figures = {one["name"]: one["figures"] for one in records}
        assert figures["books"] == {"entries": 2, "sum": "0.0000"}
        assert figures["subscribe"] == {"paid": "10.99 USD", "best_quality": "lossless"}
        assert figures["royalties"] == {"available": "45.26 USD"}  # a tip of 40.00 less 5 %, and a pool of 7.26
        assert figures["payout"] == {"sent": "45.01 USD", "fee": "0.25 USD"}
        assert figures["money_balances"] == {"movements": 3, "sum": "0"}
        assert figures["epoch_closed"] == {"leaves": 3, "summaries_of_the_fan": 1}
        assert figures["proof"]["hides_among"] == 1
        assert figures["claim"]["paid"] == figures["claim"]["wallet_holds"] == "1.0000 VIBE"
        assert figures["claim"]["accepted_to_be_recognised"] == "yes"
        assert product.query("SELECT count(*), sum(amount)::int FROM listen_reward.claim") == [(1, 10_000)]
        claims_is_green(audited(product, tmp_path))

        tree = product.processes()
        assert product.stop() == 0
        assert [process for process in tree if process.is_running()] == []

        product.start()
        assert product.query("SELECT count(*) FROM music.release WHERE stage = 'published'") == [(1,)]
        audited(product, tmp_path)


def claims_is_green(records: list[dict[str, object]]) -> None:
    """The audit looked at the claim: it says so in its figure."""
    claimed = next(one for one in records if one["name"] == "claims.claimed_is_paid")
    assert claimed["figure"] == "1.0000 VIBE to be claimed, 1.0000 VIBE claimed, 0.0000 VIBE gone back"


def audited(product: Product, folder: Path) -> list[dict[str, object]]:
    audit = product.run("audit", "--json", str(folder / "audit.json"))
    assert audit.returncode == 0, audit.stdout + audit.stderr
    records = json.loads((folder / "audit.json").read_text())
    assert len(records) >= 10
    assert all(one["ok"] for one in records)
    return list(records)


@pytest.mark.slow
def test_a_second_instance_on_the_same_data_is_refused_with_what_to_do(tmp_path: Path):
    with running(tmp_path / "data") as product:
        second = product.run("up")

        assert second.returncode == 1
        assert "VibeStream is already up on" in second.stderr
        assert "Traceback" not in second.stderr
        assert psutil.pid_exists(product.processes()[-1].pid)


@pytest.mark.slow
def test_the_demo_says_what_to_do_when_nothing_is_up_or_there_is_no_music(tmp_path: Path):
    nowhere = Product(tmp_path / "data")

    not_up = nowhere.run("demo", "--url", "http://localhost:9")
    no_music = nowhere.run("demo", "--music", str(tmp_path))

    assert (not_up.returncode, no_music.returncode) == (1, 1)
    assert "Start `vibestream up`" in not_up.stderr
    assert "holds no audio file" in no_music.stderr
