"""Signing up and proving the address, against whoever would like to do it for somebody else."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.contexts.user.conftest import Inbox, Recording, code_in
from tests.factories.users import DEVICE, MADE_AT, PASSWORD, make_user, signed_in
from vibestream.contexts.user.accounts import service
from vibestream.contexts.user.accounts.domain import code_of
from vibestream.contexts.user.accounts.retention import RULES
from vibestream.contexts.user.accounts.service import CodeExpired, CodesLimited, CodeWrong, SignedIn, SignUpStarted
from vibestream.contexts.user.passwords import service as passwords
from vibestream.contexts.user.profiles import service as profiles
from vibestream.contexts.user.profiles.service import FanProfile
from vibestream.contexts.user.sessions import service as sessions
from vibestream.kernel.text import TextInvalid
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.retention import keep_to
from vibestream.platform.runtime import Runtime

EMAIL = "ana@example.org"
WRONG = "00000000"

Begin = Callable[..., Awaitable[SignUpStarted]]
Verify = Callable[..., Awaitable[SignedIn]]


@pytest.fixture
def begin(runtime: Runtime) -> Begin:
    async def sign_up(**changed: Any) -> SignUpStarted:
        given = {"email": EMAIL, "password": PASSWORD, "display_name": "Ana", "locale": "en", "now": utc_now()}
        return await service.sign_up(runtime, **{**given, **changed})

    return sign_up


@pytest.fixture
def verify(runtime: Runtime, database: Database) -> Verify:
    """Shows a code as the edge does: the transaction of a refusal that keeps it is committed."""

    async def show(started: SignUpStarted, code: str, **changed: Any) -> SignedIn:
        refusal = None
        async with database.begin() as tx:
            try:
                return await service.verify_email(
                    tx,
                    **{
                        "signing_key": runtime.settings.signing_key(),
                        "browser_token": started.browser_token,
                        "code": code,
                        "device": DEVICE,
                        "now": utc_now(),
                        **changed,
                    },
                )
            except CodeWrong as wrong:
                refusal = wrong  # `keeps_transaction`: see test_routes for the edge's own part
        raise refusal

    return show


async def test_a_person_signs_up_shows_the_code_and_is_signed_in(
    begin: Begin, verify: Verify, inbox: Inbox, database: Database
):
    started = await begin(email=" Ana@Example.ORG", display_name="Ana  Ri\u0301o", locale="es")
    (message,) = await inbox()
    assert message.to == "Ana@example.org"
    assert message.subject == "Tu código de VibeStream"
    entered = await verify(started, code_in(message))
    async with database.begin() as tx:
        principal = await sessions.authenticate(tx, token=entered.session.token, now=utc_now())
        assert principal is not None
        assert (principal.user_id, principal.roles) == (entered.user_id, frozenset({"fan"}))
        found = await service.account(tx, user_id=entered.user_id)
        assert (found.email, found.verified_at is not None) == ("Ana@example.org", True)
        assert await profiles.fan(tx, user_id=entered.user_id) == FanProfile(
            user_id=entered.user_id, display_name="Ana Río", locale="es", theme="system"
        )
        assert await tx.value("SELECT count(*) FROM users.sign_up") == 0
        assert await tx.value("SELECT array_agg(action ORDER BY action) FROM users.security_log") == [
            "address.verified",
            "session.signed_in",
        ]


async def test_an_account_that_was_not_verified_cannot_be_entered(begin: Begin, runtime: Runtime, database: Database):
    """Else signing up and then in would tell whether the address had an account before."""
    await begin()
    async with database.begin() as tx:
        found = await service.user_by_email(tx, email=EMAIL)
        assert found.verified_at is None
    with pytest.raises(service.SignInRefused):
        await service.sign_in(runtime, email=EMAIL, password=PASSWORD, device=DEVICE, now=utc_now())


async def test_neither_the_code_nor_the_address_waits_in_the_queue_or_the_table(
    begin: Begin, inbox: Inbox, database: Database
):
    started = await begin()
    async with database.begin() as tx:
        queued = await tx.value("SELECT string_agg(j::text, ' ') FROM jobs.procrastinate_jobs j")
        stored = await tx.value("SELECT string_agg(s::text, ' ') FROM users.sign_up s")
    (message,) = await inbox(EMAIL)
    assert "mail_sign_up" in queued
    assert EMAIL not in queued
    for text in (queued, stored):
        assert code_in(message) not in text
        assert started.browser_token not in text
        assert PASSWORD not in text


async def test_a_code_is_good_only_in_the_browser_that_asked_for_it(begin: Begin, verify: Verify, inbox: Inbox):
    await begin()
    (message,) = await inbox(EMAIL)
    thief = SignUpStarted(secrets.token_urlsafe(32), utc_now())
    for token in (
        thief,
        SignUpStarted("", utc_now()),
        SignUpStarted("%", utc_now()),
        SignUpStarted("\ud800", utc_now()),
    ):
        with pytest.raises(CodeExpired):
            await verify(token, code_in(message))


async def test_a_code_is_good_once(begin: Begin, verify: Verify, inbox: Inbox):
    started = await begin()
    (message,) = await inbox(EMAIL)
    await verify(started, code_in(message))
    with pytest.raises(CodeExpired):
        await verify(started, code_in(message))


async def test_a_code_is_good_for_ten_minutes(begin: Begin, verify: Verify, inbox: Inbox):
    now = utc_now()
    started = await begin(now=now)
    assert started.code_expires_at == now + timedelta(minutes=10)
    (message,) = await inbox(EMAIL)
    with pytest.raises(CodeExpired):
        await verify(started, code_in(message), now=now + timedelta(minutes=10))
    await verify(started, code_in(message), now=now + timedelta(minutes=10, microseconds=-1))


async def test_after_five_wrong_codes_the_right_one_is_refused(begin: Begin, verify: Verify, inbox: Inbox):
    started = await begin()
    (message,) = await inbox(EMAIL)
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(CodeWrong) as refused:
            await verify(started, WRONG)
        assert refused.value.tries_left == left
    with pytest.raises(CodeExpired):
        await verify(started, code_in(message))


async def test_wrong_codes_at_the_same_moment_are_counted_each(begin: Begin, verify: Verify, inbox: Inbox):
    started = await begin()
    (message,) = await inbox(EMAIL)
    outcomes = await asyncio.gather(*(verify(started, WRONG) for _ in range(9)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CodeExpired"] * 4 + ["CodeWrong"] * 5
    with pytest.raises(CodeExpired):
        await verify(started, code_in(message))


async def test_the_right_code_shown_twice_at_once_makes_one_session(
    begin: Begin, verify: Verify, inbox: Inbox, database: Database
):
    started = await begin()
    (message,) = await inbox(EMAIL)
    outcomes = await asyncio.gather(*(verify(started, code_in(message)) for _ in range(4)), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CodeExpired"] * 3 + ["SignedIn"]
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.session") == 1


async def test_another_code_voids_the_one_before(begin: Begin, verify: Verify, inbox: Inbox, database: Database):
    now = utc_now()
    started = await begin(now=now)
    (first,) = await inbox(EMAIL)
    async with database.begin() as tx:
        with pytest.raises(CodesLimited) as too_soon:
            await service.resend_code(tx, browser_token=started.browser_token, now=now + timedelta(seconds=10))
        assert too_soon.value.retry_after_s == 20
    later = now + timedelta(seconds=30)
    async with database.begin() as tx:
        again = await service.resend_code(tx, browser_token=started.browser_token, now=later)
    assert again == SignUpStarted(started.browser_token, later + timedelta(minutes=10))
    second, _ = await inbox(EMAIL)
    assert code_in(second) != code_in(first)
    with pytest.raises(CodeWrong):
        await verify(started, code_in(first), now=later)
    await verify(started, code_in(second), now=later)


async def test_a_code_that_was_replaced_before_it_was_mailed_is_not_mailed(
    begin: Begin, inbox: Inbox, database: Database
):
    now = utc_now()
    started = await begin(now=now)
    async with database.begin() as tx:
        await service.resend_code(tx, browser_token=started.browser_token, now=now + timedelta(seconds=30))
    assert len(await inbox(EMAIL)) == 1


async def test_an_expired_code_is_not_mailed(begin: Begin, inbox: Inbox):
    await begin(now=utc_now() - timedelta(minutes=11))
    assert await inbox() == []


async def test_a_browser_asks_for_another_code_within_an_hour_and_not_without_having_signed_up(
    begin: Begin, database: Database
):
    now = utc_now()
    started = await begin(now=now)
    async with database.begin() as tx:
        for token, when in (
            (started.browser_token, now + timedelta(hours=1)),
            (secrets.token_urlsafe(32), now),
            ("", now),
        ):
            with pytest.raises(CodeExpired):
                await service.resend_code(tx, browser_token=token, now=when)


async def test_five_codes_an_hour_are_mailed_to_one_address_whoever_asks(begin: Begin, inbox: Inbox):
    now = utc_now()
    for minute in range(5):
        await begin(now=now + timedelta(minutes=minute))
    with pytest.raises(CodesLimited) as refused:
        await begin(now=now + timedelta(minutes=5))
    assert refused.value.retry_after_s == 55 * 60
    assert len(await inbox(EMAIL)) == 5
    await begin(now=now + timedelta(hours=1))


async def test_signing_up_twice_at_once_makes_one_account(
    begin: Begin, verify: Verify, inbox: Inbox, database: Database
):
    first, second = await asyncio.gather(begin(), begin(email="ANA@example.org", display_name="Other"))
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.account") == 1
        assert await tx.value("SELECT count(*) FROM users.address") == 1
    codes = [code_in(message) for message in await inbox()]
    assert len(codes) == 2
    entered = []
    for started in (first, second):
        for code in codes:
            try:
                entered.append(await verify(started, code))
            except (CodeWrong, CodeExpired):
                continue
    assert len(entered) == 1  # whoever was first; the other's code died with it


async def test_who_reserves_anothers_address_gets_nothing_when_its_owner_proves_it(
    begin: Begin, verify: Verify, inbox: Inbox, runtime: Runtime, database: Database
):
    """The attacker signs up first, with a password of theirs, and waits for the owner to verify the account."""
    theirs = "the attacker waits here"
    attack = await begin(password=theirs, display_name="Attacker")
    (bait,) = await inbox(EMAIL)
    own = await begin(display_name="Ana")
    newest, *_ = await inbox(EMAIL)
    with pytest.raises(CodeWrong):  # the bait's code is worth nothing in the owner's browser
        await verify(own, code_in(bait))
    entered = await verify(own, code_in(newest))
    async with database.begin() as tx:
        assert (await profiles.fan(tx, user_id=entered.user_id)).display_name == "Ana"
    with pytest.raises(service.SignInRefused):
        await service.sign_in(runtime, email=EMAIL, password=theirs, device=DEVICE, now=utc_now())
    with pytest.raises(CodeExpired):
        await verify(attack, code_in(bait))
    back = await service.sign_in(runtime, email=EMAIL, password=PASSWORD, device=DEVICE, now=utc_now())
    assert isinstance(back, service.SignedIn)
    assert back.user_id == entered.user_id


async def test_a_code_goes_to_the_spelling_that_was_typed_not_to_the_one_somebody_reserved(
    begin: Begin, verify: Verify, inbox: Inbox, database: Database
):
    await begin(email="ANA@example.org")
    own = await begin(email="ana@example.org")
    newest, older = await inbox()
    assert (newest.to, older.to) == ("ana@example.org", "ANA@example.org")
    entered = await verify(own, code_in(newest))
    async with database.begin() as tx:
        assert (await service.account(tx, user_id=entered.user_id)).email == "ana@example.org"


async def test_two_browsers_with_codes_for_one_address_do_not_wait_for_each_other_in_a_circle(
    begin: Begin, verify: Verify, inbox: Inbox, database: Database
):
    """Both hold a good code; whoever is first has the account, the other is refused, and neither deadlocks."""
    first, second = await begin(), await begin()
    codes = [code_in(message) for message in await inbox(EMAIL)]
    pairs = [(first, codes[1]), (second, codes[0])]
    outcomes = await asyncio.gather(*(verify(*pair) for pair in pairs * 4), return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["CodeExpired"] * 7 + ["SignedIn"]


async def test_an_address_that_was_proved_otherwise_meanwhile_is_not_proved_again(
    begin: Begin, verify: Verify, inbox: Inbox, database: Database
):
    started = await begin()
    (message,) = await inbox(EMAIL)
    async with database.begin() as tx:
        await tx.execute("UPDATE users.address SET verified_at = now()")
    with pytest.raises(CodeWrong):
        await verify(started, code_in(message))


class TestWithAnAddressThatHasAnAccount:
    """The answer, the work and every later answer are those of a new address; only the owner learns of it."""

    @pytest.fixture(autouse=True)
    async def owner(self, database: Database) -> Any:
        async with database.begin() as tx:
            return await make_user(tx, email=EMAIL, display_name="Owner", locale="es")

    async def test_the_owner_is_told_and_nothing_changes(
        self, begin: Begin, inbox: Inbox, database: Database, owner: Any
    ):
        async with database.begin() as tx:
            before = await tx.value("SELECT hash FROM users.password WHERE user_id = %s", [owner.user_id])
        await begin(email="ANA@example.org", password="another quite long one", display_name="Somebody", locale="en")
        (message,) = await inbox()
        assert (message.to, message.subject) == (EMAIL, "Ya tienes una cuenta en VibeStream")
        assert "Somebody" not in message.source
        async with database.begin() as tx:
            assert await tx.value("SELECT count(*) FROM users.account") == 1
            assert await tx.value("SELECT hash FROM users.password WHERE user_id = %s", [owner.user_id]) == before
            assert (await profiles.fan(tx, user_id=owner.user_id)).display_name == "Owner"
            row = await tx.value("SELECT s::text FROM users.sign_up s")
            assert "argon2" not in row
            assert "Somebody" not in row

    async def test_the_answer_is_that_of_a_new_address(self, begin: Begin):
        now = utc_now()
        known, new = await begin(now=now), await begin(now=now, email="new@example.org")
        assert known.code_expires_at == new.code_expires_at
        assert len(known.browser_token) == len(new.browser_token) == 43

    async def test_the_work_is_that_of_a_new_address(self, begin: Begin, cpu: Recording):
        await begin()
        await begin(email="new@example.org")
        assert [(name, arguments[0]) for name, arguments in cpu.calls] == [
            ("_judge", PASSWORD),
            ("hash", PASSWORD.encode()),
        ] * 2

    async def test_no_code_ever_works_and_each_try_is_answered_as_for_a_new_address(
        self, begin: Begin, verify: Verify, database: Database, runtime: Runtime
    ):
        started = await begin()
        async with database.begin() as tx:
            sign_up_id = await tx.value("SELECT sign_up_id FROM users.sign_up")
        guessed = code_of(key=runtime.settings.signing_key(), sign_up_id=sign_up_id)  # what 10^8 tries would find
        for left, code in zip((4, 3, 2, 1, 0), (guessed, WRONG, guessed, WRONG, guessed), strict=True):
            with pytest.raises(CodeWrong) as refused:
                await verify(started, code)
            assert refused.value.tries_left == left
        with pytest.raises(CodeExpired):
            await verify(started, guessed)

    async def test_a_decoy_never_takes_effect_whatever_became_of_the_account(
        self, begin: Begin, verify: Verify, database: Database, runtime: Runtime
    ):
        started = await begin()
        async with database.begin() as tx:
            sign_up_id = await tx.value("SELECT sign_up_id FROM users.sign_up")
            await tx.execute("UPDATE users.address SET verified_at = NULL")
        with pytest.raises(CodeWrong):
            await verify(started, code_of(key=runtime.settings.signing_key(), sign_up_id=sign_up_id))

    async def test_another_code_can_be_asked_for_as_with_a_new_address(
        self, begin: Begin, inbox: Inbox, database: Database
    ):
        now = utc_now()
        started = await begin(now=now)
        async with database.begin() as tx:
            again = await service.resend_code(tx, browser_token=started.browser_token, now=now + timedelta(seconds=30))
        assert again.code_expires_at == now + timedelta(minutes=10, seconds=30)

    async def test_the_owner_is_told_once_a_day_however_often_somebody_tries(self, begin: Begin, inbox: Inbox):
        now = utc_now()
        await begin(now=now - timedelta(seconds=2))
        await begin(now=now - timedelta(seconds=1))
        await begin(now=now)
        assert len(await inbox()) == 1

    async def test_codes_are_limited_as_for_a_new_address(self, begin: Begin):
        now = utc_now()
        for minute in range(5):
            await begin(now=now + timedelta(minutes=minute))
        with pytest.raises(CodesLimited):
            await begin(now=now + timedelta(minutes=5))


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"email": "ana@example.org\r\nBcc: all@example.org"}, service.AddressInvalid),
        ({"email": "%"}, service.AddressInvalid),
        ({"email": "a" * 1_000_000}, service.AddressInvalid),
        ({"display_name": "\u202eanA"}, TextInvalid),
        ({"display_name": "x" * 1_000_000}, TextInvalid),
        ({"display_name": "A\r\nBcc: x"}, None),
        ({"password": "short"}, passwords.PasswordLength),
        ({"password": "x" * 1_000_000}, passwords.PasswordLength),
        ({"password": "passwordpassword"}, passwords.PasswordCommon),
        ({"password": "ana@example.org"}, passwords.PasswordPersonal),
        ({"password": "Anastasia Lipnitskaya", "display_name": "Anastasia Lipnitskaya"}, passwords.PasswordPersonal),
        ({"locale": "xx"}, profiles.PreferenceInvalid),
    ],
)
async def test_what_cannot_be_right_is_refused_before_anything_is_kept(
    begin: Begin, inbox: Inbox, database: Database, changed: dict[str, str], error: type[Exception] | None
):
    if error is None:  # a line break in a name is a space
        await begin(**changed)
        (message,) = await inbox(EMAIL)
        assert "Bcc" not in message.source
        return
    with pytest.raises(error):
        await begin(**changed)
    async with database.begin() as tx:
        assert await tx.value("SELECT count(*) FROM users.account") == 0
        assert await tx.value("SELECT count(*) FROM jobs.procrastinate_jobs") == 0


async def test_the_session_that_the_browser_came_with_ends(
    begin: Begin, verify: Verify, inbox: Inbox, database: Database
):
    async with database.begin() as tx:
        planted = await signed_in(tx, await make_user(tx))
    started = await begin()
    (message,) = await inbox(EMAIL)
    entered = await verify(started, code_in(message), replaces=planted)
    async with database.begin() as tx:
        assert await sessions.authenticate(tx, token=planted, now=utc_now()) is None
        assert await sessions.authenticate(tx, token=entered.session.token, now=utc_now()) is not None


async def test_what_is_not_needed_any_more_is_dropped(begin: Begin, runtime: Runtime, database: Database):
    long_ago = utc_now() - timedelta(days=8)
    await begin(now=long_ago)
    await begin(email="yesterday@example.org", now=utc_now() - timedelta(hours=30))
    await begin(email="today@example.org")
    async with database.begin() as tx:
        kept = await make_user(tx, email="kept@example.org", now=MADE_AT - timedelta(days=400))
    await keep_to(database, rules=RULES, now=utc_now())
    async with database.begin() as tx:
        emails = await tx.value("SELECT array_agg(email ORDER BY email) FROM users.address")
        assert emails == ["kept@example.org", "today@example.org", "yesterday@example.org"]
        assert await tx.value("SELECT count(*) FROM users.fan_profile") == 3
        assert await tx.value("SELECT array_agg(email) FROM users.sign_up") == ["today@example.org"]
        assert (await service.account(tx, user_id=kept.user_id)).email == "kept@example.org"
    await begin(display_name="Again")  # the address is free again
