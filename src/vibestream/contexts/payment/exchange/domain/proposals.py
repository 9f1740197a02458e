"""Rates that one person of finance proposes and another publishes: a proposal is a signed text that the first hands on.

`{signature}{rate as JSON}` in base64url without padding. It is no secret: whoever holds it can read it and nothing more,
for only a second person of finance can publish it, within a day. Nothing is stored until then.

Source: RFC 2104 (HMAC), RFC 4648 section 5 (base64url).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from vibestream.kernel.errors import Forbidden, Gone, Missing
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Currency

GOOD_FOR: Final = timedelta(hours=24)
"""Longer, and the rate would be another by then."""
_PURPOSE: Final = b"vibestream rate proposal v1"
_SIGNATURE_BYTES: Final = 32
_LONGEST: Final = 2_000


class UnknownProposal(Missing):
    """Nobody proposed this: the text is not whole, was altered, or is of another deployment."""

    code: ClassVar[str] = "exchange.unknown_proposal"


class ProposalOver(Gone):
    """It was proposed too long ago."""

    code: ClassVar[str] = "exchange.proposal_over"


class OwnProposal(Forbidden):
    """Whoever proposed a rate does not publish it."""

    code: ClassVar[str] = "exchange.own_proposal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A rate that somebody proposes; the fields are those of the rate that it would be."""

    rate_id: UUID
    base: Currency
    quote: Currency
    value: str
    """A plain decimal, as `Rate.decimal` gives it."""
    spread_bp: int
    source: str
    effective_from: datetime | None
    """None: from when it is published."""
    effective_until: datetime | None
    proposed_by: UserId
    proposed_at: datetime

    @property
    def over_at(self) -> datetime:
        """From when on it cannot be published any more."""
        return self.proposed_at + GOOD_FOR


def written(proposal: Proposal, *, signing_key: bytes) -> str:
    """Return a proposal as the text that is handed on."""
    document: dict[str, Any] = {
        "id": proposal.rate_id.hex,
        "pair": [proposal.base.code, proposal.quote.code],
        "value": proposal.value,
        "spread": proposal.spread_bp,
        "source": proposal.source,
        "from": _text(proposal.effective_from),
        "until": _text(proposal.effective_until),
        "by": proposal.proposed_by.hex,
        "at": proposal.proposed_at.isoformat(),
    }
    payload = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(_sign(signing_key, payload) + payload).rstrip(b"=").decode()


def read(text: str, *, signing_key: bytes) -> Proposal:
    """Return the proposal that a text is.

    Raises:
        UnknownProposal: nobody proposed this.
    """
    try:
        raw = base64.b64decode(text[:_LONGEST] + "=" * (-len(text[:_LONGEST]) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise UnknownProposal("Nobody proposed this.") from None
    signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _sign(signing_key, payload)):
        raise UnknownProposal("Nobody proposed this.")
    found = json.loads(payload)
    base, quote = found["pair"]
    return Proposal(
        rate_id=UUID(found["id"]),
        base=Currency.of(base),
        quote=Currency.of(quote),
        value=found["value"],
        spread_bp=found["spread"],
        source=found["source"],
        effective_from=_instant(found["from"]),
        effective_until=_instant(found["until"]),
        proposed_by=UserId(UUID(found["by"])),
        proposed_at=datetime.fromisoformat(found["at"]),
    )


def require_second(proposal: Proposal, *, published_by: UserId, now: datetime) -> None:
    """Say whether somebody may publish a proposal now.

    Raises:
        OwnProposal: they proposed it.
        ProposalOver: it is older than a day.
    """
    if published_by == proposal.proposed_by:
        raise OwnProposal("Somebody else has to publish this rate.")
    if now >= proposal.over_at:
        raise ProposalOver("This rate was proposed too long ago. Propose it again.")


def _sign(signing_key: bytes, payload: bytes) -> bytes:
    key = hmac.digest(signing_key, _PURPOSE, hashlib.sha256)
    return hmac.digest(key, payload, hashlib.sha256)


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
