"""Listening as a player does: segments fetched ahead of the position, heartbeats in real time."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from vibestream.cli.story.visitor import Visitor
from vibestream.kernel.errors import Unavailable

_AHEAD_MS: Final = 12_000
_BEAT_EVERY_MS: Final = 4_000
_SETTLES_WITHIN_S: Final = 20
Progress = Callable[[int, int], None]


class ListenNotAccepted(Unavailable):
    """The platform did not accept a listen that was played in real time."""

    code = "story.listen_not_accepted"


@dataclass(frozen=True, slots=True)
class Heard:
    """A listen that was accepted, and what it took."""

    listen_id: str
    heard_ms: int
    segments: int
    bytes_fetched: int
    heartbeats: int


def listen(visitor: Visitor, *, track_id: str, progress: Progress | None = None) -> Heard:
    """Play a track in real time until the platform accepts the listen.

    Raises:
        ListenNotAccepted: it did not within the time that it should take.
    """
    opened = visitor.post("/api/v1/listens", {"track_id": track_id, "player_id": secrets.token_hex(8)})
    listening = _Listening(visitor, opened)
    granted = visitor.post(f"/api/v1/tracks/{track_id}/playback", {"listen_id": opened["listen_id"]})
    stream = visitor.stream(granted["masters"][0]["url"])
    listening.fetch(stream.init_url)
    pending = list(zip(stream.segment_urls, stream.segment_ms, strict=True))
    buffered_ms = 0
    deadline_ms = opened["needed_ms"] + _SETTLES_WITHIN_S * 1000
    while listening.state["state"] == "open" and listening.clock_ms() < deadline_ms:
        position_ms = min(listening.clock_ms(), sum(stream.segment_ms))
        while pending and buffered_ms < position_ms + _AHEAD_MS:
            url, length_ms = pending.pop(0)
            listening.fetch(url)
            buffered_ms += length_ms
        listening.beat(position_ms)
        if progress is not None:
            progress(min(listening.state["heard_ms"], opened["needed_ms"]), opened["needed_ms"])
        time.sleep(_BEAT_EVERY_MS / 1000)  # noqa: TID251 - real time is what is being shown
    if listening.state["state"] != "accepted":
        raise ListenNotAccepted(f"The listen is {listening.state['state']} after {listening.clock_ms() // 1000} s.")
    visitor.post(f"/api/v1/listens/{opened['listen_id']}/close")
    return listening.heard()


class _Listening:
    def __init__(self, visitor: Visitor, opened: dict[str, Any]) -> None:
        self._visitor = visitor
        self._began = time.monotonic()
        self._seq = 0
        self._segments = 0
        self._bytes = 0
        self.state = opened

    def clock_ms(self) -> int:
        return round((time.monotonic() - self._began) * 1000)

    def fetch(self, url: str) -> None:
        self._bytes += len(self._visitor.fetch(url))
        self._segments += 1

    def beat(self, position_ms: int) -> None:
        self._seq += 1
        beat = {"seq": self._seq, "at_client_ms": self.clock_ms(), "position_ms": position_ms, "state": "playing"}
        self.state = self._visitor.post(f"/api/v1/listens/{self.state['listen_id']}/heartbeats", {"beats": [beat]})

    def heard(self) -> Heard:
        return Heard(self.state["listen_id"], self.state["heard_ms"], self._segments, self._bytes, self._seq)
