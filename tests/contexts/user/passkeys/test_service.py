"""What is taken of an authenticator and what is not: every lie that a browser or a stolen key could tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.factories.passkeys import Authenticator, b64, octets
from tests.factories.users import MADE_AT, User, make_user
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.passkeys import service as passkeys
from vibestream.contexts.user.passkeys.domain import MOST
from vibestream.contexts.user.passkeys.service import (
    CHALLENGE_GOOD_FOR,
    Asked,
    Passkey,
    PasskeyCopied,
    PasskeyExists,
    PasskeyExpired,
    PasskeyMissing,
    PasskeyNameInvalid,
    PasskeyOnly,
    PasskeyRefused,
    Site,
)
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Tx

SITE = Site.at("https://testserver")
LATER = MADE_AT + timedelta(minutes=1)


async def asked_to_create(tx: Tx, user: User, *, token: str = "") -> Asked:
    return await passkeys.ask_to_create(
        tx,
        site=SITE,
        browser_token=token,
        user_id=user.user_id,
        label=user.email,
        shown_name=user.display_name,
        now=MADE_AT,
    )


async def add(tx: Tx, user: User, phone: Authenticator, *, name: str = "Phone", **lies: Any) -> Passkey:
    asked = await asked_to_create(tx, user)
    answer = phone.create(asked.options, **lies)
    return await passkeys.add(
        tx,
        site=SITE,
        browser_token=asked.browser_token,
        user_id=user.user_id,
        answer=answer,
        name=name,
        now=MADE_AT,
    )


async def asked_to_sign_in(tx: Tx) -> Asked:
    return await passkeys.ask_to_sign_in(tx, site=SITE, browser_token="", now=MADE_AT)


async def enter(tx: Tx, asked: Asked, answer: dict[str, Any], **other: Any) -> Passkey:
    given: dict[str, Any] = {"site": SITE, "browser_token": asked.browser_token, "now": LATER, **other}
    return (await passkeys.sign_in(tx, answer=answer, **given)).passkey


async def sign_in(tx: Tx, phone: Authenticator, **lies: Any) -> Passkey:
    asked = await asked_to_sign_in(tx)
    return await enter(tx, asked, phone.get(asked.options, **lies))


async def test_a_browser_is_asked_for_a_discoverable_key_behind_a_finger_and_no_attestation(tx: Tx):
    user = await make_user(tx)
    known = await add(tx, user, Authenticator())
    asked = await asked_to_create(tx, user)
    options = asked.options

    assert options["rp"] == {"name": "VibeStream", "id": "testserver"}
    assert octets(options["user"]["id"]) == user.user_id.bytes
    assert (options["user"]["name"], options["user"]["displayName"]) == (user.email, "Ana Río")
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [-7, -8, -257]
    assert [octets(one["id"]) for one in options["excludeCredentials"]] == [known.credential_id]
    assert len(octets(options["challenge"])) == 32
    assert len(asked.browser_token) == 43


async def test_signing_in_names_no_account_and_asks_for_verification(tx: Tx):
    options = (await asked_to_sign_in(tx)).options
    assert options["allowCredentials"] == []
    assert options["userVerification"] == "required"
    assert options["rpId"] == "testserver"


@pytest.mark.parametrize("edwards", [False, True])
async def test_a_passkey_is_added_and_signs_in(tx: Tx, edwards: bool):
    user, phone = await make_user(tx), Authenticator(edwards=edwards)
    made = await add(tx, user, phone, name="  My\tphone ")
    shown = await sign_in(tx, phone)

    assert (made.name, made.backup_eligible, made.backed_up, made.sign_count) == ("My phone", True, True, 0)
    assert made.transports == ["hybrid", "internal"]
    assert (shown.user_id, shown.passkey_id) == (user.user_id, made.passkey_id)
    kept = (await passkeys.passkeys_of(tx, user_id=user.user_id))[0]
    assert (kept.made_at, kept.used_at, kept.suspected_at) == (MADE_AT, LATER, None)
    log = await audit_log.entries_of(tx, user_id=user.user_id)
    assert [(one.action.value, one.detail) for one in log] == [("factor.added", "passkey")]


LIES = [
    ("of another origin", {}, {"origin": "https://testserver.evil.example"}),
    ("of the same host on http", {}, {"origin": "http://testserver"}),
    ("of another port", {}, {"origin": "https://testserver:8443"}),
    ("bound to another domain", {"rp_id": "evil.example"}, {}),
    ("by nobody who was verified", {"verifies": False}, {}),
    ("by nobody who was there", {"present": False}, {}),
    ("inside another site's page", {}, {"crossOrigin": True}),
    ("of the other ceremony", {}, {"type": "webauthn.something"}),
]


@pytest.mark.parametrize(("lie", "of_key", "of_client"), LIES, ids=[one[0] for one in LIES])
async def test_what_is_signed_wrongly_neither_adds_a_passkey_nor_signs_in(
    tx: Tx, lie: str, of_key: dict[str, Any], of_client: dict[str, Any]
):
    user, phone = await make_user(tx), Authenticator()
    await add(tx, user, phone)
    for name, value in of_key.items():
        setattr(phone, name, value)
    with pytest.raises(PasskeyRefused):
        await sign_in(tx, phone, **of_client)
    with pytest.raises(PasskeyRefused):
        await add(tx, user, Authenticator(**of_key), **of_client)
    assert len(await passkeys.passkeys_of(tx, user_id=user.user_id)) == 1
    assert (await passkeys.passkeys_of(tx, user_id=user.user_id))[0].used_at is None


async def test_an_answer_is_good_once_whether_it_was_right_or_wrong(tx: Tx):
    phone = Authenticator()
    await add(tx, await make_user(tx), phone)
    asked = await asked_to_sign_in(tx)
    answer = phone.get(asked.options)
    await enter(tx, asked, answer)
    with pytest.raises(PasskeyExpired):
        await enter(tx, asked, answer)

    second = await asked_to_sign_in(tx)
    with pytest.raises(PasskeyRefused):
        await enter(tx, second, phone.get(second.options, origin="https://evil.example"))
    with pytest.raises(PasskeyExpired):
        await enter(tx, second, phone.get(second.options))


async def test_a_challenge_of_another_browser_is_not_answered(tx: Tx):
    phone = Authenticator()
    await add(tx, await make_user(tx), phone)
    victim, attacker = await asked_to_sign_in(tx), await asked_to_sign_in(tx)
    with pytest.raises(PasskeyExpired):
        await enter(tx, attacker, phone.get(victim.options))
    with pytest.raises(PasskeyExpired):
        await enter(tx, replace(victim, browser_token=""), phone.get(victim.options))


async def test_a_challenge_that_we_never_gave_is_not_answered(tx: Tx):
    phone = Authenticator()
    await add(tx, await make_user(tx), phone)
    asked = await asked_to_sign_in(tx)
    with pytest.raises(PasskeyExpired):
        await enter(tx, asked, phone.get({**asked.options, "challenge": b64(b"\1" * 32)}))


async def test_a_challenge_is_good_until_ten_minutes_have_passed(tx: Tx):
    phone = Authenticator()
    await add(tx, await make_user(tx), phone)
    asked = await asked_to_sign_in(tx)
    with pytest.raises(PasskeyExpired):
        await enter(tx, asked, phone.get(asked.options), now=MADE_AT + CHALLENGE_GOOD_FOR)
    last = MADE_AT + CHALLENGE_GOOD_FOR - timedelta(microseconds=1)
    assert (await enter(tx, asked, phone.get(asked.options), now=last)).used_at is None


async def test_a_challenge_for_one_thing_does_nothing_else(tx: Tx):
    user, phone = await make_user(tx), Authenticator()
    await add(tx, user, phone)
    mine: dict[str, Any] = {"site": SITE, "user_id": user.user_id, "now": LATER}
    asked = await asked_to_sign_in(tx)
    with pytest.raises(PasskeyExpired):
        await passkeys.show(tx, browser_token=asked.browser_token, answer=phone.get(asked.options), **mine)
    asked = await passkeys.ask_to_show(tx, browser_token="", **{**mine, "now": MADE_AT})
    with pytest.raises(PasskeyExpired):
        await enter(tx, asked, phone.get(asked.options))
    asked = await asked_to_create(tx, user)
    with pytest.raises(PasskeyExpired):
        await enter(tx, asked, phone.get({**asked.options, "rpId": "testserver"}))


async def test_another_accounts_challenge_in_the_same_browser_adds_nothing(tx: Tx):
    ana, bea, phone = await make_user(tx), await make_user(tx), Authenticator()
    asked = await asked_to_create(tx, ana)
    with pytest.raises(PasskeyExpired):
        await passkeys.add(
            tx,
            site=SITE,
            browser_token=asked.browser_token,
            user_id=bea.user_id,
            answer=phone.create(asked.options),
            name="Phone",
            now=LATER,
        )
    assert await passkeys.passkeys_of(tx, user_id=bea.user_id) == []


async def test_a_key_that_nobody_added_signs_nobody_in(tx: Tx):
    user = await make_user(tx)
    await add(tx, user, Authenticator())
    with pytest.raises(PasskeyRefused):
        await sign_in(tx, Authenticator(handle=user.user_id.bytes))


async def test_another_key_does_not_sign_for_a_known_id(tx: Tx):
    user, phone = await make_user(tx), Authenticator()
    await add(tx, user, phone)
    thief = Authenticator(credential_id=phone.credential_id, handle=user.user_id.bytes)
    with pytest.raises(PasskeyRefused):
        await sign_in(tx, thief)


@pytest.mark.parametrize("part", ["signature", "authenticatorData", "clientDataJSON"])
async def test_a_bit_that_was_changed_is_noticed(tx: Tx, part: str):
    phone = Authenticator()
    await add(tx, await make_user(tx), phone)
    asked = await asked_to_sign_in(tx)
    answer = phone.get(asked.options)
    told = bytearray(octets(answer["response"][part]))
    if part == "clientDataJSON":
        told = bytearray(told.replace(b"}", b' , "more": 1}'))
    else:
        told[-1] ^= 1
    answer["response"][part] = b64(bytes(told))
    with pytest.raises(PasskeyRefused):
        await enter(tx, asked, answer)


async def test_a_key_that_names_another_owner_or_none_signs_nobody_in(tx: Tx):
    ana, bea, phone = await make_user(tx), await make_user(tx), Authenticator()
    await add(tx, ana, phone)
    phone.handle = bea.user_id.bytes
    with pytest.raises(PasskeyRefused):
        await sign_in(tx, phone)
    phone.handle = None
    with pytest.raises(PasskeyRefused):
        await sign_in(tx, phone)


async def test_a_key_never_becomes_one_that_can_be_backed_up(tx: Tx):
    user, key = await make_user(tx), Authenticator(synchronised=False)
    made = await add(tx, user, key)
    assert (made.backup_eligible, made.backed_up) == (False, False)
    key.synchronised = True
    with pytest.raises(PasskeyRefused):
        await sign_in(tx, key)


@pytest.mark.parametrize("shown", [6, 5, 0])
async def test_a_counter_that_does_not_grow_stops_the_passkey_for_both_copies(tx: Tx, shown: int):
    user, key = await make_user(tx), Authenticator(counts=True, synchronised=False, count=5)
    await add(tx, user, key)
    assert (await sign_in(tx, key)).sign_count == 5
    assert (await passkeys.passkeys_of(tx, user_id=user.user_id))[0].sign_count == 6

    copy = replace(key, count=shown, counts=False)
    with pytest.raises(PasskeyCopied) as told:
        await sign_in(tx, copy)
    assert told.value.user_id == user.user_id
    key.count = 100
    with pytest.raises(PasskeyRefused):
        await sign_in(tx, key)
    kept = (await passkeys.passkeys_of(tx, user_id=user.user_id))[0]
    assert (kept.suspected_at, kept.sign_count) == (LATER, 6)
    with pytest.raises(PasskeyMissing):
        await passkeys.ask_to_show(tx, site=SITE, browser_token="", user_id=user.user_id, now=LATER)


async def test_a_synchronised_key_that_always_says_nought_is_no_copy(tx: Tx):
    phone = Authenticator()
    await add(tx, await make_user(tx), phone)
    for _ in range(3):
        assert (await sign_in(tx, phone)).suspected_at is None


async def test_a_passkey_is_shown_as_a_proof_by_its_owner_only(tx: Tx):
    ana, bea = await make_user(tx), await make_user(tx)
    hers, others = Authenticator(), Authenticator()
    made = await add(tx, ana, hers)
    await add(tx, bea, others)
    given: dict[str, Any] = {"site": SITE, "user_id": ana.user_id}
    asked = await passkeys.ask_to_show(tx, browser_token="", now=MADE_AT, **given)
    assert [octets(one["id"]) for one in asked.options["allowCredentials"]] == [made.credential_id]
    answer = others.get(asked.options)
    with pytest.raises(PasskeyRefused):
        await passkeys.show(tx, browser_token=asked.browser_token, answer=answer, now=LATER, **given)

    asked = await passkeys.ask_to_show(tx, browser_token="", now=MADE_AT, **given)
    hers.handle = None  # those that were asked for by name need not say whose they are
    answer = hers.get(asked.options)
    shown = await passkeys.show(tx, browser_token=asked.browser_token, answer=answer, now=LATER, **given)
    assert shown.passkey_id == made.passkey_id


async def test_a_key_is_added_once_and_to_one_account(tx: Tx):
    ana, bea, phone = await make_user(tx), await make_user(tx), Authenticator()
    await add(tx, ana, phone)
    for user in (ana, bea):
        with pytest.raises(PasskeyExists):
            await add(tx, user, phone)
    assert await passkeys.passkeys_of(tx, user_id=bea.user_id) == []


async def test_an_account_has_twenty_passkeys_at_most(tx: Tx):
    user = await make_user(tx)
    for _ in range(MOST):
        await add(tx, user, Authenticator())
    with pytest.raises(PasskeyExists):
        await add(tx, user, Authenticator())
    assert len(await passkeys.passkeys_of(tx, user_id=user.user_id)) == 20


@pytest.mark.parametrize("name", ["", " \t\n", "x" * 61, "\u202e\x00"])
async def test_a_name_that_is_none_is_refused_and_the_challenge_stays_good(tx: Tx, name: str):
    user, phone = await make_user(tx), Authenticator()
    asked = await asked_to_create(tx, user)
    given: dict[str, Any] = {"site": SITE, "browser_token": asked.browser_token, "user_id": user.user_id}
    given |= {"answer": phone.create(asked.options), "now": LATER}
    with pytest.raises(PasskeyNameInvalid):
        await passkeys.add(tx, name=name, **given)
    made = await passkeys.add(tx, name="x" * 60, **given)
    with pytest.raises(PasskeyNameInvalid):
        await passkeys.rename(tx, user_id=user.user_id, passkey_id=made.passkey_id, name=name)


async def test_ones_passkey_is_renamed_and_removed_and_no_others_is(tx: Tx):
    ana, bea, phone = await make_user(tx), await make_user(tx), Authenticator()
    made = await add(tx, ana, phone)
    for passkey_id in (made.passkey_id, UUID(int=0), new_id()):
        with pytest.raises(PasskeyMissing):
            await passkeys.rename(tx, user_id=bea.user_id, passkey_id=passkey_id, name="Mine")
        with pytest.raises(PasskeyMissing):
            await passkeys.remove(tx, user_id=bea.user_id, passkey_id=passkey_id, other_way=True, now=LATER)
    await passkeys.rename(tx, user_id=ana.user_id, passkey_id=made.passkey_id, name="Llave")
    assert [one.name for one in await passkeys.passkeys_of(tx, user_id=ana.user_id)] == ["Llave"]
    await passkeys.remove(tx, user_id=ana.user_id, passkey_id=made.passkey_id, other_way=True, now=LATER)
    with pytest.raises(PasskeyRefused):
        await sign_in(tx, phone)


async def test_the_last_way_in_is_not_removed(tx: Tx):
    user = await make_user(tx)
    first, second = await add(tx, user, Authenticator()), await add(tx, user, Authenticator())
    given: dict[str, Any] = {"user_id": user.user_id, "other_way": False, "now": LATER}
    await passkeys.remove(tx, passkey_id=first.passkey_id, **given)
    with pytest.raises(PasskeyOnly):
        await passkeys.remove(tx, passkey_id=second.passkey_id, **given)
    assert len(await passkeys.passkeys_of(tx, user_id=user.user_id)) == 1


RUBBISH: list[Any] = [
    {},
    {"response": None},
    {"response": {"clientDataJSON": 5}},
    {"response": {"clientDataJSON": "="}},
    {"response": {"clientDataJSON": b64(b"\xff\xfe")}},
    {"response": {"clientDataJSON": b64(b"[]")}},
    {"response": {"clientDataJSON": b64(b"[" * 9_000)}},
    {"response": {"clientDataJSON": b64(b'{"challenge": 1}')}},
]


@pytest.mark.parametrize("answer", RUBBISH, ids=range(len(RUBBISH)))
async def test_what_is_no_answer_is_refused(tx: Tx, answer: dict[str, Any]):
    with pytest.raises(PasskeyRefused):
        await enter(tx, await asked_to_sign_in(tx), answer)


@pytest.mark.parametrize("octets_", [b"", b"\xff", b"\x81" * 9_000, b"\xa0", b"\0" * 37])
async def test_a_key_that_cannot_be_read_is_refused(tx: Tx, octets_: bytes):
    user, phone = await make_user(tx), Authenticator()
    asked = await asked_to_create(tx, user)
    answer = phone.create(asked.options)
    answer["response"]["attestationObject"] = b64(octets_)
    with pytest.raises(PasskeyRefused):
        await passkeys.add(
            tx,
            site=SITE,
            browser_token=asked.browser_token,
            user_id=user.user_id,
            answer=answer,
            name="Phone",
            now=LATER,
        )


async def test_old_challenges_are_dropped(tx: Tx):
    await asked_to_sign_in(tx)
    await asked_to_sign_in(tx)
    until = MADE_AT + CHALLENGE_GOOD_FOR
    assert await passkeys.drop_expired(tx, before=until, most=10) == 0
    assert await passkeys.drop_expired(tx, before=until + timedelta(seconds=1), most=1) == 1
    assert await passkeys.drop_expired(tx, before=until + timedelta(seconds=1), most=10) == 1


@pytest.mark.parametrize(
    ("address", "origin", "rp_id", "usable"),
    [
        ("https://music.example", "https://music.example", "music.example", True),
        ("http://localhost:8000", "http://localhost:8000", "localhost", True),
        ("https://192.0.2.7", "https://192.0.2.7", "192.0.2.7", False),
    ],
)
def test_keys_are_bound_to_the_host_that_people_reach(address: str, origin: str, rp_id: str, usable: bool):
    site = Site.at(address)
    assert (site.origin, site.rp_id, site.usable) == (origin, rp_id, usable)
