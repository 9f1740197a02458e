"""The keys of this deployment that exports are signed and believed with."""

from __future__ import annotations

from vibestream.contexts.user.exports.domain.exports import KeyMissing
from vibestream.kernel.signing import PublicKey, SigningKey
from vibestream.platform.config import Settings


def signing_key(settings: Settings) -> SigningKey:
    """Return the key that exports are signed with.

    Raises:
        KeyMissing: production was given none.
        KeyMalformed: what it was given is no key.
    """
    text = settings.export_signing_key()
    if text is None:
        raise KeyMissing
    return SigningKey.parse(text)


def trusted_keys(settings: Settings) -> tuple[PublicKey, ...]:
    """Return the public keys whose exports are this deployment's: the present one first, then the earlier ones.

    Raises:
        KeyMalformed: the settings list something that is no key.
    """
    text = settings.export_signing_key()
    present = () if text is None else (SigningKey.parse(text).public,)
    earlier = tuple(PublicKey.parse(one) for one in settings.earlier_export_keys)
    return tuple(dict.fromkeys((*present, *earlier)))
