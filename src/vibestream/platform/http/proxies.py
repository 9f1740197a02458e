"""Who really called, when a proxy stands in between.

`X-Forwarded-For` is a claim that anybody can make. It is believed only as far as it was written by proxies of ours:
read from the right, each entry was added by the hop after it, so the first entry that is not one of our own networks is
the caller. `X-Forwarded-Proto` is believed only from a direct neighbour that is one of ours.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final, Self

from starlette.datastructures import Headers
from starlette.types import Scope

from vibestream.kernel.errors import InvalidInput

_MOST_HOPS: Final = 32

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class InvalidProxies(InvalidInput):
    """VIBESTREAM_TRUSTED_PROXIES is not a comma-separated list of networks such as 10.0.0.0/8."""

    code = "settings.invalid_proxies"


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The networks whose word about a caller is taken."""

    networks: tuple[Network, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a comma-separated list of networks; an address alone is a network of one.

        Raises:
            InvalidProxies: an entry is not a network.
        """
        try:
            return cls(tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()))
        except ValueError as error:
            raise InvalidProxies(f"VIBESTREAM_TRUSTED_PROXIES: {error}.") from None

    def resolve(self, scope: Scope) -> None:
        """Put the caller's real address and scheme into the scope."""
        if not self.networks or scope.get("client") is None:
            return
        peer = _address(scope["client"][0])
        if peer is None or not self._ours(peer):
            return
        headers = Headers(scope=scope)
        caller = self._caller(",".join(headers.getlist("x-forwarded-for")), peer)
        if caller != peer:
            scope["client"] = (str(caller), 0)
        scheme = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
        if scheme in {"http", "https"}:
            scope["scheme"] = scheme

    def _caller(self, forwarded: str, peer: Address) -> Address:
        caller = peer
        for hop in reversed(forwarded.split(",")[-_MOST_HOPS:]):
            address = _address(hop.strip())
            if address is None:  # whoever wrote this is not to be believed any further
                break
            caller = address
            if not self._ours(address):
                break
        return caller

    def _ours(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def _address(text: str) -> Address | None:
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address
