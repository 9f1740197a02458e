"""What a route can ask for, as annotations: the transaction, who asks, the instant, the runtime, an idempotency key."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from vibestream.platform.access import Principal
from vibestream.platform.database import Tx
from vibestream.platform.http import exchange
from vibestream.platform.http.edge import edge_of
from vibestream.platform.http.idempotency import IdempotencyKey, claim_key
from vibestream.platform.runtime import Runtime


async def transaction(request: Request) -> Tx:
    """Return the request's one transaction; the route commits it after the handler and before the response is sent."""
    return await exchange.current(request).transaction()


async def principal(request: Request) -> Principal:
    """Return who is signed in.

    Raises:
        NotSignedIn: nobody is.
    """
    return exchange.current(request).signed_in()


async def maybe_principal(request: Request) -> Principal | None:
    """Return who is signed in, or None."""
    return exchange.current(request).principal


async def now(request: Request) -> datetime:
    """Return the request's instant: read once, aware, in UTC."""
    return exchange.current(request).now


async def runtime(request: Request) -> Runtime:
    """Return the process's runtime: settings, database, object store, mailer, threads."""
    return edge_of(request).runtime


TxDep = Annotated[Tx, Depends(transaction)]
"""A transaction that is committed after the handler and before the response is sent; undone when the handler raises or
answers with a status of 400 or more, unless the error says `keeps_transaction`."""
PrincipalDep = Annotated[Principal, Depends(principal)]
"""Who is signed in; 401 when nobody is."""
MaybePrincipalDep = Annotated[Principal | None, Depends(maybe_principal)]
"""Who is signed in, or None."""
NowDep = Annotated[datetime, Depends(now)]
"""The request's instant."""
RuntimeDep = Annotated[Runtime, Depends(runtime)]
"""The process's runtime."""
IdempotencyDep = Annotated[IdempotencyKey, Depends(claim_key)]
"""The request's `Idempotency-Key`, claimed for this request: a repetition is answered before the handler runs."""
