"""Statements written down: as JSON for programs, as CSV for spreadsheets, as a DSR-like flat file for catalogues.

The flat file borrows the shape of DDEX's Digital Sales Reports (one record per line, a record type first, tabs between
cells, HEAD and FOOT around) so that tools for those need little to read it. It is a profile of our own, not one that
DDEX defined: it is *DSR-like*, and says so in its head.

Source: DDEX Digital Sales Reporting Message Suite, Part 1 (architecture): record types, delimiters, escapes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any, Final

from vibestream.contexts.payment.royalties.domain.months import begins, label, next_month
from vibestream.contexts.payment.royalties.domain.policy import EngineName
from vibestream.contexts.payment.royalties.domain.runs import Line
from vibestream.contexts.payment.royalties.domain.statements import Statement, StatementPart
from vibestream.kernel.money import Currency, decimal_text

_CSV: Final = (
    "month", "currency", "run", "track_id", "isrc", "title", "heard_month", "share_bp", "listens", "counted",
    "track_earned", "earned", "pro_rata", "user_centric", "paid_by", "transaction_id",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_DSR_VERSION: Final = "1.0"


def statement_document(statement: Statement) -> dict[str, Any]:
    """Return a statement for programs. Amounts are exact decimals as text, in the currency beside them."""
    return {
        "payee": str(statement.payee_id),
        "month": label(statement.month),
        "made_at": statement.made_at.isoformat(),
        "parts": [_part(statement, part) for part in statement.parts],
        "reversed_runs": [{"currency": run.currency.code, "run": run.number} for run in statement.reversed],
        "balances": [
            {
                "currency": one.currency.code,
                "pending": decimal_text(one.pending, one.currency),
                "available": decimal_text(one.available, one.currency),
                "in_transit": decimal_text(one.in_transit, one.currency),
                "advance": decimal_text(one.advance, one.currency),
                "debt": decimal_text(one.debt, one.currency),
            }
            for one in statement.balances
        ],
    }


def statement_csv(statement: Statement) -> str:
    """Return a statement's lines as CSV (RFC 4180), one row per track and month heard in, with a row of names.

    A title that a spreadsheet would take for a formula is given an apostrophe in front.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_CSV)
    for part in statement.parts:
        currency = part.run.currency
        for line in part.lines:
            title, isrc = statement.titles.get(line.claim.track_id, (None, None))
            writer.writerow([
                label(statement.month), currency.code, part.run.number, line.claim.track_id, _plain(isrc), _plain(title),
                label(line.claim.heard_month), line.share_bp, line.listens, line.counted,
                decimal_text(line.track_earned, currency), decimal_text(line.by(part.run.engine), currency),
                decimal_text(line.pro_rata, currency), decimal_text(line.user_centric, currency), part.run.engine.value,
                part.run.transaction_id,
            ])  # fmt: skip
    return out.getvalue()


def statement_dsr(statement: Statement) -> str:
    """Return a statement as a DSR-like flat file.

    Records: HEAD (profile, version, when made, payee, first and last day), then per currency SY (a summary: gross, fees,
    pool share in basis points, pool, earned, recouped, country, withheld, repaid, payable), AS (a track: id, ISRC,
    title) and SU (its usage: month heard in, share in basis points, listens, counted, earned, pro-rata, user-centric),
    and FOOT with the number of lines, itself included.
    """
    last = begins(next_month(statement.month)).date().toordinal() - 1
    records = [
        [
            "HEAD", "VibeStreamRoyaltyStatement (DSR-like, not a DDEX profile)", _DSR_VERSION,
            statement.made_at.isoformat(), str(statement.payee_id), statement.month.isoformat(),
            type(statement.month).fromordinal(last).isoformat(),
        ]
    ]  # fmt: skip
    for part in statement.parts:
        records.append(_summary_record(part))
        seen = set()
        for line in part.lines:
            if line.claim.track_id not in seen:
                seen.add(line.claim.track_id)
                title, isrc = statement.titles.get(line.claim.track_id, (None, None))
                records.append(["AS", str(line.claim.track_id), isrc or "", title or ""])
            records.append(_usage_record(line, part))
    records.append(["FOOT", str(len(records) + 1)])
    return "".join("\t".join(map(_cell, record)) + "\n" for record in records)


def grouped(minor: int, currency: Currency) -> str:
    """Return minor units as a decimal with commas between thousands, for people."""
    whole, point, fraction = decimal_text(minor, currency).partition(".")
    return f"{int(whole):,}{point}{fraction}" if whole != "-0" else f"-0{point}{fraction}"  # int loses the sign of -0


def percent(rate_bp: int) -> str:
    """Return basis points as a percentage for people, such as `12.5 %`."""
    whole, rest = divmod(rate_bp, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") + " %"


def waterfall(part: StatementPart) -> list[tuple[str, int]]:
    """Return how what subscribers paid became what a payee is paid: words and minor units, from the top down."""
    share, pool = part.share.settlement, part.pool
    place = f" ({share.country}, {percent(share.rate_bp)})" if share.country else ""
    return [
        ("Subscribers paid", pool.gross),
        ("Fees of payment providers", -pool.fees),
        (f"Royalty pool, {percent(pool.pool_share_bp)} of the net", pool.pool),
        ("Your share of the pool", share.earned),
        ("Advance recouped", -share.recouped),
        (f"Tax withheld{place}", -share.withheld),
        ("Kept for what was paid too much", -share.repaid),
        ("Payable to you", share.payable),
    ]


def _part(statement: Statement, part: StatementPart) -> dict[str, Any]:
    run, pool, share, currency = part.run, part.pool, part.share.settlement, part.run.currency

    def text(minor: int) -> str:
        return decimal_text(minor, currency)

    return {
        "currency": currency.code,
        "run": run.number,
        "run_id": str(run.run_id),
        "transaction_id": str(run.transaction_id),
        "engine": run.engine.value,
        "policy_version": run.policy_version,
        "gross": text(pool.gross),
        "fees": text(pool.fees),
        "pool_share_bp": pool.pool_share_bp,
        "pool": text(pool.pool),
        "unallocated": text(run.unallocated),
        "earned": text(share.earned),
        "recouped": text(share.recouped),
        "tax_country": share.country,
        "tax_rate_bp": share.rate_bp,
        "withheld": text(share.withheld),
        "repaid": text(share.repaid),
        "payable": text(share.payable),
        "engines": {
            EngineName.PRO_RATA.value: text(part.share.pro_rata),
            EngineName.USER_CENTRIC.value: text(part.share.user_centric),
            "difference": text(part.share.user_centric - part.share.pro_rata),
        },
        "lines": [
            {
                "track_id": str(line.claim.track_id),
                "title": statement.titles.get(line.claim.track_id, (None, None))[0],
                "isrc": statement.titles.get(line.claim.track_id, (None, None))[1],
                "heard_month": label(line.claim.heard_month),
                "share_bp": line.share_bp,
                "listens": line.listens,
                "counted": line.counted,
                "track_earned": text(line.track_earned),
                "earned": text(line.by(run.engine)),
                "pro_rata": text(line.pro_rata),
                "user_centric": text(line.user_centric),
            }
            for line in part.lines
        ],
    }


def _summary_record(part: StatementPart) -> list[str]:
    currency, share, pool = part.run.currency, part.share.settlement, part.pool
    amounts = (share.earned, share.recouped)
    return [
        "SY", currency.code, str(part.run.number), part.run.engine.value, str(part.run.transaction_id),
        *(decimal_text(minor, currency) for minor in (pool.gross, pool.fees)), str(pool.pool_share_bp),
        *(decimal_text(minor, currency) for minor in (pool.pool, *amounts)), share.country or "", str(share.rate_bp),
        *(decimal_text(minor, currency) for minor in (share.withheld, share.repaid, share.payable)),
    ]  # fmt: skip


def _usage_record(line: Line, part: StatementPart) -> list[str]:
    amounts: Iterable[int] = (line.track_earned, line.by(part.run.engine), line.pro_rata, line.user_centric)
    return [
        "SU", str(line.claim.track_id), label(line.claim.heard_month), str(line.share_bp), str(line.listens),
        str(line.counted), *(decimal_text(minor, part.run.currency) for minor in amounts),
    ]  # fmt: skip


def _plain(text: str | None) -> str:
    """Return text that no spreadsheet takes for a formula."""
    found = text or ""
    return f"'{found}" if found.startswith(_FORMULA) else found


def _cell(text: str) -> str:
    """Return text without what delimits: a tab and a line end become spaces, the pipe of lists is escaped."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")
