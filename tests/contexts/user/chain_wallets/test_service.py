"""A wallet is connected by a signature that was asked for: once, by the person and browser that asked, with one account."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.factories.chain_wallets import Wallet, other_form, wallet
from tests.factories.users import DEVICE, User, make_user, principal_of
from vibestream.contexts.user.chain_wallets import personal, service
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Settings
from vibestream.platform.database import Database, Tx

SITE = service.Site(scheme="https", domain="testserver", uri="https://testserver/account/wallets", chain_id=1)


async def asked(tx: Tx, user: User, key: Wallet, *, browser: str = "browser") -> str:
    made = await service.ask(
        tx, site=SITE, browser_token=browser, user_id=user.user_id, address=key.address, now=utc_now()
    )
    return made.message


async def shown(
    tx: Tx, user: User, message: str, signature: str, *, browser: str = "browser", later: timedelta = timedelta(0)
) -> service.ChainWallet:
    return await service.connect(
        tx, site=SITE, browser_token=browser, principal=await principal_of(tx, user), message=message,
        signature=signature, device=DEVICE, now=utc_now() + later,
    )  # fmt: skip


async def test_a_wallet_is_connected_told_of_and_removed(tx: Tx):
    user, key = await make_user(tx), wallet()
    message = await asked(tx, user, key)
    made = await shown(tx, user, message, key.sign(message))
    assert made.written == key.address == "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
    assert await service.wallets_of(tx, user_id=user.user_id) == [made]
    assert [one["address"] for one in await personal.PERSONAL.export(tx, user.user_id)] == [key.address.lower()]

    principal = await principal_of(tx, user)
    await service.disconnect(tx, principal=principal, wallet_id=made.wallet_id, device=DEVICE, now=utc_now())
    assert await service.wallets_of(tx, user_id=user.user_id) == []
    logged = await tx.values(
        "SELECT action FROM users.security_log WHERE user_id = %s ORDER BY entry_id", [user.user_id]
    )
    assert logged == ["wallet.linked", "wallet.removed"]
    told = await tx.values("SELECT args->>'notice' FROM jobs.procrastinate_jobs WHERE args->>'user_id' = %s ORDER BY id",
                           [str(user.user_id)])  # fmt: skip
    assert told == ["wallet_linked", "wallet_removed"]


async def test_what_was_asked_is_good_once_even_when_the_signature_was_wrong(tx: Tx):
    user, key = await make_user(tx), wallet()
    message = await asked(tx, user, key)
    for signature in (wallet(2).sign(message), key.sign(message)):
        with pytest.raises((service.SignatureRefused, service.ChallengeExpired)):
            await shown(tx, user, message, signature)
    fresh = await asked(tx, user, key)
    await shown(tx, user, fresh, key.sign(fresh))
    with pytest.raises(service.ChallengeExpired):
        await shown(tx, user, fresh, key.sign(fresh))


async def test_the_other_form_of_the_signature_is_refused(tx: Tx):
    user, key = await make_user(tx), wallet()
    message = await asked(tx, user, key)
    with pytest.raises(service.SignatureRefused):
        await shown(tx, user, message, other_form(key.sign(message)))
    assert await service.wallets_of(tx, user_id=user.user_id) == []


async def test_what_one_was_asked_another_cannot_show_nor_another_browser_nor_later(tx: Tx):
    ana, mallory, key = await make_user(tx), await make_user(tx), wallet()
    message = await asked(tx, ana, key)
    signature = key.sign(message)
    with pytest.raises(service.ChallengeExpired):
        await shown(tx, mallory, message, signature)
    with pytest.raises(service.ChallengeExpired):
        await shown(tx, ana, message, signature, browser="another")
    with pytest.raises(service.MessageRefused):
        await shown(tx, ana, message, signature, later=timedelta(minutes=5))
    await shown(tx, ana, message, signature)  # none of these used it up


async def test_a_nonce_of_ones_own_is_worth_nothing(tx: Tx):
    user, key = await make_user(tx), wallet()
    message = await asked(tx, user, key)
    nonce = message.split("Nonce: ")[1].split("\n")[0]
    forged = message.replace(nonce, "f" * 32)
    with pytest.raises(service.ChallengeExpired):
        await shown(tx, user, forged, key.sign(forged))


async def test_a_message_for_one_wallet_is_not_taken_of_another(tx: Tx):
    """Asked for one's own wallet, signed by it, with a victim's address written into the text."""
    user, mine, victims = await make_user(tx), wallet(1), wallet(2)
    message = (await asked(tx, user, mine)).replace(mine.address, victims.address)
    with pytest.raises(service.SignatureRefused):
        await shown(tx, user, message, mine.sign(message))


async def test_of_accounts_that_connect_one_wallet_at_once_one_does(database: Database):
    key = wallet()
    async with database.begin() as tx:
        people = [await make_user(tx) for _ in range(5)]
        messages = [await asked(tx, user, key) for user in people]

    async def try_it(user: User, message: str) -> bool:
        try:
            await database.run(lambda tx: shown(tx, user, message, key.sign(message)))
        except service.WalletTaken:
            return False
        return True

    assert sorted(await asyncio.gather(*map(try_it, people, messages))) == [False] * 4 + [True]


async def test_a_sixth_is_not_connected(tx: Tx):
    user = await make_user(tx)
    for number in range(1, 7):
        message = await asked(tx, user, wallet(number))
        if number == 6:
            with pytest.raises(service.WalletsFull):
                await shown(tx, user, message, wallet(number).sign(message))
        else:
            await shown(tx, user, message, wallet(number).sign(message))


async def test_somebody_elses_is_not_there_and_an_erased_persons_is_gone(tx: Tx):
    ana, other, key = await make_user(tx), await make_user(tx), wallet()
    message = await asked(tx, ana, key)
    made = await shown(tx, ana, message, key.sign(message))
    with pytest.raises(service.WalletMissing):
        await service.disconnect(
            tx, principal=await principal_of(tx, other), wallet_id=made.wallet_id, device=DEVICE, now=utc_now()
        )
    await asked(tx, ana, key)
    await personal.PERSONAL.erase(tx, ana.user_id)
    assert await tx.value("SELECT count(*) FROM users.chain_wallet") == 0
    assert await tx.value("SELECT count(*) FROM users.chain_wallet_challenge") == 0


async def test_a_deployment_signs_for_the_address_that_people_type(settings: Settings):
    assert service.site_of(settings) == SITE
