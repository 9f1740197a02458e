"""A person's wallet: what it says one has, and in which words it says why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.factories.payment import (
    EPOCH,
    NOW,
    make_hold,
    make_liquidity,
    make_posting,
    make_reward,
    make_wallet,
    make_wallets,
    transfer,
    vibe,
)
from tests.factories.users import make_user
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.wallets import service
from vibestream.contexts.payment.wallets.domain import Part, WalletBalance, label_of, summarize, title_of
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import EUR, USD, VIBE, Money
from vibestream.platform.database import Database, Tx


def test_vibe_is_always_shown():
    assert summarize([]) == (WalletBalance(VIBE, vibe(0), vibe(0), vibe(0)),)


def test_parts_add_up_by_currency():
    parts = [
        Part(pending=False, posted=vibe(100), held=vibe(30)),
        Part(pending=True, posted=vibe(7), held=vibe(2)),
        Part(pending=True, posted=Money(5, USD), held=Money(0, USD)),
    ]
    assert summarize(parts) == (
        WalletBalance(USD, Money(0, USD), Money(5, USD), Money(0, USD)),
        WalletBalance(VIBE, vibe(70), vibe(5), vibe(32)),
    )


@pytest.mark.parametrize(
    ("kind", "own", "accounts", "label"),
    [
        ("wallet", True, 1, "Your wallet"),
        ("wallet", False, 1, "Somebody else's wallet"),
        ("wallet", False, 12, "Wallets of other people (12)"),
        ("wallet_pending", True, 1, "On its way to your wallet"),
        ("wallet_pending", False, 1, "On its way to somebody else's wallet"),
        ("wallet_pending", False, 2, "On its way to wallets of other people (2)"),
        ("reward_pool", False, 1, "Reward pool of 2026-11-24"),
        ("issuance", False, 1, "Newly issued VIBE"),
        ("liquidity", False, 1, "VibeStream's VIBE for exchange"),
        ("royalty_pool", False, 1, "Royalty pool of 2026-11-24"),
        ("no_such_kind", False, 1, "No such kind"),
    ],
)
def test_accounts_have_names_that_people_understand(kind: str, own: bool, accounts: int, label: str):
    assert label_of(kind, subject="2026-11-24", currency=VIBE, own=own, accounts=accounts) == label


def test_every_kind_of_account_has_a_name_of_its_own():
    names = {label_of(kind, subject="s", currency=VIBE, own=False, accounts=1) for kind in ledger.AccountKind}
    plain = {kind.value.replace("_", " ").capitalize() for kind in ledger.AccountKind}
    assert len(names) == len(ledger.AccountKind)
    assert names.isdisjoint(plain)


def test_transactions_have_titles():
    assert [title_of(kind) for kind in ("reward", "pool_funding", "reversal", "share_purchase")] == [
        "Reward for listening", "Reward budget", "Reversal", "Share purchase",
    ]  # fmt: skip


async def test_a_wallet_is_opened_once_and_looking_at_it_opens_none(tx: Tx):
    person = UserId(new_id())
    assert await service.wallet(tx, user_id=person) == (WalletBalance(VIBE, vibe(0), vibe(0), vibe(0)),)
    assert await ledger.balances_of_person(tx, user_id=person) == []

    first = await service.open_wallet(tx, user_id=person)
    assert await service.open_wallet(tx, user_id=person) == first
    assert await service.open_wallet(tx, user_id=person, currency=EUR) != first
    assert [str(one.name) for one in await ledger.balances_of_person(tx, user_id=person)] == [
        f"wallet:{person}:EUR", f"wallet:{person}:VIBE",
    ]  # fmt: skip


async def test_a_wallet_says_what_is_available_pending_and_held(tx: Tx):
    ana = await make_wallet(tx, 100)
    await make_wallet(tx, 25, user_id=ana.user_id, pending=True)
    await make_wallet(tx, 1_050, user_id=ana.user_id, currency=USD)
    await make_hold(tx, ana.account_id, 40)

    assert await service.wallet(tx, user_id=ana.user_id) == (
        WalletBalance(USD, Money(1_050, USD), Money(0, USD), Money(0, USD)),
        WalletBalance(VIBE, vibe(60), vibe(25), vibe(40)),
    )


@pytest.fixture
async def ana(client_for, database: Database):
    """Ana's user id and a client that she is signed in with; she was paid two rewards and gave one away."""
    async with database.begin() as tx:
        user = await make_user(tx)
        await ledger.fund_pool(tx, epoch=EPOCH, amount=vibe(1_000_000))
        rewards = [make_reward(user_id=user.user_id, minor=minor) for minor in (10_000, 5_000)]
        await ledger.pay_rewards(tx, rewards=rewards, now=NOW)
        (mine,) = await ledger.balances_of_person(tx, user_id=user.user_id)
        b, c = await make_wallets(tx, 0, 0)
        posting = make_posting(
            (mine.account_id, -300), (b, 200), (c, 100), kind="gift", effective_at=datetime(2026, 1, 2, tzinfo=UTC)
        )
        await ledger.post(tx, posting=posting)
        await make_hold(tx, mine.account_id, 4_700)
    return user.user_id, await client_for(user)


async def test_the_wallet_over_http(ana):
    _, client = ana
    answer = await client.get("/api/v1/wallet")
    assert (answer.status_code, answer.json()) == (
        200,
        {"balances": [{"currency": "VIBE", "available": "1.0000", "pending": "0.0000", "held": "0.4700"}]},
    )


async def test_movements_over_http_expand_to_their_postings(ana):
    person, client = ana
    answer = await client.get("/api/v1/wallet/transactions")

    assert answer.status_code == 200
    gift, _, first = answer.json()["items"]
    assert (gift["amount"], gift["balance_after"], gift["currency"], gift["pending"]) == (
        "-0.0300", "1.4700", "VIBE", False,
    )  # fmt: skip
    assert (gift["transaction"]["title"], gift["transaction"]["effective_at"]) == ("Gift", "2026-01-02T00:00:00Z")
    assert gift["transaction"]["postings"] == [
        {"account": "Your wallet", "kind": "wallet", "own": True, "amount": "-0.0300", "currency": "VIBE"},
        {
            "account": "Wallets of other people (2)",
            "kind": "wallet",
            "own": False,
            "amount": "0.0300",
            "currency": "VIBE",
        },
    ]
    assert first["transaction"]["title"] == "Reward for listening"
    assert [(one["account"], one["amount"]) for one in first["transaction"]["postings"]] == [
        ("Reward pool of 2026-11-24", "-1.0000"),
        ("Your wallet", "1.0000"),
    ]
    assert answer.json()["next_cursor"] is None
    assert str(person) not in answer.text.replace(first["transaction"]["details"]["reward_id"], "")


async def test_movements_over_http_page_by_page(ana):
    _, client = ana
    seen, cursor = [], None
    for _ in range(3):
        answer = (
            await client.get(
                "/api/v1/wallet/transactions", params={"limit": 1, **({"cursor": cursor} if cursor else {})}
            )
        ).json()
        seen += [one["amount"] for one in answer["items"]]
        cursor = answer["next_cursor"]
    assert (seen, cursor) == (["-0.0300", "0.5000", "1.0000"], None)


async def test_movements_over_http_in_one_currency(ana):
    _, client = ana
    assert (await client.get("/api/v1/wallet/transactions", params={"currency": "EUR"})).json()["items"] == []
    assert len((await client.get("/api/v1/wallet/transactions", params={"currency": "VIBE"})).json()["items"]) == 3
    answer = await client.get("/api/v1/wallet/transactions", params={"currency": "GOLD"})
    assert (answer.status_code, answer.json()["code"]) == (422, "money.unknown_currency")


async def test_one_transaction_over_http_for_whom_it_concerns(ana, client_for, database: Database):
    _, client = ana
    listed = (await client.get("/api/v1/wallet/transactions")).json()["items"][0]["transaction"]
    path = f"/api/v1/wallet/transactions/{listed['transaction_id']}"
    assert (await client.get(path)).json() == listed

    async with database.begin() as tx:
        stranger = await make_user(tx)
    answer = await (await client_for(stranger)).get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "ledger.unknown_transaction")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/wallet",
        "/api/v1/wallet/transactions",
        "/api/v1/wallet/transactions/01930000-0000-7000-8000-000000000000",
        "/api/v1/operations/ledger/trial-balance",
    ],
)
async def test_nobody_looks_without_signing_in(client, path: str):
    assert (await client.get(path)).status_code == 401


async def test_an_operator_sees_the_trial_balance_and_others_do_not(ana, client_for, database: Database):
    _, client = ana
    assert (await client.get("/api/v1/operations/ledger/trial-balance")).status_code == 403

    async with database.begin() as tx:
        operator = await make_user(tx, roles=["admin"])
        rich = await make_wallet(tx)
        source = await make_liquidity(tx)
        for account in (rich, await make_wallet(tx)):
            await ledger.post(tx, posting=transfer(source, account.account_id, 2**63 - 1))
    answer = await (await client_for(operator)).get("/api/v1/operations/ledger/trial-balance")

    assert answer.status_code == 200
    assert answer.json() == {
        "rows": [
            {"kind": "issuance", "subject": "", "currency": "VIBE", "accounts": 1, "balance": "-100.0000"},
            {
                "kind": "liquidity",
                "subject": "",
                "currency": "VIBE",
                "accounts": 1,
                "balance": "-1844674407370955.1614",
            },
            {"kind": "reward_pool", "subject": "2026-11-24", "currency": "VIBE", "accounts": 1, "balance": "98.5000"},
            {"kind": "wallet", "subject": "", "currency": "VIBE", "accounts": 5, "balance": "1844674407370956.6614"},
        ],
        "totals": [
            {
                "currency": "VIBE",
                "credit": "1844674407371055.1614",
                "debit": "1844674407371055.1614",
                "difference": "0.0000",
            }
        ],
    }
