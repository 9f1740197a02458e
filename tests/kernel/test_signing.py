"""Keys are read, named and shown as the RFCs say, and what they signed is known again."""

from __future__ import annotations

import base64

import pytest

from vibestream.kernel.signing import KEY_BYTES, KeyMalformed, PublicKey, SigningKey, from_base64url, to_base64url

# RFC 8037, appendix A.1 to A.3: a private key, its public key, and that one's thumbprint.
RFC_PRIVATE = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
RFC_PUBLIC = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
RFC_THUMBPRINT = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_keys_are_those_of_the_rfc():
    key = SigningKey.parse(RFC_PRIVATE)
    assert key.public.text == RFC_PUBLIC
    assert key.public.key_id == RFC_THUMBPRINT
    assert key.public.jwk() == {
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": RFC_THUMBPRINT, "x": RFC_PUBLIC,
    }  # fmt: skip
    # RFC 8032, section 7.1, test 1: the same key signs the empty message.
    assert key.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "*" * 43,
        base64.urlsafe_b64encode(bytes(31)).decode(),
        "A" * 43 + "é",
        "ñ" * 43,
        "A" * 42,
        "A" * 44,
        "=" * 43,
    ],
)
def test_what_is_not_a_key_is_refused(text: str):
    with pytest.raises(KeyMalformed):
        from_base64url(text, length=KEY_BYTES)


def test_a_private_key_is_never_shown():
    assert RFC_PRIVATE not in repr(SigningKey.parse(RFC_PRIVATE))
    assert from_base64url(RFC_PRIVATE, length=KEY_BYTES).hex() not in repr(SigningKey.parse(RFC_PRIVATE))


def test_a_signature_is_of_these_bytes_by_this_key_and_whole():
    key, other = SigningKey.parse(RFC_PRIVATE), SigningKey.parse("A" * 43)
    signature = key.sign(b"a line\n")

    assert PublicKey.parse(RFC_PUBLIC).has_signed(b"a line\n", signature)
    assert not key.public.has_signed(b"a line", signature)
    assert not other.public.has_signed(b"a line\n", signature)
    assert not key.public.has_signed(b"a line\n", signature[:-1])
    assert not key.public.has_signed(b"a line\n", b"")
    assert PublicKey.parse(to_base64url(key.public.raw)) == key.public
