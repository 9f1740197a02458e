"""What an account is about fits a line of the console, and people's names stay whole."""

from __future__ import annotations

from uuid import UUID

from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.kernel.money import USD, VIBE
from vibestream.web.localization import language
from vibestream.web.pages.finance.shown import abridged, account_of

OWNER = UUID("01a2104b-4e14-70b7-949a-611dbccc5fc5")


def test_a_wallets_key_is_shown_by_its_beginning_and_its_end():
    key = "ed25519:" + "20b02f48" * 8

    assert abridged(key) == "ed25519:20b02f48…b02f48"
    assert abridged("a subject of forty letters, just as long") == "a subject of forty letters, just as long"


def test_a_persons_name_stays_whole_however_long_it_is():
    name = "Maximiliana " * 6
    account = AccountName(AccountKind.WALLET, str(OWNER), USD)

    assert account_of(account, {OWNER: name}, language("es"))[1] == name
    assert account_of(account, {}, language("es"))[1] == "…bccc5fc5"


def test_a_day_and_a_gateway_stay_as_they_are():
    pool = AccountName(AccountKind.REWARD_POOL, "2026-11-25", VIBE)

    assert account_of(pool, {}, language("en"))[1] == "2026-11-25"
