"""The certificates that PayPal signs webhooks with: fetched only from PayPal, proven to be PayPal's, and kept.

The address comes from the sender of the webhook, so it is the first thing to doubt: https, one of PayPal's own API hosts of
the environment that we work in, the path of its certificates, no port, no credentials, no redirect. What is there must be a
chain to an authority that the system trusts, valid now, for a name of paypal.com.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from vibestream.contexts.payment.gateways.gateway.signatures import refused
from vibestream.contexts.payment.gateways.gateway.wire import Wire

_REAL: Final = re.compile(r"https://api(?:-m)?\.paypal\.com/v1/notifications/certs/[A-Za-z0-9-]{1,200}")
_SANDBOX: Final = re.compile(r"https://api(?:-m)?\.sandbox\.paypal\.com/v1/notifications/certs/[A-Za-z0-9-]{1,200}")
_DOMAIN: Final = "paypal.com"
_KEPT_FOR: Final = timedelta(hours=24)
_MOST_KEPT: Final = 16
_LARGEST: Final = 64 * 1024
_AT_ONCE: Final = 2
"""Fetches: whoever sends forged webhooks must not make us call PayPal for each of them at once."""


@dataclass(frozen=True, slots=True)
class _Kept:
    key: RSAPublicKey
    not_before: datetime
    until: datetime


class Certificates:
    """Certificates by their address. `authority`: that of a stand-in, which is then the only one believed."""

    def __init__(self, wire: Wire, *, authority: str | None = None) -> None:
        self._wire = wire
        self._stand_in = authority is not None
        self._roots = Store(_roots(authority))
        self._kept: dict[str, _Kept] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def key_at(self, url: str, *, now: datetime) -> RSAPublicKey:
        """Return the key of the certificate at an address.

        Raises:
            WebhookRefused: the address is not PayPal's, or what is there is not its certificate, or not valid now.
            GatewayUnavailable: it cannot be fetched now.
        """
        if not self._is_theirs(url):
            raise refused("certificate", "The webhook's certificate is not at an address of PayPal.")
        async with self._turns:
            kept = self._kept.get(url)
            if kept is None or not kept.not_before <= now <= kept.until:
                self._kept.pop(url, None)
                kept = self._verified(await self._wire.fetch(url, largest=_LARGEST), now=now)
                while len(self._kept) >= _MOST_KEPT:
                    self._kept.pop(next(iter(self._kept)))
                self._kept[url] = kept
        return kept.key

    def _is_theirs(self, url: str) -> bool:
        if self._stand_in:
            rest = url.removeprefix(f"{self._wire.base}/")
            return rest != url and re.fullmatch(r"[A-Za-z0-9/_-]{1,200}", rest) is not None
        return (_SANDBOX if ".sandbox." in self._wire.host else _REAL).fullmatch(url) is not None

    def _verified(self, pem: bytes, *, now: datetime) -> _Kept:
        try:
            leaf, *others = x509.load_pem_x509_certificates(pem)
            name = self._name(leaf)
            chain = PolicyBuilder().store(self._roots).time(now).build_server_verifier(name).verify(leaf, others)
        except (ValueError, x509.ExtensionNotFound, VerificationError) as error:
            raise refused("certificate", "The webhook's certificate is not one of PayPal's.") from error
        key = leaf.public_key()
        if not isinstance(key, RSAPublicKey):
            raise refused("certificate", "The webhook's certificate has no RSA key.")
        ends = min([now + _KEPT_FOR, *(one.not_valid_after_utc for one in chain)])
        return _Kept(key, max(one.not_valid_before_utc for one in chain), ends)

    def _name(self, leaf: x509.Certificate) -> x509.DNSName:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(
            x509.DNSName
        )
        for name in names:
            if self._stand_in or name == _DOMAIN or name.endswith(f".{_DOMAIN}"):
                return x509.DNSName(name)
        raise ValueError("a certificate for somebody else")


def _roots(authority: str | None) -> list[x509.Certificate]:
    if authority is not None:
        return x509.load_pem_x509_certificates(authority.encode())
    trusted = httpx.create_ssl_context().get_ca_certs(binary_form=True)  # the ones that our connections trust
    return [x509.load_der_x509_certificate(one) for one in trusted]
