"""An address opens one asset, for whom it was signed, until it expires; anything else opens nothing."""

from __future__ import annotations

import hashlib
import hmac
import string
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.music.delivery.domain.links import (
    PUBLIC_TTL_S,
    Grant,
    Keyring,
    LinkExpired,
    LinkForged,
    SigningKey,
    ToAnybody,
    ToListen,
    ToOwner,
    expiry,
    sign,
    verify,
)
from vibestream.kernel.ids import ListenId, TrackId, UserId, new_id

KEYS = Keyring.of(b"s" * 32)
NOON = 1_772_366_400
EXPIRES = NOON + 7 * 3600
PREFIX = f"a/{'0' * 64}/"
GRANTS: list[Grant] = [
    ToAnybody(),
    ToListen(ListenId(new_id()), TrackId(new_id())),
    ToOwner(UserId(new_id()), TrackId(new_id())),
]


@pytest.mark.parametrize("grant", GRANTS, ids=["anybody", "listen", "owner"])
def test_what_was_granted_is_read_back_until_it_expires(grant: Grant):
    token = sign(KEYS, prefix=PREFIX, grant=grant, expires=EXPIRES)

    assert verify(KEYS, token, prefix=PREFIX, now_s=EXPIRES - 1) == grant
    with pytest.raises(LinkExpired):
        verify(KEYS, token, prefix=PREFIX, now_s=EXPIRES)


def test_the_signature_is_the_documented_hmac():
    # Computed here by hand from the description, so that an edge in another language can do the same.
    secret = hmac.digest(b"s" * 32, b"vibestream delivery link v1", "sha256")
    key_id = KEYS.current.key_id
    message = f"{EXPIRES}\n{key_id}\np\n{PREFIX}".encode()
    signature = urlsafe_b64encode(hmac.new(secret, message, hashlib.sha256).digest()).decode().rstrip("=")

    token = sign(KEYS, prefix=PREFIX, grant=ToAnybody(), expires=EXPIRES)

    assert token == f"{EXPIRES}.{key_id}.p.{signature}"


def test_an_address_of_one_asset_opens_no_other():
    token = sign(KEYS, prefix=PREFIX, grant=ToAnybody(), expires=EXPIRES)

    for other in (f"a/{'0' * 63}1/", "a/", "", PREFIX[:-1], PREFIX + "aac-160/", f"b/{'0' * 64}/"):
        with pytest.raises(LinkForged):
            verify(KEYS, token, prefix=other, now_s=NOON)


@given(st.integers(0, 400), st.sampled_from(string.ascii_letters + string.digits + "._-~= \n"))
def test_changing_any_character_of_a_token_makes_it_a_forgery(place: int, char: str):
    token = sign(KEYS, prefix=PREFIX, grant=GRANTS[1], expires=EXPIRES)
    place %= len(token)
    changed = token[:place] + char + token[place + 1 :]

    if changed != token:
        with pytest.raises(LinkForged):
            verify(KEYS, changed, prefix=PREFIX, now_s=NOON)


@given(st.text())
def test_nonsense_is_a_forgery(token: str):
    with pytest.raises(LinkForged):
        verify(KEYS, token, prefix=PREFIX, now_s=NOON)


def test_parts_of_two_tokens_do_not_make_a_third():
    public = sign(KEYS, prefix=PREFIX, grant=ToAnybody(), expires=EXPIRES).split(".")
    owner = sign(KEYS, prefix=PREFIX, grant=GRANTS[2], expires=EXPIRES).split(".")
    later = sign(KEYS, prefix=PREFIX, grant=ToAnybody(), expires=EXPIRES + 3600).split(".")

    for mixed in ([*owner[:3], public[3]], [*public[:3], owner[3]], [later[0], *public[1:]]):
        with pytest.raises(LinkForged):
            verify(KEYS, ".".join(mixed), prefix=PREFIX, now_s=NOON)


def test_keys_are_changed_without_breaking_addresses_in_use():
    old, new = b"o" * 32, b"n" * 32
    before, announced, during, after = (
        Keyring.of(old),
        Keyring.of(old, new),
        Keyring.of(new, old),
        Keyring.of(new),
    )
    by_old = sign(before, prefix=PREFIX, grant=ToAnybody(), expires=EXPIRES)
    by_new = sign(during, prefix=PREFIX, grant=ToAnybody(), expires=EXPIRES)

    for keyring in (announced, during):
        assert verify(keyring, by_old, prefix=PREFIX, now_s=NOON) == ToAnybody()
        assert verify(keyring, by_new, prefix=PREFIX, now_s=NOON) == ToAnybody()
    with pytest.raises(LinkForged):
        verify(before, by_new, prefix=PREFIX, now_s=NOON)
    with pytest.raises(LinkForged):
        verify(after, by_old, prefix=PREFIX, now_s=NOON)


def test_a_key_id_does_not_vouch_for_a_key():
    evil = SigningKey(KEYS.current.key_id, b"e" * 32)
    forged = sign(Keyring(evil, {}), prefix=PREFIX, grant=ToAnybody(), expires=EXPIRES)

    with pytest.raises(LinkForged):
        verify(KEYS, forged, prefix=PREFIX, now_s=NOON)


def test_the_key_of_addresses_is_not_the_deployments_secret():
    assert KEYS.current.secret != b"s" * 32
    assert SigningKey.derive(b"t" * 32).key_id != KEYS.current.key_id


@given(st.integers(NOON, NOON + 86_400))
def test_an_address_expires_at_a_whole_hour_and_lives_six_to_seven(now_s: int):
    expires = expiry(now_s=now_s, ttl_s=PUBLIC_TTL_S)

    assert expires % 3600 == 0
    assert 6 * 3600 <= expires - now_s < 7 * 3600


def test_whoever_asks_within_one_hour_gets_the_same_address():
    tokens = {
        sign(KEYS, prefix=PREFIX, grant=ToAnybody(), expires=expiry(now_s=NOON + second, ttl_s=PUBLIC_TTL_S))
        for second in (1, 1800, 3599, 3600)
    }

    assert len(tokens) == 1
