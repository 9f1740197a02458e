"""On the running product, over HTTP: listen to real music, close the day, prove in Python, be paid without a name."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import httpx
import pytest

from tests.journeys import people
from tests.journeys.product import Product, running
from tests.journeys.test_power_cut import published
from vibestream.cli.story.listener import listen
from vibestream.cli.story.visitor import Visitor, new_password


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_real_music_is_listened_to_proved_and_paid_to_a_wallet_without_a_name(tmp_path: Path):
    with running(tmp_path / "data") as product, Visitor(product.url) as artist, Visitor(product.url) as fan:
        for name, visitor in (("artist", artist), ("fan", fan)):
            visitor.sign_up(email=f"{name}@claims.example", password=new_password(), display_name=name)
        artist.post("/api/v1/artists", {"name": "Cuts", "handle": "cuts"})
        track_id = published(artist, people.cut_songs(tmp_path)[0])
        secret = tmp_path / "my.secret"
        commitment = done(product, "claim", "secret", str(secret)).strip()
        assert stat.S_IMODE(secret.stat().st_mode) == stat.S_IRUSR | stat.S_IWUSR
        fan.step_up()
        fan.put("/api/v1/receipts/identity", {"commitment": commitment})

        heard = listen(fan, track_id=track_id)
        assert heard.segments > 0
        day = product.close_day(receipts=1, within_s=30)
        receipts = tmp_path / "receipts.json"
        receipts.write_text(json.dumps(fan.get(f"/api/v1/receipts/{day}")))
        files: tuple[str, ...] = ("claim", "send", str(receipts), "--secret", str(secret), "--url", product.url)
        alone = product.run(*files, "--wallets", str(tmp_path / "unsaid"))
        assert alone.returncode == 1
        assert "hides among 1, fewer than 20" in alone.stderr
        files = (*files, "--accept-recognition")
        amount, wallet = done(product, *files, "--wallets", str(tmp_path / "wallets")).split()

        assert amount == "10000"
        held = httpx.get(f"{product.url}/api/v1/claim-wallets/{wallet}").json()
        assert held == {"wallet": wallet, "vibe_minor": 10_000, "received_minor": 10_000}
        again = product.run(*files, "--wallets", str(tmp_path / "more"))
        assert again.returncode == 1
        assert "claimed before" in again.stderr
        assert product.query("SELECT count(*) FROM payment.transaction WHERE kind = 'reward'") == [(0,)]
        assert product.run("audit").returncode == 0


def done(product: Product, *arguments: str) -> str:
    ran = product.run(*arguments)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout
