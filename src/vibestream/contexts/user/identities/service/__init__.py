"""Signing in with an account at another issuer, and connecting it.

An account elsewhere is known by its issuer and subject, never by an address: an address is what somebody claims. It lets
in whom it is connected with, and asks for the second factor of whoever has one.
"""

from vibestream.contexts.user.identities.domain.errors import (
    AddressNotProved,
    AnotherAccount,
    AnswerRefused,
    CannotProve,
    Declined,
    IdentitiesFull,
    IdentityMissing,
    IdentityTaken,
    IssuerUnavailable,
    LastWayIn,
    NothingWaiting,
    ProviderMissing,
    RequestExpired,
)
from vibestream.contexts.user.identities.domain.values import REQUEST_GOOD_FOR, WAITING_GOOD_FOR, Identity
from vibestream.contexts.user.identities.gateway import Answer
from vibestream.contexts.user.identities.service.answering import Answered, Proved, ToConnect, answer
from vibestream.contexts.user.identities.service.asking import Provider, Proving, Sent, providers, send
from vibestream.contexts.user.identities.service.connecting import Newcomer, connect, make_account, newcomer
from vibestream.contexts.user.identities.service.linking import connected, link, remove, remove_since
from vibestream.contexts.user.identities.service.proving import proving_issuers

__all__ = [
    "REQUEST_GOOD_FOR",
    "WAITING_GOOD_FOR",
    "AddressNotProved",
    "AnotherAccount",
    "Answer",
    "AnswerRefused",
    "Answered",
    "CannotProve",
    "Declined",
    "IdentitiesFull",
    "Identity",
    "IdentityMissing",
    "IdentityTaken",
    "IssuerUnavailable",
    "LastWayIn",
    "Newcomer",
    "NothingWaiting",
    "Proved",
    "Provider",
    "ProviderMissing",
    "Proving",
    "RequestExpired",
    "Sent",
    "ToConnect",
    "answer",
    "connect",
    "connected",
    "link",
    "make_account",
    "newcomer",
    "providers",
    "proving_issuers",
    "remove",
    "remove_since",
    "send",
]
