"""Orders upon wallets without a name, over HTTP on a real database: the key's holder alone spends, once, to the unit."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.factories.nameless import Nameless, OnChain, paid
from tests.factories.users import make_user
from vibestream.contexts.payment.claim_wallets.domain.signing import is_signed_by
from vibestream.contexts.payment.claim_wallets.invariants import INVARIANTS as OWN
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.tips import service as tips
from vibestream.flows.audit import INVARIANTS
from vibestream.kernel.ids import ArtistId, SessionId, UserId, new_id
from vibestream.kernel.money import VIBE
from vibestream.kernel.time import utc_now
from vibestream.platform.access import Principal
from vibestream.platform.database import Database
from vibestream.platform.invariants import check_all


async def account(database: Database) -> UserId:
    async with database.begin() as tx:
        return (await make_user(tx)).user_id


async def artist(database: Database) -> tuple[ArtistId, UserId]:
    artist_id, payee = ArtistId(new_id()), UserId(new_id())
    async with database.begin() as tx:
        await tips.register_artist(tx, artist_id=artist_id, user_id=payee, name="Ana", as_of=utc_now())
    return artist_id, payee


async def wallet_of(database: Database, user_id: UserId) -> int:
    async with database.begin() as tx:
        held = await ledger.open_account(tx, name=ledger.wallet(user_id=user_id, currency=VIBE))
        return (await ledger.balance_of(tx, account_id=held)).posted.minor


async def left(client: Any, wallet: Nameless) -> tuple[int, int]:
    shown = (await client.get(f"/api/v1/claim-wallets/{wallet.address}")).json()
    return shown["vibe_minor"], shown["received_minor"]


async def green(database: Database) -> bool:
    found = await check_all(database, INVARIANTS)
    assert [(one.invariant.name, one.finding.detail) for one in found if not one.finding.ok] == []
    return True


async def test_what_a_wallet_holds_goes_to_an_artist_and_the_rest_into_an_account(client: Any, database: Database):
    wallet, mine, (artist_id, payee) = await paid(client, database), await account(database), await artist(database)

    answers = [
        await client.post(wallet.path, json=wallet.order(to, one, minor))
        for to, one, minor in (("artist", artist_id, 7_500), ("account", mine, 2_500))
    ]

    assert [one.json() for one in answers] == [
        {"wallet": wallet.address, "amount_vibe_minor": 7_500},
        {"wallet": wallet.address, "amount_vibe_minor": 2_500},
    ]
    assert (await wallet_of(database, payee), await wallet_of(database, mine)) == (7_500, 2_500)
    assert await left(client, wallet) == (0, 10_000)
    assert await green(database)


async def test_an_order_that_is_sent_fifty_times_at_once_counts_once(client: Any, database: Database):
    wallet, mine = await paid(client, database), await account(database)
    order = wallet.order("account", mine, 4_000)

    answers = await asyncio.gather(*(client.post(wallet.path, json=order) for _ in range(50)))

    assert {one.status_code for one in answers} == {200}
    assert (await left(client, wallet), await wallet_of(database, mine)) == ((6_000, 10_000), 4_000)
    assert await green(database)


async def test_of_fifty_orders_for_all_of_it_one_is_carried_out(client: Any, database: Database):
    wallet, mine = await paid(client, database), await account(database)
    orders = [wallet.order("account", mine, 10_000) for _ in range(50)]

    answers = await asyncio.gather(*(client.post(wallet.path, json=one) for one in orders))

    codes = [one.status_code for one in answers]
    assert (codes.count(200), codes.count(409)) == (1, 49)
    assert {one.json()["code"] for one in answers if one.status_code == 409} == {"claim_wallets.has_less"}
    assert (await left(client, wallet), await wallet_of(database, mine)) == ((0, 10_000), 10_000)
    assert await green(database)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("amount_vibe_minor", 9_999),
        ("to", "artist"),
        ("identifier", "01890000-0000-7000-8000-000000000000"),
        ("nonce", "00" * 16),
        ("deployment", "A" * 43),
        ("signature", "00" * 64),
        ("expires_at", "2036-01-01T00:00:00Z"),
        ("amount_vibe_minor", -1),
        ("amount_vibe_minor", "5000"),
        ("amount_vibe_minor", 5_000.0),
        ("amount_vibe_minor", 2**70),
        ("signature", "zz" * 64),
        ("expires_at", "2036-01-01T00:00:00"),
        ("more", 1),
    ],
)
async def test_whatever_was_changed_in_an_order_its_key_did_not_sign_it(
    client: Any, database: Database, part: str, value: object
):
    wallet, mine = await paid(client, database), await account(database)

    answer = await client.post(wallet.path, json=wallet.order("account", mine, 5_000) | {part: value})

    assert answer.status_code == 422
    assert await left(client, wallet) == (10_000, 10_000)


async def test_another_key_spends_nothing_and_neither_does_an_address_that_is_no_key(client: Any, database: Database):
    wallet, mine = await paid(client, database), await account(database)
    thief = Nameless(wallet.deployment)
    stolen = thief.order("account", mine, 5_000)

    paths = [
        wallet.path,
        thief.path,
        "/api/v1/claim-wallets/evm:0x" + "ab" * 20 + "/orders",
        "/api/v1/claim-wallets/x/orders",
    ]
    answers = [await client.post(path, json=stolen) for path in paths]

    assert [one.json()["code"] for one in answers] == [
        "claim_wallets.order_invalid",
        "claim_wallets.has_less",
        "claim_wallets.order_invalid",
        "claim_wallets.order_invalid",
    ]
    assert await left(client, wallet) == (10_000, 10_000)


async def test_an_order_has_its_time_and_its_number_is_of_one_order(client: Any, database: Database):
    wallet, mine, other = await paid(client, database), await account(database), await account(database)
    now, nonce = utc_now(), "ab" * 16
    late = wallet.order("account", mine, 1_000, expires_at=now - timedelta(seconds=2))
    far = wallet.order("account", mine, 1_000, expires_at=now + timedelta(days=8))
    first = wallet.order("account", mine, 1_000, nonce=nonce)
    second = wallet.order("account", other, 1_000, nonce=nonce)
    much = wallet.order("account", mine, 9_001)

    answers = [await client.post(wallet.path, json=one) for one in (late, far, first, second, much)]

    assert [one.json().get("code") for one in answers] == [
        "claim_wallets.order_expired",
        "claim_wallets.order_expired",
        None,
        "claim_wallets.order_reused",
        "claim_wallets.has_less",
    ]
    assert (await left(client, wallet), await wallet_of(database, other)) == ((9_000, 10_000), 0)


async def test_nobody_who_is_not_there_is_paid_and_a_stranger_learns_nothing_of_who_is(client: Any, database: Database):
    wallet, mine = await paid(client, database), await account(database)
    nobody = UserId(new_id())
    orders = [wallet.order("account", nobody, 1_000), wallet.order("artist", ArtistId(new_id()), 1_000)]

    answers = [await client.post(wallet.path, json=one) for one in orders]
    unsigned = [wallet.order("account", one, 1_000) | {"signature": "00" * 64} for one in (mine, nobody)]
    asked = [(await client.post(wallet.path, json=one)).json()["code"] for one in unsigned]

    assert [one.status_code for one in answers] == [404, 404]
    assert asked == ["claim_wallets.order_invalid"] * 2
    assert await left(client, wallet) == (10_000, 10_000)


async def test_an_order_that_says_who_sends_it_is_refused(client_for: Any, client: Any, database: Database):
    wallet, mine = await paid(client, database), await account(database)
    signed_in = await client_for(Principal(user_id=mine, session_id=SessionId(new_id()), roles=frozenset()))

    answer = await signed_in.post(wallet.path, json=wallet.order("account", mine, 1_000))

    assert (answer.status_code, answer.json()["code"]) == (409, "claims.signed_in")
    assert await left(client, wallet) == (10_000, 10_000)


async def test_the_audit_sees_an_order_without_its_movement(client: Any, database: Database):
    wallet, mine = await paid(client, database), await account(database)
    assert (await client.post(wallet.path, json=wallet.order("account", mine, 1_000))).status_code == 200
    assert [one.finding.ok for one in await check_all(database, OWN)] == [True]
    async with database.begin() as other:
        await other.execute(
            "INSERT INTO payment.claim_order SELECT wallet, %s, %s, amount, ordered_hour FROM payment.claim_order",
            [b"n" * 16, b"d" * 32],
        )

    assert [one.finding.ok for one in await check_all(database, OWN)] == [False]


HALF = 0x7FFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_5D576E73_57A4501D_DFE92F46_681B20A0
"""Half the order of secp256k1, rounded down."""


async def test_what_was_paid_to_an_address_of_a_chain_is_spent_by_its_key_once(client: Any, database: Database):
    wallet, mine = await paid(client, database, kind=OnChain), await account(database)
    assert wallet.address.startswith("evm:0x")
    order = wallet.order("account", mine, 4_000)

    answers = await asyncio.gather(*(client.post(wallet.path, json=order) for _ in range(20)))

    assert {one.status_code for one in answers} == {200}
    assert (await left(client, wallet), await wallet_of(database, mine)) == ((6_000, 10_000), 4_000)
    assert await green(database)


async def test_no_other_form_of_a_chain_keys_signature_is_taken(client: Any, database: Database):
    wallet, mine = await paid(client, database, kind=OnChain), await account(database)
    order = wallet.order("account", mine, 4_000)
    raw = bytes.fromhex(order["signature"])
    r, s, v = raw[:32], int.from_bytes(raw[32:64], "big"), raw[64]
    assert s <= HALF
    other_half = (2 * HALF + 1 - s).to_bytes(32, "big")
    forms = [
        r + other_half + bytes([55 - v]),  # the same to mathematics: whoever saw the first could make it
        r + other_half + bytes([v]),
        *(raw[:64] + bytes([last]) for last in (0, 1, 55 - v, 29, 255)),
        b"\0" * 32 + raw[32:],
        r + b"\0" * 32 + bytes([v]),
        b"\xff" * 32 + raw[32:],
        raw[:64],
        b"\0" * 65,
    ]

    answers = [await client.post(wallet.path, json=order | {"signature": one.hex()}) for one in forms]

    assert {one.status_code for one in answers} == {422}
    assert await left(client, wallet) == (10_000, 10_000)
    # A key signs what it is asked to and nothing else: not another text, not for another wallet, nor without the prefix.
    plain = wallet.private.sign_msg(b"vibestream") if isinstance(wallet, OnChain) else None
    assert plain is not None
    bare = plain.r.to_bytes(32, "big") + plain.s.to_bytes(32, "big") + bytes([27 + plain.v])
    thief = OnChain(wallet.deployment).order("account", mine, 4_000)
    for bad in (order | {"amount_vibe_minor": 4_001}, order | {"signature": bare.hex()}, thief):
        assert (await client.post(wallet.path, json=bad)).status_code == 422
    assert await green(database)


def test_the_address_of_a_published_signature_is_found():
    """The example of web3.js's documentation, `eth.accounts.sign("Some data", ...)`."""
    signature = bytes.fromhex(
        "b91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a029"
        "1c"
    )
    wallet = "evm:0x2c7536e3605d9c16a7a3d7b1898e529396a65c23"

    assert is_signed_by(wallet, text=b"Some data", signature=signature)
    assert not is_signed_by(wallet, text=b"Some date", signature=signature)
    assert not is_signed_by("evm:0x" + "0" * 40, text=b"Some data", signature=signature)
