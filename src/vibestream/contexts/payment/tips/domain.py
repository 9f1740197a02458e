"""Tips: bounds, the platform's share, and who gives back how much."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from vibestream.kernel.errors import Forbidden, InvalidInput
from vibestream.kernel.ids import ArtistId, HoldId, PaymentId, TipId, UserId
from vibestream.kernel.money import Money, allocate

MESSAGE_CHARACTERS: Final = 280
_LARGE_BP: Final = 2_000
"""Of the most that a tip may be: from there on, whoever gives it out of a wallet shows first that it is them."""


class TipOutOfBounds(InvalidInput):
    """Too little or too much, or in a currency that tips are not given in."""

    code: ClassVar[str] = "tips.out_of_bounds"


class TipToOneself(Forbidden):
    """Nobody tips themselves."""

    code: ClassVar[str] = "tips.to_oneself"


class PayWith(enum.StrEnum):
    """How a tip is paid."""

    WALLET = "wallet"
    GATEWAY = "gateway"
    WALLET_THEN_GATEWAY = "wallet_then_gateway"
    """As much as there is from the wallet, the rest by a gateway."""


class TipState(enum.StrEnum):
    """How a tip stands."""

    WAITING = "waiting"
    """For its payment."""
    PAID = "paid"
    ABANDONED = "abandoned"
    RETURNED = "returned"
    """All of it went back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TipPolicy:
    """The bounds of a tip in one currency, and what the platform keeps."""

    minimum: Money
    maximum: Money
    platform_share_bp: int

    @property
    def large_from(self) -> Money:
        """From here on a tip that a wallet pays wants a proof of who gives it: a session alone may be a thief's."""
        return self.maximum.share(rate_bp=_LARGE_BP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """What a fan gave an artist."""

    tip_id: TipId
    from_user: UserId
    artist_id: ArtistId
    payee: UserId
    """The account that the artist's earnings belong to."""
    amount: Money
    platform_share: Money
    message: str
    state: TipState
    from_wallet: Money
    payment_id: PaymentId | None
    hold_id: HoldId | None
    returned: Money
    made_at: datetime
    paid_at: datetime | None

    @property
    def earned(self) -> Money:
        """What of it is the artist's."""
        return self.amount - self.platform_share

    @property
    def left(self) -> Money:
        """What of it did not go back."""
        return self.amount - self.returned


def require_tip(amount: Money, *, policy: TipPolicy | None, from_user: UserId, payee: UserId) -> Money:
    """Return what the platform keeps of a tip that may be given.

    Raises:
        TipToOneself: it would be.
        TipOutOfBounds: says what is taken.
    """
    if from_user == payee:
        raise TipToOneself("This artist is you.")
    if policy is None:
        raise TipOutOfBounds(f"Tips are not given in {amount.currency.code}.")
    if not policy.minimum <= amount <= policy.maximum:
        raise TipOutOfBounds(f"A tip is between {policy.minimum} and {policy.maximum}.")
    return amount.share(rate_bp=policy.platform_share_bp)


def give_back(tip: Tip, amount: Money) -> tuple[Money, Money]:
    """Return what artist and platform give back when some of a tip goes back: each as it had gained.

    Reckoned on the sum of all that went back so far, so that many small parts give back what one large one does, and a
    whole tip exactly what each had gained.

    Args:
        tip: as it stands before.
        amount: at most what is left of it.
    """
    before, after = _artists_of(tip, tip.returned), _artists_of(tip, tip.returned + amount)
    artist = after - before
    return artist, amount - artist


def _artists_of(tip: Tip, returned: Money) -> Money:
    return allocate(returned, [tip.earned.minor, tip.platform_share.minor])[0]
