"""What the listen_reward context announces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from vibestream.kernel.events import Event
from vibestream.kernel.ids import ArtistId, HeldCaseId, ListenId, RewardId, TrackId, UserId
from vibestream.kernel.money import Money


@dataclass(frozen=True, kw_only=True)
class ListenAccepted(Event):
    """A listen counts: enough distinct audio was heard, at the pace of time."""

    type: ClassVar[str] = "vibestream.listen_reward.listen_accepted"

    listen_id: ListenId
    user_id: UserId
    track_id: TrackId
    artist_id: ArtistId
    owner_user_id: UserId
    heard_ms: int

    @property
    def key(self) -> str:
        """Order the news of one listener."""
        return str(self.user_id)


@dataclass(frozen=True, kw_only=True)
class ListensHeld(Event):
    """A listener's listens wait for a person from now on: told once for a case, whatever joins it later."""

    type: ClassVar[str] = "vibestream.listen_reward.listens_held"

    case_id: HeldCaseId
    user_id: UserId
    due_at: datetime

    @property
    def key(self) -> str:
        """Order the news of one listener."""
        return str(self.user_id)


@dataclass(frozen=True, kw_only=True)
class ListensDecided(Event):
    """A person decided about a case of held listens: they count from now on, or never."""

    type: ClassVar[str] = "vibestream.listen_reward.listens_decided"

    case_id: HeldCaseId
    user_id: UserId
    released: bool

    @property
    def key(self) -> str:
        """Order the news of one listener."""
        return str(self.user_id)


@dataclass(frozen=True, kw_only=True)
class RewardGranted(Event):
    """A listen earned an amount from its epoch's budget; payment owes it to the listener's wallet."""

    type: ClassVar[str] = "vibestream.listen_reward.reward_granted"

    reward_id: RewardId
    listen_id: ListenId
    user_id: UserId
    track_id: TrackId
    epoch: date
    amount: Money

    @property
    def key(self) -> str:
        """Order the news of one listener."""
        return str(self.user_id)
