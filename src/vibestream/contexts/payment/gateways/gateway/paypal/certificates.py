"""The certificates that PayPal signs webhooks with: fetched only from PayPal, proven to be PayPal's, and kept.

The address comes from the sender of the webhook, so it is the first thing to doubt: https, one of PayPal's own API hosts of
the environment that we work in, the path of its certificates, no port, no credentials, no redirect. What is there must be a
chain to an authority that the system trusts, valid now, for a name of paypal.com.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Final

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.contexts.payment.gateways.gateway.certainty import unavailable
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
_MOST_WAITING: Final = 16
"""Deliveries that may wait for a fetch; PayPal sends the ones beyond again. Those whose certificate is kept never wait."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A key that is PayPal's, and when it is believed without looking again."""

    key: RSAPublicKey
    not_before: datetime
    until: datetime


class Certificates:
    """Certificates by their address. `authority`: that of a stand-in, which is then the only one believed."""

    def __init__(self, wire: Wire, *, authority: str | None = None) -> None:
        self._wire = wire
        self._authority = authority
        self._kept: dict[str, Proven] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def key_at(self, url: str, *, now: datetime) -> RSAPublicKey:
        """Return the key of the certificate at an address.

        Raises:
            WebhookRefused: the address is not PayPal's, or what is there is not its certificate, or not valid now.
            GatewayUnavailable: it cannot be fetched now.
        """
        if not self._is_theirs(url):
            raise refused("certificate", "The webhook's certificate is not at an address of PayPal.")
        found = self._valid(url, now)
        if found is None and self._waiting >= _MOST_WAITING:
            raise unavailable(GatewayName.PAYPAL, "too many certificates are wanted at once")
        if found is None:
            self._waiting += 1
            try:
                async with self._turns:
                    found = self._valid(url, now) or await self._fetched(url, now)
            finally:
                self._waiting -= 1
        return found.key

    def _valid(self, url: str, now: datetime) -> Proven | None:
        kept = self._kept.get(url)
        return kept if kept is not None and kept.not_before <= now <= kept.until else None

    async def _fetched(self, url: str, now: datetime) -> Proven:
        pem = await self._wire.fetch(url, largest=_LARGEST)
        domain = _DOMAIN if self._authority is None else None
        found = proven(pem, roots=self._roots, domain=domain, now=now)
        self._kept.pop(url, None)
        while len(self._kept) >= _MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[url] = found
        return found

    @cached_property
    def _roots(self) -> Store:
        return _roots(self._authority)  # when it is first needed: the system's are read from a file of a megabyte

    def _is_theirs(self, url: str) -> bool:
        if self._authority is not None:
            rest = url.removeprefix(f"{self._wire.base}/")
            return rest != url and re.fullmatch(r"[A-Za-z0-9/_-]{1,200}", rest) is not None
        return (_SANDBOX if ".sandbox." in self._wire.host else _REAL).fullmatch(url) is not None


def proven(pem: bytes, *, roots: Store, domain: str | None, now: datetime) -> Proven:
    """Return the key of a certificate that comes with the chain to one of the roots.

    `domain`: whose name the certificate must be for; None: anybody's, for a stand-in whose authority signs nothing else.

    Raises:
        WebhookRefused: it is no certificate, not of the domain, not valid now, or its chain leads nowhere.
    """
    try:
        leaf, *others = x509.load_pem_x509_certificates(pem)
        verifier = PolicyBuilder().store(roots).time(now).build_server_verifier(_name(leaf, domain))
        chain = verifier.verify(leaf, others)
    except (ValueError, x509.ExtensionNotFound, VerificationError) as error:
        raise refused("certificate", "The webhook's certificate is not one of PayPal's.") from error
    key = leaf.public_key()
    if not isinstance(key, RSAPublicKey):
        raise refused("certificate", "The webhook's certificate has no RSA key.")
    ends = min([now + _KEPT_FOR, *(one.not_valid_after_utc for one in chain)])
    return Proven(key, max(one.not_valid_before_utc for one in chain), ends)


def _name(leaf: x509.Certificate, domain: str | None) -> x509.DNSName:
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    for name in names.get_values_for_type(x509.DNSName):
        if domain is None or name == domain or name.endswith(f".{domain}"):
            return x509.DNSName(name)
    raise ValueError("a certificate for somebody else")


def _roots(authority: str | None) -> Store:
    """Return whom to believe: the stand-in's authority alone, or the ones that our connections trust."""
    if authority is not None:
        return Store(x509.load_pem_x509_certificates(authority.encode()))
    return Store(list(_readable(httpx.create_ssl_context().get_ca_certs(binary_form=True))))


def _readable(roots: Iterable[bytes]) -> Iterator[x509.Certificate]:
    """Yield the roots that RFC 5280 allows; one that it does not, such as for its serial number, is trusted by nobody here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", CryptographyDeprecationWarning)
        for root in roots:
            with contextlib.suppress(ValueError, CryptographyDeprecationWarning):
                yield x509.load_der_x509_certificate(root)
