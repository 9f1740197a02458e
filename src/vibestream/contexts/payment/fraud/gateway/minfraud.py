"""MaxMind's minFraud Score, by its own asynchronous client.

Source: dev.maxmind.com/minfraud/api-documentation, version 2.0; the client is the package `minfraud`.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from vibestream.contexts.payment.fraud.domain.facts import Facts
from vibestream.contexts.payment.fraud.gateway.signals import BUDGET_S, SignalsUnavailable

if TYPE_CHECKING:
    from minfraud.webservice import AsyncClient

_EVENT: Final = {"payment": "purchase", "payout": "payout_change"}
_OWN_CURRENCIES: Final = frozenset({"VIBE", "USDC"})
"""Currencies that minFraud does not know: it wants ISO 4217."""


class MinFraud:
    """minFraud Score. The client is made at the first question, in its loop: it costs half a second to import."""

    party: Final = "minfraud"

    def __init__(self, *, account_id: int, licence_key: str, host: str, authority: str | None = None) -> None:
        self._account_id = account_id
        self._licence_key = licence_key
        self._host = host
        self._authority = authority
        self._client: AsyncClient | None = None

    async def look_up(self, facts: Facts) -> Mapping[str, float | str]:
        """Return minFraud's risk scores, 0.01 to 99, and the id to name to its support.

        Raises:
            SignalsUnavailable: it refused us, could not be reached, or answered something else.
        """
        import aiohttp
        from minfraud.errors import MinFraudError

        client = self._opened()
        try:
            score = await client.score(transaction_of(facts))
        except (MinFraudError, aiohttp.ClientError, OSError) as error:
            raise SignalsUnavailable(f"{type(error).__name__}: {error}") from error
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            # The client builds its result from whatever JSON came: a field that is missing is a TypeError of its own.
            raise SignalsUnavailable(f"an answer that is no score: {error}") from error
        found: dict[str, float | str] = {"minfraud_risk_score": score.risk_score, "minfraud_id": score.id}
        return found if score.ip_address.risk is None else {**found, "minfraud_ip_risk": score.ip_address.risk}

    async def close(self) -> None:
        """End its connections."""
        if self._client is not None:
            await self._client.close()

    def _opened(self) -> AsyncClient:
        if self._client is None:
            self._client = _client(self._account_id, self._licence_key, self._host, self._authority)
        return self._client


def transaction_of(facts: Facts) -> dict[str, Any]:
    """Return the question in minFraud's words; what is not known is left out.

    A whole address goes to MaxMind only when that is what we have; a network of many does not name one.
    """
    event: dict[str, Any] = {
        "transaction_id": facts.subject,
        "time": facts.at.isoformat(timespec="seconds"),
        "type": _EVENT[facts.kind],
    }
    question: dict[str, Any] = {"event": event, "account": {"user_id": str(facts.user_id)}}
    if facts.network is not None and _is_address(facts.network):
        question["device"] = {"ip_address": facts.network}
    if facts.email_domain is not None:
        question["email"] = {"domain": facts.email_domain}
    if facts.country is not None:
        question["billing"] = {"country": facts.country}
    if facts.amount.currency.code not in _OWN_CURRENCIES:
        question["order"] = {
            "amount": float(facts.amount.decimal),
            "currency": facts.amount.currency.code,
        }
    return question


def _client(account_id: int, licence_key: str, host: str, authority: str | None) -> AsyncClient:
    from minfraud.webservice import AsyncClient

    if authority is None:
        return AsyncClient(account_id, licence_key, host=host, timeout=2 * BUDGET_S)
    trusted = ssl.create_default_context(cadata=authority)

    class TrustingClient(AsyncClient):
        """The client, believing a stand-in's authority: it has no option to be given one."""

        async def _do_request(self, uri: str, data: dict[str, Any]) -> Any:
            session = await self._session()
            return await session.post(uri, json=data, ssl=trusted)

    return TrustingClient(account_id, licence_key, host=host, timeout=2 * BUDGET_S)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
