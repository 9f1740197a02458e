"""ID tokens: one that is the answer to this request is believed, and everything that resembles one is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from vibestream.contexts.user.identities.domain.errors import AnswerRefused
from vibestream.contexts.user.identities.gateway import tokens

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NOW_S = 1_795_521_600
ISSUER = "https://login.example"
GOOD: dict[str, Any] = {
    "iss": ISSUER, "aud": "us", "sub": "ana", "nonce": "the nonce", "iat": NOW_S - 5, "exp": NOW_S + 300,
}  # fmt: skip


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


THEIRS, FOREIGN, CURVE = _rsa(), _rsa(), ec.generate_private_key(ec.SECP256R1())


def _private(key: Any, kid: str) -> Any:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kind = RSAKey if isinstance(key, rsa.RSAPrivateKey) else ECKey
    return kind.import_key(pem, {"kid": kid})


def _public(key: Any, kid: str) -> dict[str, Any]:
    return {**_private(key, kid).as_dict(private=False), "use": "sig"}


KEYS = tokens.read_keys({"keys": [_public(THEIRS, "one"), _public(CURVE, "two")]})


def signed(claims: dict[str, Any], *, key: Any = THEIRS, kid: str | None = "one", **header: Any) -> str:
    alg = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    named = {} if kid is None else {"kid": kid}
    return jwt.encode({"alg": alg, **named, **header}, claims, _private(key, "x"), algorithms=[alg])


def _part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read(token: str, *, keys: Any = KEYS, nonce: str = "the nonce") -> dict[str, Any]:
    return tokens.read_id_token(
        token, keys=keys, algorithms=("RS256", "ES256"), issuer=ISSUER, client_id="us", nonce=nonce, now=NOW
    )


@pytest.mark.parametrize(("key", "kid"), [(THEIRS, "one"), (CURVE, "two"), (THEIRS, None)])
def test_the_answer_to_this_request_is_believed(key: Any, kid: str | None):
    assert read(signed(GOOD, key=key, kid=kid)) == GOOD


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"iss": "https://evil.example"}, "issuer"),
        ({"iss": f"{ISSUER}/"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "them"}, "audience"),
        ({"aud": []}, "audience"),
        ({"aud": "us and more"}, "audience"),
        ({"aud": ["us", "them"]}, "authorized party"),
        ({"aud": ["us", "them"], "azp": "them"}, "authorized party"),
        ({"azp": "them"}, "authorized party"),
        ({"exp": NOW_S - 60}, "expiry"),
        ({"exp": None}, "expiry"),
        ({"exp": "9999999999"}, "expiry"),
        ({"exp": True}, "expiry"),
        ({"iat": NOW_S + 61}, "issued"),
        ({"iat": NOW_S - 3661}, "issued"),
        ({"iat": None}, "issued"),
        ({"nbf": NOW_S + 61}, "not before"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": ""}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"nonce": ["the nonce"]}, "nonce"),
        ({"sub": ""}, "subject"),
        ({"sub": 7}, "subject"),
        ({"sub": "a" * 256}, "subject"),
        ({"sub": "ana\n"}, "subject"),
    ],
)
def test_claims_that_are_not_for_this_request_are_refused(change: dict[str, Any], reason: str):
    claims = {name: value for name, value in (GOOD | change).items() if value is not None}
    with pytest.raises(AnswerRefused) as refused:
        read(signed(claims))
    assert refused.value.reason == reason


def test_clocks_may_differ_by_a_minute():
    late = GOOD | {"exp": NOW_S - 59, "iat": NOW_S + 60}
    assert read(signed(late)) == late


def test_two_audiences_are_right_when_we_are_the_authorized_party():
    both = GOOD | {"aud": ["us", "them"], "azp": "us"}
    assert read(signed(both)) == both


def _unsigned(alg: str) -> str:
    return f"{_part({'alg': alg, 'kid': 'one'})}.{_part(GOOD)}."


def _by_public_key() -> str:
    """Signed as by a shared secret, which is the public key that anybody can read."""
    pem = THEIRS.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = f"{_part({'alg': 'HS256', 'kid': 'one'})}.{_part(GOOD)}"
    return f"{head}.{_part(hmac.digest(pem, head.encode(), hashlib.sha256))}"


def _critical() -> str:
    """Signed as it should be, with an extension that whoever does not know it must refuse."""
    head = f"{_part({'alg': 'RS256', 'kid': 'one', 'crit': ['b64'], 'b64': False})}.{_part(GOOD)}"
    return f"{head}.{_part(THEIRS.sign(head.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _changed() -> str:
    head, _, signature = signed(GOOD).split(".")
    return f"{head}.{_part(GOOD | {'sub': 'mallory'})}.{signature}"


HOSTILE = {
    "none": (_unsigned("none"), "algorithm"),
    "None": (_unsigned("None"), "algorithm"),
    "HS256 by the public key": (_by_public_key(), "algorithm"),
    "RS512, which was not offered": (_unsigned("RS512"), "algorithm"),
    "PS256, which this issuer does not use": (_unsigned("PS256"), "algorithm"),
    "no algorithm": (f"{_part({'kid': 'one'})}.{_part(GOOD)}.", "algorithm"),
    "a list of algorithms": (f"{_part({'alg': ['RS256']})}.{_part(GOOD)}.", "algorithm"),
    "a foreign key under a known name": (signed(GOOD, key=FOREIGN), "signature"),
    "a key that it brings along": (signed(GOOD, key=FOREIGN, jwk=_public(FOREIGN, "one")), "signature"),
    "a key at an address": (signed(GOOD, key=FOREIGN, jku="https://evil.example/jwks"), "signature"),
    "an extension that must be understood": (_critical(), "signature"),
    "no signature": (_unsigned("RS256"), "signature"),
    "changed claims": (_changed(), "signature"),
    "another curve's": (signed(GOOD, key=ec.generate_private_key(ec.SECP256R1()), kid="two"), "signature"),
    "claims that are a list": (f"{_part({'alg': 'RS256', 'kid': 'one'})}.{_part([1])}.AAAA", "signature"),
    "nothing": ("", "not a token"),
    "a word": ("hello", "not a token"),
    "a list": (f"{_part([1])}.{_part(GOOD)}.", "not a token"),
    "letters beyond ASCII": ("é.é.é", "not a token"),
    "a megabyte": ("e" * 1_000_000, "not a token"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_the_issuer_did_not_sign_is_refused(kind: str):
    token, reason = HOSTILE[kind]
    with pytest.raises(AnswerRefused) as refused:
        read(token)
    assert refused.value.reason == reason


def test_a_key_that_is_not_known_yet_is_told_apart_and_two_that_fit_are_not_tried_in_turn():
    with pytest.raises(tokens.KeyUnknown):
        read(signed(GOOD, kid="three"))
    both = tokens.read_keys({"keys": [_public(THEIRS, "one"), _public(FOREIGN, "four")]})
    with pytest.raises(AnswerRefused) as refused:
        read(signed(GOOD, kid=None), keys=both)
    assert refused.value.reason == "names no key"


@pytest.mark.parametrize(
    "document",
    [
        None, [], {}, {"keys": []}, {"keys": "x"}, {"keys": [7]}, {"keys": [{"kty": "RSA"}]},
        {"keys": [{"kty": "oct", "k": "AAAA"}]}, {"keys": [{**_public(THEIRS, "one"), "use": "enc"}]},
    ],
)  # fmt: skip
def test_a_document_without_a_public_key_for_signatures_is_none(document: Any):
    with pytest.raises(ValueError, match="no keys"):
        tokens.read_keys(document)


def test_apples_secret_is_a_token_by_our_key_and_good_for_five_minutes():
    pem = CURVE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    made = tokens.apple_secret(pem=pem.replace("\n", "\\n"), key_id="K1", team_id="T1", client_id="us", now=NOW)
    read_back = jwt.decode(made, _private(CURVE, "x"), algorithms=["ES256"])
    assert read_back.header == {"typ": "JWT", "alg": "ES256", "kid": "K1"}
    assert read_back.claims == {
        "iss": "T1", "iat": NOW_S, "exp": NOW_S + 300, "aud": "https://appleid.apple.com", "sub": "us",
    }  # fmt: skip
