"""Advances on the console: read once more, granted once however often the form comes, recouped in sight, never to oneself."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.factories.users import make_artist, make_user
from tests.web.conftest import PageReader, read
from tests.web.finance.conftest import FORM, make_keeper
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, Leg, Posting
from vibestream.contexts.payment.royalties import service as royalties
from vibestream.kernel.ids import TransactionId, UserId, new_id
from vibestream.kernel.money import USD, Money
from vibestream.platform.database import Tx

_PATH: Final = "/finance/royalties/advances"


def _form(page: PageReader) -> dict[str, str]:
    """What a browser would send of the form as it stands, but for what is chosen or typed."""
    return {one["name"]: one.get("value", "") for one in page.all("input") if one.get("name") and "value" in one}


def _asked(payee: str, **more: str) -> dict[str, str]:
    return {"payee": payee, "amount": "250,50", "currency": "USD", "note": "For the <second> album", **more}


async def _held(tx: Tx, kind: AccountKind, user_id: UserId) -> Money:
    (account,) = await ledger.accounts(tx, kind=kind, subject=str(user_id), currency=USD, limit=1)
    return account.posted


async def test_an_advance_is_read_once_more_and_granted_once(client_for, database):
    async with database.begin() as tx:
        keeper, artist = await make_keeper(tx), await make_artist(tx, name="Ana Soler", handle="ana.soler")
    client = await client_for(keeper)
    key = _form(read(await client.get(_PATH, headers=FORM)))["key"]
    asked = await client.post(_PATH, data=_asked("@ana.soler", key=key), headers=FORM)
    async with database.begin() as tx:
        nothing_yet = await royalties.advances(tx, limit=5)
    confirmed = _form(read(asked))
    answers = [await client.post(_PATH, data=confirmed, headers=FORM) for _ in range(2)]
    changed = await client.post(_PATH, data={**confirmed, "amount": "999"}, headers=FORM)
    page = read(await client.get(_PATH, headers=FORM))
    async with database.begin() as tx:
        granted = await royalties.advances(tx, limit=5)
        owed, available = [
            await _held(tx, kind, artist.user_id) for kind in (AccountKind.ADVANCES, AccountKind.ROYALTIES_AVAILABLE)
        ]

    assert "Ana Soler" in read(asked).text
    assert "$250.50" in read(asked).text
    assert nothing_yet == []
    assert [one.headers["location"] for one in answers] == [f"{_PATH}?done=granted"] * 2
    assert changed.status_code == 409
    assert "This was sent before with other figures" in read(changed).text
    assert [(one.payee_id, one.amount.minor, one.granted_by) for one in granted] == [
        (artist.user_id, 25_050, keeper.user_id)
    ]
    assert (owed.minor, available.minor) == (-25_050, 25_050)
    assert "For the <second> album" in page.text


async def test_what_royalties_recouped_of_it_is_seen(client_for, database):
    async with database.begin() as tx:
        keeper, artist = await make_keeper(tx), await make_artist(tx, name="Ana Soler", handle="ana.soler")
        for amount in ("100.00", "20.00"):
            await royalties.grant_advance(
                tx, advance_id=new_id(), payee_id=artist.user_id, amount=Money.parse(amount, USD), note="An album",
                granted_by=keeper.user_id,
            )  # fmt: skip
        pool, advances = await ledger.open_accounts(
            tx,
            names=[
                AccountName(AccountKind.PLATFORM_REVENUE, "subscriptions", USD),
                AccountName(AccountKind.ADVANCES, str(artist.user_id), USD),
            ],
        )
        earned = Money.parse("45.25", USD)
        await ledger.post(
            tx,
            posting=Posting(
                transaction_id=TransactionId(new_id()), key="test:recouped", kind="royalty_run",
                legs=(Leg(pool, -earned), Leg(advances, earned)),
            ),
        )  # fmt: skip
        (owed,) = await royalties.advanced(tx, limit=5)
    page = read(await (await client_for(keeper)).get(_PATH, headers=FORM))
    plain = " ".join(page.text.split())

    assert (owed.granted.minor, owed.left.minor) == (12_000, 7_475)
    assert "Ana Soler120.00 USD45.25 USD74.75 USD" in plain
    assert page.all("a", href=f"/finance/books/accounts/{owed.account_id}")


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"payee": "nobody@example.org"}, "payee"),
        ({"payee": "fiona@example.org"}, "payee"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "1.234"}, "amount"),
        ({"amount": "99999999999999999999"}, "amount"),
        ({"note": " "}, "note"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_nothing_is_granted(
    client_for, database, typed: dict[str, Any], field: str
):
    async with database.begin() as tx:
        keeper = await make_keeper(tx, email="fiona@example.org")
        await make_user(tx, email="ana@example.org")
    form = {**_asked("ana@example.org", key=str(new_id()), sure="yes"), **typed}
    answer = await (await client_for(keeper)).post(_PATH, data=form, headers=FORM)
    page = read(answer)
    async with database.begin() as tx:
        assert await royalties.advances(tx, limit=5) == []

    assert answer.status_code in {403, 409, 422}
    wrong = [one for tag in ("input", "textarea") for one in page.all(tag, id=field)]
    assert [one.get("aria-invalid") for one in wrong] == ["true"]


@pytest.mark.parametrize("typed", [{"key": "not-a-key"}, {"key": ""}, {"currency": "NOPE"}])
async def test_a_form_that_did_not_arrive_whole_grants_nothing(client_for, database, typed):
    async with database.begin() as tx:
        keeper = await make_keeper(tx)
        await make_user(tx, email="ana@example.org")
    form = {**_asked("ana@example.org", key=str(new_id()), sure="yes"), **typed}
    answer = await (await client_for(keeper)).post(_PATH, data=form, headers=FORM)
    async with database.begin() as tx:
        assert await royalties.advances(tx, limit=5) == []

    assert answer.status_code == 422


async def test_advances_are_read_page_by_page(client_for, database):
    async with database.begin() as tx:
        keeper, artist = await make_keeper(tx), await make_artist(tx)
        for number in range(5):
            await royalties.grant_advance(
                tx, advance_id=new_id(), payee_id=artist.user_id, amount=Money(100, USD), note=f"number {number}",
                granted_by=keeper.user_id,
            )  # fmt: skip
    client = await client_for(keeper)
    first = read(await client.get(f"{_PATH}?limit=3", headers=FORM))
    (older,) = [one["href"] for one in first.all("a", **{"class": "button"}) if "cursor=" in one["href"]]
    second = read(await client.get(f"{older}&limit=3", headers=FORM))

    assert [f"number {one}" in first.text for one in range(5)] == [False, False, True, True, True]
    assert [f"number {one}" in second.text for one in range(5)] == [True, True, False, False, False]
