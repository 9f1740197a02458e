"""The main job: an artist uploads and publishes, a fan listens and is paid, the books balance."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from vibestream.cli.story.listener import Heard, listen
from vibestream.cli.story.telling import Teller
from vibestream.cli.story.visitor import Visitor, new_password
from vibestream.kernel.errors import Unavailable

_PACKAGED_WITHIN_S: Final = 600
_PAID_WITHIN_S: Final = 30
ARTIST_NAME: Final = "The quiet room"


class DidNotComeAbout(Unavailable):
    """What the platform should have done by itself did not happen in time."""

    code = "story.did_not_come_about"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the story, and how they sign in."""

    email: str
    password: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Published:
    """A release that everybody can hear."""

    artist_id: str
    release_id: str
    title: str
    track_ids: tuple[str, ...]


def invent(role: str) -> Person:
    """Make somebody up; the address ends in a domain that cannot exist."""
    return Person(f"{role}-{secrets.token_hex(3)}@demo.example", new_password(), role.capitalize())


def artist_publishes(
    teller: Teller, artist: Visitor, *, person: Person, files: Sequence[Path], title: str | None
) -> Published:
    """Sign up an artist, upload masters, wait for packaging, publish.

    Raises:
        Refused: the platform does not take something; the message says what.
        DidNotComeAbout: packaging did not finish in time.
    """
    with teller.step("artist_signs_up", "An artist signs up and verifies the address"):
        artist.sign_up(email=person.email, password=person.password, display_name=person.display_name)
        handle = f"quiet-room-{secrets.token_hex(3)}"
        profile = {"name": ARTIST_NAME, "handle": handle, "bio": "Pieces made for listening tests."}
        artist_id = artist.post("/api/v1/artists", profile)["artist_id"]
    with teller.step("upload", f"The artist uploads {len(files)} masters") as figures:
        began = time.monotonic()
        uploads = [_upload(teller, artist, file) for file in files]
        size = sum(file.stat().st_size for file in files)
        figures["megabytes"] = f"{size / 1e6:.1f}"
        figures["megabytes_per_second"] = f"{size / 1e6 / (time.monotonic() - began):.1f}"
    with teller.step("packaging", "The platform probes, measures and packages them") as figures:
        figures["first_playable_after_s"] = _wait_for_packaging(teller, artist, uploads)
    with teller.step("publish", "The artist publishes the release") as figures:
        published = _publish(artist, uploads, title, artist_id=artist_id)
        figures["title"] = published.title
        figures["tracks"] = len(published.track_ids)
    return published


def fan_listens(teller: Teller, fan: Visitor, *, track_id: str) -> Heard:
    """Play a track in real time until the listen is accepted."""
    with teller.step("listen", "The fan listens, in real time") as figures, teller.bar("heard") as progress:
        heard = listen(fan, track_id=track_id, progress=progress)
        figures["heard_seconds"] = f"{heard.heard_ms / 1000:.1f}"
        figures["segments"] = heard.segments
        figures["heartbeats"] = heard.heartbeats
    return heard


def fan_is_paid(teller: Teller, fan: Visitor) -> None:
    """Wait until the reward stands in the fan's wallet, and show that its transaction balances."""
    with teller.step("reward", "The reward arrives in the fan's wallet") as figures:
        lines = until(
            lambda: fan.get("/api/v1/wallet/transactions")["items"], within_s=_PAID_WITHIN_S, what="The reward"
        )
        figures["amount"] = f"{lines[0]['amount']} {lines[0]['currency']}"
    with teller.step("books", "The books balance") as figures:
        transaction_id = lines[0]["transaction"]["transaction_id"]
        postings = fan.get(f"/api/v1/wallet/transactions/{transaction_id}")["postings"]
        for one in postings:
            teller.console.print(f"    {one['account']:40} {one['amount']:>16} {one['currency']}")
        total = sum((Decimal(one["amount"]) for one in postings), Decimal())
        figures["entries"] = len(postings)
        figures["sum"] = f"{total}"
        if total != 0:
            raise DidNotComeAbout(f"The transaction's entries sum to {total}, not to zero.")


def until(look: Callable[[], Any], *, within_s: float, what: str) -> Any:
    """Return what somebody looks for as soon as it is there.

    Raises:
        DidNotComeAbout: it was not there in time.
    """
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.2)  # noqa: TID251 - the story has no event loop
    raise DidNotComeAbout(f"{what} did not come within {within_s:.0f} s. Is the worker running?")


def _upload(teller: Teller, artist: Visitor, file: Path) -> str:
    with teller.bar(file.name) as progress:
        return artist.upload(file, progress=progress)


def _wait_for_packaging(teller: Teller, artist: Visitor, uploads: Sequence[str]) -> str:
    began, first_playable = time.monotonic(), None
    with teller.bar("packaged") as progress:
        while time.monotonic() - began < _PACKAGED_WITHIN_S:
            states = [artist.get(f"/api/v1/uploads/{upload}") for upload in uploads]
            for one in states:
                if one["state"] in {"refused", "failed"}:
                    raise DidNotComeAbout(f"{one['file_name']}: {one['explanation']}")
            if first_playable is None and any(one["state"] in {"playable", "ready"} for one in states):
                first_playable = time.monotonic() - began
            progress(
                sum(100 if one["state"] == "ready" else one["percent"] * 0.99 for one in states), 100 * len(states)
            )
            if first_playable is not None and all(one["state"] == "ready" for one in states):
                return f"{first_playable:.1f}"
            time.sleep(0.25)  # noqa: TID251 - the story has no event loop
    raise DidNotComeAbout(f"Packaging did not finish within {_PACKAGED_WITHIN_S} s. Is the worker running?")


def _publish(artist: Visitor, uploads: Sequence[str], title: str | None, *, artist_id: str) -> Published:
    draft = artist.post("/api/v1/studio/releases/from-uploads", {"upload_ids": list(uploads)})
    release_id = draft["release"]["release_id"]
    if title is not None:
        edit = {"version": draft["version"], "title": title, "description": "Synthesised; nobody was recorded."}
        draft = artist.patch(f"/api/v1/studio/releases/{release_id}", edit)
    draft = artist.post(f"/api/v1/studio/releases/{release_id}/publish", {"version": draft["version"]})
    tracks = tuple(one["track"]["track_id"] for one in draft["tracks"])
    return Published(artist_id, release_id, draft["release"]["title"], tracks)
