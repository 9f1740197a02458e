"""When a listen counts: pure decisions over one listening session.

A player tells where it is by *heartbeats*: numbered from 1, each with the player's own clock (milliseconds since the
listen was opened), the position in the track and whether it plays. The server believes no heartbeat by itself. It
credits the audio between two heartbeats only when playing it took the time that passed between them, in all no more
than has passed since the listen was opened by the *server's* clock, and counts each stretch of audio once.

Terms: *heard* is the distinct audio credited; *served* is what this server delivered to the listen; a listen's evidence
is *attributed* when the server sees every segment that it fetches.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from vibestream.kernel.ids import ArtistId, ListenId, TrackId, UserId

ENOUGH_MS: Final = 30_000
"""Distinct audio that makes a listen count. Source: the thirty seconds after which streaming services count a stream."""

CLOCK_TOLERANCE_MS: Final = 5_000
"""How far a player's clock may run ahead of ours: the network's delay when the listen was opened, and drift."""

PACE_SLACK_MS: Final = 750
"""How much further than time alone allows one step between heartbeats may reach: rounding and buffer reporting."""

BUDGET_SLACK_MS: Final = 1_500
"""How much more than the time that passed may be credited in all; it bounds what the slack of many steps adds up to."""

ODDITIES_ALLOWED: Final = 3
"""Steps faster than time that are only not credited; one more and the listen is refused."""

SILENT_AFTER: Final = timedelta(seconds=90)
"""A live listen without a heartbeat for this long has ended."""

SETTLES_AFTER: Final = timedelta(seconds=60)
"""How long an ended listen still takes late heartbeats and evidence before it is closed for good."""

_PACE_PER_MILLE: Final = 1_020
"""Two per cent of clock drift between the player's audio clock and its wall clock."""

Spans = tuple[tuple[int, int], ...]
"""Half-open stretches of a track in milliseconds, ascending, neither empty nor touching."""


class State(enum.StrEnum):
    """Where a listen stands. Open changes, and held, by a person's word."""

    OPEN = "open"
    HELD = "held"
    """Proven, and counts for nothing until a person has looked."""
    REJECTED = "rejected"
    """Proven, and taken for artificial; a person may still release it."""
    ACCEPTED = "accepted"
    CLOSED = "closed"
    REFUSED = "refused"


PROVEN: Final = frozenset({State.ACCEPTED, State.HELD, State.REJECTED})
"""What a listen is in once enough of it was proven to be heard."""


class Playing(enum.StrEnum):
    """What the player does at a heartbeat."""

    PLAYING = "playing"
    PAUSED = "paused"
    SEEKING = "seeking"
    ENDED = "ended"


class Reason(enum.StrEnum):
    """Why a listen ended or was refused."""

    LEFT = "left"
    TIMED_OUT = "timed_out"
    SUPERSEDED = "superseded"
    FROM_THE_FUTURE = "from_the_future"
    CLOCK_WENT_BACK = "clock_went_back"
    BEYOND_THE_END = "beyond_the_end"
    FASTER_THAN_TIME = "faster_than_time"


@dataclass(frozen=True, slots=True)
class Beat:
    """One heartbeat. `at_ms` is the player's clock since the listen was opened."""

    seq: int
    at_ms: int
    position_ms: int
    state: Playing
    muted: bool = False
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Track:
    """What listening needs to know of a track."""

    track_id: TrackId
    artist_id: ArtistId
    owner_user_id: UserId
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Listen:
    """One listening session as the server knows it."""

    listen_id: ListenId
    user_id: UserId
    track: Track
    opened_at: datetime
    state: State = State.OPEN
    live: bool = True
    reason: Reason | None = None
    ended_at: datetime | None = None
    last_beat_at: datetime | None = None
    accepted_at: datetime | None = None
    last_seq: int = 0
    last_at_ms: int = 0
    last_position_ms: int = 0
    playing: bool = False
    credited_ms: int = 0
    oddities: int = 0
    heard: Spans = ()
    attributed: bool | None = None
    """Whether `served` is complete; None until playback was granted, and without that nothing can have been heard."""
    served: Spans = ()

    @property
    def heard_ms(self) -> int:
        """How much distinct audio was credited."""
        return length(self.heard)

    @property
    def proven(self) -> Spans:
        """The heard audio that the evidence does not contradict."""
        if self.attributed is None:
            return ()
        return intersection(self.heard, self.served) if self.attributed else self.heard


@dataclass(frozen=True, slots=True)
class Heard:
    """An accepted listen as figures count it: whose, of what, when it began, how much was heard, and whether it goes on."""

    listen_id: ListenId
    user_id: UserId
    track_id: TrackId
    artist_id: ArtistId
    began_at: datetime
    heard_ms: int
    live: bool


def enough_ms(duration_ms: int) -> int:
    """Return how much distinct audio makes a listen of a track count: thirty seconds, or half of a shorter track."""
    return min(ENOUGH_MS, max(duration_ms // 2, 1))


def take_beats(listen: Listen, beats: Iterable[Beat], *, now: datetime) -> tuple[Listen, tuple[Beat, ...]]:
    """Take the heartbeats that are next in sequence and return the listen after them, and which ones were taken.

    Heartbeats already taken are passed over, so sending them again changes nothing. Those after a gap are left for the
    sender to send again in order. Once the listen is refused or closed, nothing more is taken.
    """
    taken = []
    for beat in sorted(beats, key=lambda one: one.seq):
        if beat.seq <= listen.last_seq:
            continue
        if beat.seq != listen.last_seq + 1 or not _takes_beats(listen, now):
            break
        # Decided after each one, so that the outcome does not depend on how the sender batched them.
        listen = decide(_after_beat(listen, beat, now), now=now)
        taken.append(beat)
    return listen, tuple(taken)


def decide(listen: Listen, *, now: datetime) -> Listen:
    """Accept an open listen when what it heard, as far as evidence allows, is enough."""
    if listen.state is State.OPEN and length(listen.proven) >= enough_ms(listen.track.duration_ms):
        return replace(listen, state=State.ACCEPTED, accepted_at=now)
    return listen


def hold(listen: Listen, *, rejected: bool) -> Listen:
    """Keep a listen that was accepted in this transaction from counting, as scoring decided."""
    return replace(listen, state=State.REJECTED if rejected else State.HELD, accepted_at=None)


def release(listen: Listen, *, now: datetime) -> Listen:
    """Accept a listen that waited, as of now: it is of the epoch in which it is released. Others stay as they are."""
    if listen.state not in {State.HELD, State.REJECTED}:
        return listen
    return replace(listen, state=State.ACCEPTED, accepted_at=now)


def reject(listen: Listen) -> Listen:
    """Let a listen that waited count for nothing. Others stay as they are."""
    return replace(listen, state=State.REJECTED) if listen.state is State.HELD else listen


def end(listen: Listen, *, reason: Reason, now: datetime) -> Listen:
    """End a live listen; it stays open for late heartbeats and evidence until it settles."""
    if not listen.live:
        return listen
    return replace(listen, live=False, ended_at=now, reason=listen.reason or reason)


def settle(listen: Listen, *, now: datetime) -> Listen:
    """Close an ended listen for good once nothing late is waited for any more."""
    if listen.state is State.OPEN and listen.ended_at is not None and now - listen.ended_at >= SETTLES_AFTER:
        return replace(listen, state=State.CLOSED)
    return listen


def merged(spans: Iterable[tuple[int, int]]) -> Spans:
    """Return the union of stretches, in normal form."""
    out: list[tuple[int, int]] = []
    for start, stop in sorted(span for span in spans if span[0] < span[1]):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], stop))
        else:
            out.append((start, stop))
    return tuple(out)


def intersection(one: Spans, other: Spans) -> Spans:
    """Return the stretches that lie in both."""
    return merged((max(a, c), min(b, d)) for a, b in one for c, d in other)


def length(spans: Sequence[tuple[int, int]]) -> int:
    """Return the milliseconds that stretches in normal form hold."""
    return sum(stop - start for start, stop in spans)


def _takes_beats(listen: Listen, now: datetime) -> bool:
    if listen.state in {State.CLOSED, State.REFUSED}:
        return False
    return listen.ended_at is None or now - listen.ended_at < SETTLES_AFTER


def _after_beat(listen: Listen, beat: Beat, now: datetime) -> Listen:
    refusal = _impossible(listen, beat, now)
    if refusal is not None:
        return _refused(listen, refusal, beat, now)
    heard, credited_ms, oddities = _credited(listen, beat)
    if oddities > ODDITIES_ALLOWED:
        credited = replace(listen, heard=heard, credited_ms=credited_ms, oddities=oddities)
        return _refused(credited, Reason.FASTER_THAN_TIME, beat, now)
    return replace(
        listen,
        heard=heard,
        credited_ms=credited_ms,
        oddities=oddities,
        last_seq=beat.seq,
        last_at_ms=beat.at_ms,
        last_position_ms=beat.position_ms,
        playing=beat.state is Playing.PLAYING and not beat.muted,
        last_beat_at=now,
    )


def _impossible(listen: Listen, beat: Beat, now: datetime) -> Reason | None:
    # An ended listen's late heartbeats tell of the time before its end, not of now.
    until = min(now, listen.ended_at) if listen.ended_at is not None else now
    if beat.at_ms > milliseconds(until - listen.opened_at) + CLOCK_TOLERANCE_MS:
        return Reason.FROM_THE_FUTURE
    if beat.at_ms < listen.last_at_ms:
        return Reason.CLOCK_WENT_BACK
    if beat.position_ms > listen.track.duration_ms + CLOCK_TOLERANCE_MS:
        return Reason.BEYOND_THE_END
    return None


def _credited(listen: Listen, beat: Beat) -> tuple[Spans, int, int]:
    """Return what was heard, how much was credited and how many oddities there are, after a heartbeat."""
    moved = beat.position_ms - listen.last_position_ms
    if not listen.playing or moved <= 0:
        return listen.heard, listen.credited_ms, listen.oddities
    passed = beat.at_ms - listen.last_at_ms
    in_step = moved <= _at_pace(passed) + PACE_SLACK_MS
    in_all = listen.credited_ms + moved <= _at_pace(beat.at_ms) + BUDGET_SLACK_MS
    if in_step and in_all:
        stop = min(beat.position_ms, listen.track.duration_ms)
        heard = merged([*listen.heard, (listen.last_position_ms, stop)])
        return heard, listen.credited_ms + moved, listen.oddities
    # A seek says so itself; a jump that does not is either a player's defect or a forged heartbeat.
    return listen.heard, listen.credited_ms, listen.oddities + (beat.state is not Playing.SEEKING)


def _at_pace(passed_ms: int) -> int:
    return passed_ms * _PACE_PER_MILLE // 1_000


def _refused(listen: Listen, reason: Reason, beat: Beat, now: datetime) -> Listen:
    if listen.state in PROVEN:  # what was proven stays; the rest of it is not believed
        return replace(listen, live=False, ended_at=listen.ended_at or now, reason=reason, last_seq=beat.seq)
    return replace(
        listen, state=State.REFUSED, live=False, ended_at=listen.ended_at or now, reason=reason, last_seq=beat.seq
    )


def milliseconds(span: timedelta) -> int:
    """Return a time span in whole milliseconds."""
    return span // timedelta(milliseconds=1)
