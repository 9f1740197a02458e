"""What the user context announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from vibestream.kernel.events import Event
from vibestream.kernel.ids import ArtistId, ReleaseId, UserId


@dataclass(frozen=True, kw_only=True)
class ArtistProfileCreated(Event):
    """An account became an artist, or made one more artist profile."""

    type: ClassVar[str] = "vibestream.user.artist_profile_created"
    personal: ClassVar[tuple[str, ...]] = ("name", "handle")

    artist_id: ArtistId
    user_id: UserId
    name: str
    handle: str

    @property
    def key(self) -> str:
        """The artist."""
        return str(self.artist_id)


@dataclass(frozen=True, kw_only=True)
class ArtistProfileChanged(Event):
    """An artist profile has another name or handle; carries both as they are now."""

    type: ClassVar[str] = "vibestream.user.artist_profile_changed"
    personal: ClassVar[tuple[str, ...]] = ("name", "handle")

    artist_id: ArtistId
    user_id: UserId
    name: str
    handle: str

    @property
    def key(self) -> str:
        """The artist."""
        return str(self.artist_id)


@dataclass(frozen=True, kw_only=True)
class EnteredFromNewDevice(Event):
    """Somebody signed in to an account with a browser or from a network that it was not entered from before.

    Announced so that its owner is told. Not announced for an account's first session.
    """

    type: ClassVar[str] = "vibestream.user.entered_from_new_device"
    personal: ClassVar[tuple[str, ...]] = ("device", "network")

    user_id: UserId
    device: str
    """A few words such as `Firefox on Linux`; empty when the browser is unknown."""
    network: str
    """The coarse network, such as `192.0.2.0/24`; empty when it is unknown."""

    @property
    def key(self) -> str:
        """Order the news of one account."""
        return str(self.user_id)


@dataclass(frozen=True, kw_only=True)
class AppTokenReplayed(Event):
    """A code or token of an app that is good once was shown again, or with the wrong proof: somebody else may have it.

    Everything that the app was given by that grant is revoked. Announced so that the account's owner is told.
    """

    type: ClassVar[str] = "vibestream.user.app_token_replayed"

    user_id: UserId
    client_id: UUID

    @property
    def key(self) -> str:
        """Order the news of one account."""
        return str(self.user_id)


@dataclass(frozen=True, kw_only=True)
class EmailChanged(Event):
    """An account has another address, or, `restored`, the one again that it had before a change that was undone.

    Announced so that its owner is told, and that nothing is paid out for a while: whoever takes an account over changes
    this first. It carries no address.
    """

    type: ClassVar[str] = "vibestream.user.email_changed"

    user_id: UserId
    restored: bool

    @property
    def key(self) -> str:
        """Order the news of one account."""
        return str(self.user_id)


@dataclass(frozen=True, kw_only=True)
class RoleChanged(Event):
    """An admin gave somebody a role, or took it. Announced so that they are told."""

    type: ClassVar[str] = "vibestream.user.role_changed"

    user_id: UserId
    role: str
    """`artist`, `label`, `moderator`, `finance` or `admin`."""
    granted: bool

    @property
    def key(self) -> str:
        """Order the news of one account."""
        return str(self.user_id)


@dataclass(frozen=True, kw_only=True)
class AccountLockChanged(Event):
    """An admin locked somebody's account, or unlocked it. Announced so that they are told, and why."""

    type: ClassVar[str] = "vibestream.user.account_lock_changed"

    user_id: UserId
    reason: str
    """`compromised`, `abuse`, `fraud`, `legal` or `owner`; empty when it was unlocked."""
    locked: bool

    @property
    def key(self) -> str:
        """Order the news of one account."""
        return str(self.user_id)


@dataclass(frozen=True, kw_only=True)
class ReleaseCondemned(Event):
    """A moderator decided that a release that was reported must go. Announced so that music takes it down."""

    type: ClassVar[str] = "vibestream.user.release_condemned"

    release_id: ReleaseId
    owner_user_id: UserId
    decided_by: UserId

    @property
    def key(self) -> str:
        """The release."""
        return str(self.release_id)


@dataclass(frozen=True, kw_only=True)
class MailBounced(Event):
    """A server said that there is no mailbox of the address that somebody has; it is not written to any more."""

    type: ClassVar[str] = "vibestream.user.mail_bounced"

    user_id: UserId

    @property
    def key(self) -> str:
        """Order the news of one account."""
        return str(self.user_id)
