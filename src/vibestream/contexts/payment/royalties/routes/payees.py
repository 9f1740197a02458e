"""HTTP for whoever earns: what one has, statements, and their files."""

from __future__ import annotations

import json
from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.service import EngineName
from vibestream.contexts.payment.seal.service import trusted_keys
from vibestream.kernel.money import Currency, decimal_text
from vibestream.platform.access import SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["royalties"])


class EarningsBody(BaseModel):
    """What one has of a currency, and owes."""

    currency: str
    pending: str = Field(description="May still be corrected or disputed.")
    available: str = Field(description="Can be paid out.")
    in_transit: str = Field(description="On its way to one's bank.")
    advance: str = Field(description="Advanced and not yet recouped.")
    debt: str = Field(description="Was paid too much, and is kept of what comes next.")


class MonthBody(BaseModel):
    """A month in which one earned, in one currency."""

    month: str
    currency: str
    run: int
    engine: EngineName
    reversed: bool = Field(description="It was taken back; a later run of the month may stand in its place.")


class RoyaltiesBody(BaseModel):
    """What one has, and of which months there are statements."""

    balances: list[EarningsBody]
    months: list[MonthBody]


class CountryBody(BaseModel):
    """Where one is taxed: two capital letters, as in ISO 3166-1."""

    model_config = ConfigDict(extra="forbid", strict=True)

    country: str = Field(min_length=2, max_length=2)


class CountrySetBody(BaseModel):
    """From which month on it counts."""

    country: str
    since: date


@router.get("/api/v1/royalties", policy=SIGNED_IN)
async def show_royalties(tx: TxDep, principal: PrincipalDep) -> RoyaltiesBody:
    """Return what the signed-in person has earned: pending, available, in transit; and the months with statements."""
    months = await service.months_of(tx, payee_id=principal.user_id)
    return RoyaltiesBody(
        balances=[
            EarningsBody(
                currency=one.currency.code,
                pending=decimal_text(one.pending, one.currency),
                available=decimal_text(one.available, one.currency),
                in_transit=decimal_text(one.in_transit, one.currency),
                advance=decimal_text(one.advance, one.currency),
                debt=decimal_text(one.debt, one.currency),
            )
            for one in await service.balances(tx, payee_id=principal.user_id)
        ],
        months=[
            MonthBody(
                month=service.label(run.month),
                currency=run.currency.code,
                run=run.number,
                engine=run.engine,
                reversed=run.reversed_at is not None,
            )
            for run in months
        ],
    )


@router.put("/api/v1/royalties/country", policy=SIGNED_IN)
async def set_country(body: CountryBody, tx: TxDep, principal: PrincipalDep, now: NowDep) -> CountrySetBody:
    """Say where one is taxed, from the first open month on."""
    since = await service.set_country(tx, payee_id=principal.user_id, country=body.country, now=now)
    return CountrySetBody(country=body.country, since=since)


@router.get("/api/v1/royalties/statements/{month}", policy=SIGNED_IN)
async def show_statement(month: str, tx: TxDep, principal: PrincipalDep, now: NowDep) -> dict[str, Any]:
    """Return one's statement of a month, such as 2026-11: from what was paid to what is payable, line by line."""
    found = await service.statement(tx, payee_id=principal.user_id, month=service.parse_month(month), now=now)
    return service.statement_document(found)


@router.get("/api/v1/royalties/statements/{month}/lines.csv", policy=SIGNED_IN)
async def download_csv(month: str, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Return the lines of one's statement for a spreadsheet."""
    found = await service.statement(tx, payee_id=principal.user_id, month=service.parse_month(month), now=now)
    return _file(service.statement_csv(found).encode(), "text/csv; charset=utf-8", f"royalties-{month}.csv")


@router.get("/api/v1/royalties/statements/{month}/report.tsv", policy=SIGNED_IN)
async def download_flat_file(month: str, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Response:
    """Return one's statement as a DSR-like flat file (a profile of our own, not one of DDEX)."""
    found = await service.statement(tx, payee_id=principal.user_id, month=service.parse_month(month), now=now)
    return _file(
        service.statement_dsr(found).encode(), "text/tab-separated-values; charset=utf-8", f"royalties-{month}.tsv"
    )


@router.get("/api/v1/royalties/statements/{month}/statement.pdf", policy=SIGNED_IN)
async def download_pdf(month: str, tx: TxDep, principal: PrincipalDep, now: NowDep, runtime: RuntimeDep) -> Response:
    """Return one's statement as a document to print or send on."""
    found = await service.statement(tx, payee_id=principal.user_id, month=service.parse_month(month), now=now)
    drawn = await runtime.cpu.run(
        partial(
            service.statement_pdf,
            found,
            payee_name=principal.display_name,
            sandbox=runtime.settings.sandboxed,
        )
    )
    return _file(drawn, "application/pdf", f"royalties-{month}.pdf")


@router.get("/api/v1/royalties/statements/{month}/proof.json", policy=SIGNED_IN)
async def download_proof(
    month: str,
    tx: TxDep,
    principal: PrincipalDep,
    runtime: RuntimeDep,
    currency: Annotated[str, Query(max_length=5, description="Of which of the month's runs.")] = "USD",
) -> Response:
    """Return one's statement with its proof against the sealed ledger, for `vibestream verify-statement`."""
    settings = runtime.settings
    document = await service.prove_statement(
        tx,
        payee_id=principal.user_id,
        month=service.parse_month(month),
        currency=Currency.of(currency),
        keys=trusted_keys(sealing_key=settings.sealing_key(), public_keys=settings.seal_public_keys),
    )
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return _file(text.encode(), "application/json", f"royalties-{month}-{currency}-proof.json")


def _file(body: bytes, media_type: str, name: str) -> Response:
    return Response(
        body,
        media_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )
