"""The public interface of tips.

policies, register_artist, payee_of  what may be given, and to whom it belongs
wants_proof, send                 a fan gives
settle, abandon, take_back, refund  what becomes of it
sent, received                    both sides' lists
"""

from vibestream.contexts.payment.tips.domain import (
    MESSAGE_CHARACTERS,
    PayWith,
    Tip,
    TipOutOfBounds,
    TipPolicy,
    TipState,
    TipToOneself,
)
from vibestream.contexts.payment.tips.service.giving import (
    ArtistUnknown,
    Given,
    Payer,
    TipKeyReused,
    payee_of,
    policies,
    received,
    register_artist,
    send,
    sent,
    wants_proof,
)
from vibestream.contexts.payment.tips.service.returning import NotReturnable, TipMissing, refund, restore, take_back
from vibestream.contexts.payment.tips.service.settling import abandon, settle

__all__ = [
    "MESSAGE_CHARACTERS",
    "ArtistUnknown",
    "Given",
    "NotReturnable",
    "PayWith",
    "Payer",
    "Tip",
    "TipKeyReused",
    "TipMissing",
    "TipOutOfBounds",
    "TipPolicy",
    "TipState",
    "TipToOneself",
    "abandon",
    "payee_of",
    "policies",
    "received",
    "refund",
    "register_artist",
    "restore",
    "send",
    "sent",
    "settle",
    "take_back",
    "wants_proof",
]
