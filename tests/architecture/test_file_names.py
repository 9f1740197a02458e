"""Files that are sent are named by us: whatever somebody puts into an address, no header is broken by it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.factories.users import make_user
from vibestream.contexts.user.exports.domain.exports import Export, State
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Database

SOURCE = Path(__file__).parents[2] / "src/vibestream"
NAMERS = {
    "contexts/payment/royalties/routes/payees.py",
    "flows/export_routes.py",
    "web/pages/finance/books.py",
}
"""Every file that names one for a browser to keep; whoever adds another tries it here."""
FILES = ("lines.csv", "report.tsv", "statement.pdf", "proof.json")
HOSTILE = (
    '2026-11"; filename="evil.exe',
    "2026-11\r\nX-Evil: yes",
    "2026-11\nSet-Cookie: a=b",
    "2026-11%0d%0aX-Evil: yes",
    "../../2026-11",
    "2026-11/..",
    "\uff12\uff10\uff12\uff16-\uff11\uff11",
    "\u0662\u0660\u0662\u0666-\u0661\u0661",
    "2026-11\u202egpj.exe",
    " 2026-11",
    "2026-11 ",
    "2026-11\u0000",
    "2026-1",
    "+2026-11",
    "\U0001f4a9",
)


def test_every_place_that_names_a_file_is_tried_here():
    found = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if re.search(r"content-disposition", path.read_text(), re.IGNORECASE)
    }
    assert found == NAMERS


@pytest.mark.parametrize("name", HOSTILE)
async def test_no_month_currency_or_id_of_whatever_kind_breaks_a_header(client_for: Any, database: Database, name: str):
    async with database.begin() as tx:
        user = await make_user(tx, roles=["finance", "artist"])
    client = await client_for(user)
    typed = quote(name, safe="")
    months = [f"/api/v1/royalties/statements/{typed}/{part}?currency=EUR" for part in FILES]
    currencies = [f"/api/v1/royalties/statements/2026-10/{part}?currency={typed}" for part in FILES]
    for path in (*months, *currencies, f"/finance/books/transactions/{typed}/proof.json"):
        answer = await client.get(path)
        assert answer.status_code in {303, 404, 422}, (path, answer.status_code)
        assert not {"content-disposition", "x-evil", "set-cookie"} & set(answer.headers), path


def test_a_copy_of_ones_data_is_named_by_its_day_in_plain_letters():
    asked = datetime(2026, 11, 24, tzinfo=UTC)
    made = Export(
        export_id=new_id(),
        user_id=UserId(new_id()),
        locale="es",
        state=State.READY,
        done=1,
        total=1,
        asked_at=asked,
    )
    assert made.file_name == "vibestream-export-2026-11-24.zip"
