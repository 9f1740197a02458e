"""The wallet: shown whole, whatever stands behind one of its rows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.settling import make_captured
from tests.factories.users import make_user
from tests.web.conftest import read
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.platform.database import Database

FORM = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize(
    ("spoken", "says"),
    [
        ("en", "Its payment is not found here: write to support"),
        ("es", "Su pago no se encuentra aquí: escribe a soporte"),
    ],
)
async def test_a_settlement_without_a_payment_behind_it_is_a_row_and_the_rest_is_there(
    client_for: Any, database: Database, spoken: str, says: str
):
    async with database.begin() as tx:
        fan = await make_user(tx, locale=spoken)
        captured = await make_captured(tx, user_id=fan.user_id, minor=1_234)
        await wallets.settle_into_wallet(tx, captured=captured)
    client = await client_for(fan)

    answer = await client.get("/wallet", headers=FORM)
    page = read(answer)

    assert answer.status_code == 200
    assert "12.34" in page.text.replace(",", ".")
    assert says in page.text
    assert not page.all("a", href=f"/payments/{captured.payment_id}?back=1")
    assert page.all("details")
