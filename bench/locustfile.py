"""What people do under load: listeners play in real time, visitors browse. Run by `make load`."""

from __future__ import annotations

import itertools
import json
import secrets
import time
from typing import Any
from urllib.parse import urljoin

from locust import HttpUser, between, task

from bench.load import ACCOUNTS

_accounts = itertools.cycle(range(10**6))


class Listener(HttpUser):
    """Somebody signed in who plays one track after another, with the heartbeats of the real player."""

    weight = 3
    wait_time = between(0.5, 2)

    def on_start(self) -> None:
        """Take an account of one's own: an account has one live listen at a time."""
        accounts = json.loads(ACCOUNTS.read_text())[self.host]
        self.client.headers["Origin"] = str(self.host)
        self.client.cookies.update(accounts[next(_accounts) % len(accounts)]["cookies"])

    @task
    def listen(self) -> None:
        """Play half a minute of something new."""
        tracks = self.client.get("/api/v1/tracks").json()["items"]
        if not tracks:
            return
        track = secrets.choice(tracks)["track_id"]
        opened = self._post("/api/v1/listens", {"track_id": track, "player_id": "load"})
        listen = opened["listen_id"]
        granted = self._post(
            f"/api/v1/tracks/{track}/playback", {"listen_id": listen}, name="/api/v1/tracks/[id]/playback"
        )
        segments = self._segments(granted["masters"][0]["url"])
        began, fetched = time.monotonic(), 0
        for seq in range(1, 9):
            at_ms = round((time.monotonic() - began) * 1000)
            while segments and fetched * 4000 < at_ms + 12_000:
                self.client.get(segments.pop(0), name="/media segment")
                fetched += 1
            beat = {"seq": seq, "at_client_ms": at_ms, "position_ms": at_ms, "state": "playing"}
            self._post(
                f"/api/v1/listens/{listen}/heartbeats", {"beats": [beat]}, name="/api/v1/listens/[id]/heartbeats"
            )
            time.sleep(4)
        self._post(f"/api/v1/listens/{listen}/close", {}, name="/api/v1/listens/[id]/close")

    def _post(self, path: str, body: dict[str, Any], *, name: str | None = None) -> Any:
        return self.client.post(path, json=body, name=name or path).json()

    def _segments(self, master_url: str) -> list[str]:
        master_url = urljoin(str(self.host), master_url)
        rung = urljoin(master_url, self._lines(master_url)[0])
        return [urljoin(rung, line) for line in self._lines(rung)]

    def _lines(self, url: str) -> list[str]:
        text = self.client.get(url, name="/media playlist").text
        return [line for line in text.splitlines() if line and not line.startswith("#")]


class Browser(HttpUser):
    """Somebody who looks around without signing in."""

    weight = 1
    wait_time = between(1, 4)

    @task(3)
    def home(self) -> None:
        """Look at the newest releases."""
        self.client.get("/")

    @task(2)
    def release(self) -> None:
        """Open a release."""
        releases = self.client.get("/api/v1/releases").json()["items"]
        if releases:
            self.client.get(f"/releases/{secrets.choice(releases)['release_id']}", name="/releases/[id]")
