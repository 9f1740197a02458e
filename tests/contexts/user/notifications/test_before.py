"""What was deferred before notifications came is still mailed, whole and in every language."""

from __future__ import annotations

import pytest

from tests.contexts.user.conftest import Inbox
from tests.factories.users import make_user
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.accounts.service import MoneyNotice
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Database
from vibestream.platform.jobs import defer


@pytest.mark.parametrize("locale", ["en", "es"])
async def test_jobs_that_waited_when_this_came_are_mailed(database: Database, inbox: Inbox, locale: str):
    async with database.begin() as tx:
        ana = await make_user(tx, locale=locale)
        for notice in MoneyNotice:
            await defer(
                tx, accounts.mail_money_notice, mail_id=str(new_id()), user_id=str(ana.user_id), notice=notice.value,
                amount="10.99 USD", what="tip", when="2026-12-25T09:30:00+00:00",
            )  # fmt: skip
        await defer(
            tx, accounts.mail_payout_destination, mail_id=str(new_id()), user_id=str(ana.user_id), method="paypal",
            usable_from="2026-12-25T09:30:00+00:00",
        )  # fmt: skip

    arrived = await inbox()
    assert len(arrived) == 7
    for mail in arrived:
        assert "{" not in mail.subject + mail.text
        assert "10.99 USD" in mail.subject + mail.text or "PayPal" in mail.text
    assert any(("(propina)" if locale == "es" else "(tip)") in mail.text for mail in arrived)
