r"""The message that a wallet signs, in the words of EIP-4361, read back as strictly as it is written.

A wallet shows people this text, and warns them when its domain is not that of the page. So the text is built here, and
what comes back is read by the grammar of the standard: lines in their order, ended by \n alone, printable ASCII. Whatever
else it may be, it is not what we asked for.

Source: EIP-4361, Sign-In with Ethereum (the ABNF); RFC 3339, 5.6; EIP-155 for the chain's id.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from vibestream.contexts.user.chain_wallets.domain.address import checked
from vibestream.contexts.user.chain_wallets.domain.errors import AddressMalformed, MessageRefused

STATEMENT: Final = "Connect this wallet with your VibeStream account. It will not sign you in and moves no money."
GOOD_FOR: Final = timedelta(minutes=5)
_CLOCKS_DIFFER: Final = timedelta(minutes=1)
_LONGEST: Final = 2_000
_VERSION: Final = "1"
_HEAD: Final = " wants you to sign in with your Ethereum account:"
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_LINES: Final = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?(?P<domain>[^\n/?#@ ]+)" + re.escape(_HEAD) + r"\n"
    r"(?P<address>0x[0-9A-Fa-f]{40})\n"
    r"\n"
    r"(?:(?P<statement>[^\n]+)\n)?"
    r"\n"
    r"URI: (?P<uri>[^\n ]+)\n"
    r"Version: (?P<version>[^\n]+)\n"
    r"Chain ID: (?P<chain_id>[1-9][0-9]{0,17})\n"
    r"Nonce: (?P<nonce>[A-Za-z0-9]{8,128})\n"
    r"Issued At: (?P<issued_at>[^\n]+)"
    r"(?:\nExpiration Time: (?P<expires_at>[^\n]+))?"
    r"(?:\nNot Before: (?P<not_before>[^\n]+))?"
    r"(?:\nRequest ID: (?P<request_id>[^\n]*))?"
    r"(?:\nResources:(?P<resources>(?:\n- [^\n ]+)*))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Whom a wallet signs for: `domain` with its port if it is an unusual one, `uri` the page, and the one chain."""

    scheme: str
    domain: str
    uri: str
    chain_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a message says."""

    scheme: str | None
    domain: str
    address: str
    statement: str | None
    uri: str
    version: str
    chain_id: int
    nonce: str
    issued_at: datetime
    expires_at: datetime | None
    not_before: datetime | None
    request_id: str | None
    resources: tuple[str, ...]


def compose(*, site: Site, address: str, nonce: str, now: datetime) -> str:
    """Return what a wallet is asked to sign, good for five minutes."""
    issued_at = now.astimezone(UTC).replace(microsecond=0)
    return (
        f"{site.domain}{_HEAD}\n{checked(address)}\n\n{STATEMENT}\n\n"
        f"URI: {site.uri}\nVersion: {_VERSION}\nChain ID: {site.chain_id}\nNonce: {nonce}\n"
        f"Issued At: {_written(issued_at)}\nExpiration Time: {_written(issued_at + GOOD_FOR)}"
    )


def parse(text: str) -> Message:
    """Return what a message says.

    Raises:
        MessageRefused: it does not keep to the grammar.
    """
    if len(text) > _LONGEST or not all(" " <= character <= "~" or character == "\n" for character in text):
        raise MessageRefused("characters")
    found = _LINES.fullmatch(text)
    if found is None:
        raise MessageRefused("grammar")
    try:
        address = checked(found["address"])
    except AddressMalformed:
        raise MessageRefused("address") from None
    if address != found["address"]:  # the standard wants the capitals of EIP-55
        raise MessageRefused("address")
    return Message(
        scheme=found["scheme"],
        domain=found["domain"],
        address=address,
        statement=found["statement"],
        uri=found["uri"],
        version=found["version"],
        chain_id=int(found["chain_id"]),
        nonce=found["nonce"],
        issued_at=_instant(found["issued_at"]),
        expires_at=None if found["expires_at"] is None else _instant(found["expires_at"]),
        not_before=None if found["not_before"] is None else _instant(found["not_before"]),
        request_id=found["request_id"],
        resources=tuple(line[2:] for line in (found["resources"] or "").split("\n") if line),
    )


def check(message: Message, *, site: Site, now: datetime) -> None:
    """Return when a message is one that this site asks for at this moment; its nonce is the caller's to look up.

    Raises:
        MessageRefused: the reason says which part is another's.
    """
    age = now - message.issued_at
    left = None if message.expires_at is None else message.expires_at - now
    checks = {
        "scheme": message.scheme in (None, site.scheme),
        "domain": message.domain == site.domain,
        "statement": message.statement == STATEMENT,
        "uri": message.uri == site.uri,
        "version": message.version == _VERSION,
        "chain": message.chain_id == site.chain_id,
        "issued": -_CLOCKS_DIFFER <= age < GOOD_FOR,
        "expiry": left is not None and timedelta(0) < left <= GOOD_FOR + _CLOCKS_DIFFER,
        "not before": message.not_before is None or message.not_before <= now,
        "more than was asked": message.request_id is None and not message.resources,
    }
    wrong = next((name for name, right in checks.items() if not right), None)
    if wrong is not None:
        raise MessageRefused(wrong)


def _written(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _instant(text: str) -> datetime:
    if _INSTANT.fullmatch(text) is None:
        raise MessageRefused("instant")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise MessageRefused("instant") from None
