"""Asking parties outside without being led inside: every address is looked up here, judged, and connected to as judged.

A name that is looked up once to be judged and again to be connected to may answer differently the second time. Hence the
connection goes to the very address that was found good, while certificate and `Host` stay those of the name. Redirects are
not followed, proxies of the environment are not used, and answers are read up to a limit.

Source: OWASP ASVS 5.0, 1.3.6 and 15.3.2; RFC 6890 for what is not global; RFC 6052 and RFC 3056 for what hides in IPv6;
RFC 4291, 2.4 for where its global addresses are.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import socket
from typing import Any, Final

import httpx

_MOST_BYTES: Final = 256 * 1024
_OWN_NAMES: Final = (".localhost", ".local", ".internal", ".home.arpa")
"""Names that are never of the outside. Source: RFC 6761, RFC 6762, RFC 8375."""
_NUMBERS: Final = re.compile(r"(?:0x[0-9a-f]+|[0-9]+)(?:\.(?:0x[0-9a-f]+|[0-9]+)){0,3}", re.ASCII)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_6: Final = ipaddress.IPv6Network("2000::/3")
"""What else IPv6 has is of this machine, of a site (fec0::/10), or hides an IPv4 address in one of many ways."""
_NEVER: Final = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001:db8::/32", "3fff::/20")))
"""Of protocols and documentation: RFC 6890, RFC 7526, RFC 9637. Versions of Python differ in which of them are global."""
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class EgressRefused(httpx.RequestError):
    """The address leads to this machine or a private network, or is not https."""


class AnswerUnusable(httpx.RequestError):
    """What came back is too long, or no JSON object or list."""


def open_client(*, production: bool, timeout_s: float) -> httpx.AsyncClient:
    """Return a client that reaches the outside alone. Outside production this machine is let in, even without https.

    Whoever uses it meets `httpx.RequestError` for whatever goes wrong on the way, `EgressRefused` among them.
    """
    return httpx.AsyncClient(
        transport=_Guarded(production=production), timeout=timeout_s, follow_redirects=False, trust_env=False
    )


async def read_json(client: httpx.AsyncClient, request: httpx.Request) -> tuple[int, Any]:
    """Send a request and return the status and the JSON of its answer, of 256 KiB at most.

    Raises:
        AnswerUnusable: longer, or not JSON.
        httpx.RequestError: there is no answer, or the address is refused.
    """
    answer = await client.send(request, stream=True)
    try:
        body = b""
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > _MOST_BYTES:
                raise AnswerUnusable("the answer is too long", request=request)
    finally:
        await answer.aclose()
    try:
        return answer.status_code, json.loads(body)
    except (ValueError, RecursionError):
        raise AnswerUnusable("the answer is not JSON", request=request) from None


def is_outside(address: IpAddress) -> bool:
    """Say whether an address is a public one, whatever it is wrapped in."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if address.teredo is not None:
            return False
        if inner is not None:
            return is_outside(inner)
        if address not in _GLOBAL_6:
            return False
    return address.is_global and not address.is_multicast and not any(address in one for one in _NEVER)


def require_outside(url: str, *, production: bool) -> None:
    """Return when an address may lead outside, as far as can be seen without looking its name up; asking it looks again.

    Raises:
        EgressRefused: it is not https, or is an address of this machine or a private network, however it is written.
    """
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        raise EgressRefused("this is no address") from None
    host = parsed.host.rstrip(".").lower()
    address = _literal(host)
    if not production and (host == "localhost" or (address is not None and address.is_loopback)):
        return
    inside = not is_outside(address) if address is not None else host.endswith(_OWN_NAMES) or "." not in host
    if inside or parsed.scheme != "https":
        raise EgressRefused("the address is not outside")


def _literal(host: str) -> IpAddress | None:
    """Return the address that a host is, also in the shapes that only the system's resolver knows (`2130706433`, `0x7f.1`)."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host)) if _NUMBERS.fullmatch(host) else None
    except OSError:
        return None


class _Guarded(httpx.AsyncBaseTransport):
    """Looks names up, refuses what is not outside, and connects to what it has looked at."""

    def __init__(self, *, production: bool) -> None:
        self._production = production
        self._inner = httpx.AsyncHTTPTransport(retries=0)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to one of the addresses of its host, the first that answers."""
        addresses = await self._allowed(request)
        for number, address in enumerate(addresses, 1):
            pinned = httpx.Request(
                request.method,
                request.url.copy_with(host=str(address)),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": request.url.host},
            )
            try:
                return await self._inner.handle_async_request(pinned)
            except httpx.ConnectError:
                if number == len(addresses):
                    raise
        raise EgressRefused("the name has no address", request=request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()

    async def _allowed(self, request: httpx.Request) -> list[IpAddress]:
        host, port = request.url.host, request.url.port or {"https": 443}.get(request.url.scheme, 80)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError("the name cannot be looked up", request=request) from error
        addresses = list(dict.fromkeys(ipaddress.ip_address(entry[4][0]) for entry in found))
        local = not self._production and all(one.is_loopback for one in addresses)
        if not local and not all(is_outside(one) for one in addresses):
            raise EgressRefused("the address is not outside", request=request)
        if request.url.scheme != "https" and not local:
            raise EgressRefused("the address is not https", request=request)
        return addresses
