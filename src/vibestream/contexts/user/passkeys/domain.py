"""What a browser is asked for, and what holds of its answer: pure decisions over Web Authentication.

Source: W3C Web Authentication Level 3, 7.1 (registration) and 7.2 (assertion); the parsing and the signatures are
py_webauthn's, the rules about challenge, owner, counter and copies are here.
"""

from __future__ import annotations

import enum
import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self
from urllib.parse import urlsplit
from uuid import UUID

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, options_to_json_dict
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from vibestream.kernel.ids import UserId

CHALLENGE_BYTES: Final = 32
CHALLENGE_GOOD_FOR: Final = timedelta(minutes=10)
"""A sign-in page offers passkeys while it is open, and asks for a new challenge before this has passed."""
MOST: Final = 20
"""Passkeys of one account."""
NAME_CHARACTERS: Final = 60

_TIMEOUT_MS: Final = 300_000
"""What people are given to find their phone. Source: Web Authentication Level 3, 15.1, recommended for a verified user."""
_LONGEST_ID: Final = 1023
_ALGORITHMS: Final = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
_UNREADABLE: Final = (WebAuthnException, ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What the library and the parsers under it raise for octets that an attacker chose."""
_RP_NAME: Final = "VibeStream"


class Purpose(enum.StrEnum):
    """What a challenge is answered for."""

    REGISTER = "register"
    SIGN_IN = "sign_in"
    STEP_UP = "step_up"


class AnswerRefusedError(Exception):
    """The answer of a browser does not hold; the message says why, for logs and tests and not for people."""


@dataclass(frozen=True, slots=True)
class Site:
    """To whom passkeys are shown: the origin of the pages, and the domain that keys are bound to."""

    origin: str
    rp_id: str

    @classmethod
    def at(cls, base_url: str) -> Self:
        """Return the site that people reach at an address, such as `https://music.example`."""
        parts = urlsplit(base_url)
        return cls(f"{parts.scheme}://{parts.netloc}", parts.hostname or "")

    @property
    def usable(self) -> bool:
        """Whether browsers make passkeys for it at all: it has a name and not only a number."""
        try:
            ipaddress.ip_address(self.rp_id)
        except ValueError:
            return bool(self.rp_id)
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A passkey of an account. `suspected_at`: its counter went backwards, and nothing is entered by it any more."""

    passkey_id: UUID
    user_id: UserId
    credential_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: UUID
    transports: list[str]
    backup_eligible: bool
    backed_up: bool
    name: str
    made_at: datetime
    used_at: datetime | None
    suspected_at: datetime | None


@dataclass(frozen=True, slots=True)
class Attested:
    """A new key, as its authenticator told of it."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    aaguid: UUID
    transports: list[str]
    backup_eligible: bool
    backed_up: bool


@dataclass(frozen=True, slots=True)
class Asserted:
    """What an authenticator told when it signed with a passkey."""

    passkey: Passkey
    sign_count: int
    backed_up: bool


def creation_options(
    site: Site, *, challenge: bytes, user_id: UserId, label: str, shown_name: str, known: Iterable[Passkey]
) -> dict[str, Any]:
    """Return what `navigator.credentials.create` wants: a discoverable key behind a finger, a face or a PIN.

    No attestation: which make of authenticator people own is not our business. Authenticators that hold a `known`
    passkey of the account are told not to make another.
    """
    options = generate_registration_options(
        rp_id=site.rp_id,
        rp_name=_RP_NAME,
        user_id=user_id.bytes,
        user_name=label,
        user_display_name=shown_name,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_described(known),
        supported_pub_key_algs=_ALGORITHMS,
    )
    return dict(options_to_json_dict(options))


def request_options(site: Site, *, challenge: bytes, known: Iterable[Passkey] = ()) -> dict[str, Any]:
    """Return what `navigator.credentials.get` wants; without `known` keys people choose among all they have for the site."""
    options = generate_authentication_options(
        rp_id=site.rp_id,
        challenge=challenge,
        timeout=_TIMEOUT_MS,
        allow_credentials=_described(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options_to_json_dict(options))


def challenge_in(answer: Mapping[str, Any]) -> bytes:
    """Return the challenge that an answer says to answer; nothing about it is verified yet.

    Raises:
        AnswerRefusedError: none can be read, or it was signed inside a page of somebody else.
    """
    try:
        told = json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"]))
        if told.get("crossOrigin", False) is not False:
            raise AnswerRefusedError("signed inside another site's page")
        return base64url_to_bytes(told["challenge"])
    except _UNREADABLE as error:
        raise AnswerRefusedError("unreadable client data") from error


def credential_in(answer: Mapping[str, Any]) -> bytes:
    """Return which key an answer says to be of; nothing about it is verified yet.

    Raises:
        AnswerRefusedError: none can be read.
    """
    try:
        return base64url_to_bytes(answer["rawId"])
    except _UNREADABLE as error:
        raise AnswerRefusedError("unreadable key id") from error


def attested(site: Site, answer: Mapping[str, Any], *, challenge: bytes) -> Attested:
    """Verify the answer to `creation_options`, and return the new key.

    Raises:
        AnswerRefusedError: another challenge, origin or domain, nobody verified, or not readable.
    """
    try:
        found = verify_registration_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
        if not 1 <= len(found.credential_id) <= _LONGEST_ID:
            raise AnswerRefusedError("a key id of a length that is none")
        return Attested(
            found.credential_id,
            found.credential_public_key,
            found.sign_count,
            UUID(found.aaguid),
            _transports(answer["response"].get("transports")),
            backup_eligible=found.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
            backed_up=found.credential_backed_up,
        )
    except _UNREADABLE as error:
        raise AnswerRefusedError(str(error)) from error


def asserted(
    site: Site, answer: Mapping[str, Any], *, challenge: bytes, passkey: Passkey | None, owner: UserId | None
) -> Asserted:
    """Verify the answer to `request_options` by a passkey, and return what its authenticator told.

    `passkey`: the one whose id the answer brings, if there is one. `owner`: whose it must be; None, when whoever shows
    one is let in. The counter is not judged here: see `went_backwards`.

    Raises:
        AnswerRefusedError: another challenge, origin, domain, owner or key, nobody verified, or not readable.
    """
    if passkey is None or passkey.suspected_at is not None or owner not in (None, passkey.user_id):
        raise AnswerRefusedError("no such key, or another's, or one that was copied")
    try:
        found = verify_authentication_response(
            credential=dict(answer),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        handle = answer["response"].get("userHandle")
        named = None if handle is None else base64url_to_bytes(handle)
    except _UNREADABLE as error:
        raise AnswerRefusedError(str(error)) from error
    if named is not None and named != passkey.user_id.bytes:
        raise AnswerRefusedError("the key names another owner")
    if (found.credential_device_type is CredentialDeviceType.MULTI_DEVICE) != passkey.backup_eligible:
        raise AnswerRefusedError("a key never changes whether it can be backed up")
    return Asserted(passkey, found.new_sign_count, found.credential_backed_up)


def names_owner(answer: Mapping[str, Any]) -> bool:
    """Say whether an answer names its owner, as every discoverable key does when nobody was asked for by name."""
    response = answer.get("response")
    return isinstance(response, Mapping) and isinstance(response.get("userHandle"), str)


def went_backwards(told: Asserted) -> bool:
    """Say whether the counter shows a copy of the key. Keys that are synchronised do not count, and always say 0."""
    before = told.passkey.sign_count
    return (told.sign_count > 0 or before > 0) and told.sign_count <= before


def shown_name(text: str) -> str | None:
    """Return a name for a passkey as it is kept: one line, trimmed; None when it is empty or longer than 60 characters."""
    name = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    return name if 1 <= len(name) <= NAME_CHARACTERS else None


def _described(known: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=one.credential_id, transports=[AuthenticatorTransport(name) for name in one.transports] or None
        )
        for one in known
    ]


def _transports(told: object) -> list[str]:
    known = {one.value for one in AuthenticatorTransport}
    return sorted({one for one in told if isinstance(one, str)} & known) if isinstance(told, list) else []
