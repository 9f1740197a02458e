"""Statements as JSON, CSV, DSR-like flat file and PDF."""

from __future__ import annotations

import csv
import io
import logging
from datetime import date

import pytest

from tests.factories.royalties import AFTER, MONTH, close, make_artist, make_listens, pays, person, reverse, run_month
from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.domain.formats import grouped, percent, waterfall
from vibestream.contexts.payment.royalties.service import Statement
from vibestream.kernel.money import USD, Currency
from vibestream.platform.database import Tx


@pytest.fixture
async def statement(tx: Tx) -> Statement:
    """A payee with three tracks of odd titles, of which each earned something."""
    fan, owner = person(), person()
    for title in ("Mañana\tde | abril\nII", '=HYPERLINK("x")', "夜の歌"):
        await make_listens(tx, fan, await make_artist(tx, title=title, owner=owner), 10)
    await close(tx, pays(fan, 3_000, 90))
    await run_month(tx)
    return await service.statement(tx, payee_id=owner, month=MONTH, now=AFTER)


def test_a_statement_leads_from_what_was_paid_to_what_is_payable(statement: Statement):
    # 30.00 gross, 0.90 fees, 29.10 net, 70 %: 20.37.
    assert waterfall(statement.parts[0]) == [
        ("Subscribers paid", 3_000),
        ("Fees of payment providers", -90),
        ("Royalty pool, 70 % of the net", 2_037),
        ("Your share of the pool", 2_037),
        ("Advance recouped", 0),
        ("Tax withheld", 0),
        ("Kept for what was paid too much", 0),
        ("Payable to you", 2_037),
    ]


def test_json_has_exact_decimals_both_engines_and_balances(statement: Statement):
    document = service.statement_document(statement)
    (part,) = document["parts"]
    assert (document["month"], part["gross"], part["pool"], part["payable"]) == ("2026-11", "30.00", "20.37", "20.37")
    assert part["engines"] == {"pro_rata": "20.37", "user_centric": "20.37", "difference": "0.00"}
    assert [line["earned"] for line in part["lines"]] == ["6.79", "6.79", "6.79"]
    assert document["balances"] == [
        {"currency": "USD", "pending": "20.37", "available": "0.00", "in_transit": "0.00", "advance": "0.00", "debt": "0.00"}
    ]  # fmt: skip


def test_csv_is_read_back_whole_and_no_title_is_a_formula(statement: Statement):
    rows = list(csv.DictReader(io.StringIO(service.statement_csv(statement))))
    assert {row["title"] for row in rows} == {"Mañana\tde | abril\nII", '\'=HYPERLINK("x")', "夜の歌"}
    assert [(row["earned"], row["counted"], row["share_bp"], row["paid_by"]) for row in rows] == [
        ("6.79", "10", "10000", "user_centric")
    ] * 3


def test_the_flat_file_has_a_record_a_line_and_counts_them(statement: Statement):
    lines = service.statement_dsr(statement).removesuffix("\n").split("\n")
    records = [line.split("\t") for line in lines]
    assert [record[0] for record in records] == ["HEAD", "SY", "AS", "SU", "AS", "SU", "AS", "SU", "FOOT"]
    assert records[-1] == ["FOOT", "9"]
    assert "not a DDEX profile" in records[0][1]
    assert records[0][5:] == ["2026-11-01", "2026-11-30"]
    assert len(records[1]) == 16
    assert {record[3] for record in records if record[0] == "AS"} == {
        "Mañana de \\| abril II", '=HYPERLINK("x")', "夜の歌",
    }  # fmt: skip


def test_the_pdf_has_its_pages_and_nothing_that_the_face_lacks_is_drawn(statement: Statement, caplog):
    with caplog.at_level(logging.WARNING, logger="fpdf"):
        one = service.statement_pdf(statement, payee_name="Los Faros", sandbox=True)
    assert one.startswith(b"%PDF-")
    assert one.count(b"/Type /Page\n") == 2
    assert caplog.records == []
    assert one != service.statement_pdf(statement, payee_name="Los Faros")


async def test_a_month_that_was_taken_back_says_so(tx: Tx):
    fan, song = person(), await make_artist(tx)
    await make_listens(tx, fan, song, 1)
    await close(tx, pays(fan, 1_000))
    await reverse(tx, (await run_month(tx)).run_id)
    statement = await service.statement(tx, payee_id=song.user_id, month=MONTH, now=AFTER)
    assert service.statement_document(statement)["reversed_runs"] == [{"currency": "USD", "run": 1}]
    assert service.statement_dsr(statement).splitlines()[-1] == "FOOT\t2"
    assert service.statement_pdf(statement).count(b"/Type /Page\n") == 1


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(0, USD, "0.00"), (-5, USD, "-0.05"), (123_456_789, USD, "1,234,567.89"), (-123_456, Currency.of("JPY"), "-123,456"), (1_000, Currency.of("KWD"), "1.000")],
)  # fmt: skip
def test_amounts_are_grouped_for_people(minor: int, currency: Currency, text: str):
    assert grouped(minor, currency) == text


def test_percentages_have_no_digits_that_say_nothing():
    assert [percent(bp) for bp in (10_000, 7_000, 1_250, 5, 0, 1_000)] == [
        "100 %",
        "70 %",
        "12.5 %",
        "0.05 %",
        "0 %",
        "10 %",
    ]


def test_february_ends_when_it_does(statement: Statement):
    from dataclasses import replace

    leap = service.statement_dsr(replace(statement, month=date(2028, 2, 1)))
    assert leap.splitlines()[0].endswith("2028-02-01\t2028-02-29")
