"""Signing up, proving the address, signing in, and what an account is.

Whether an address has an account shows in no answer and in no duration: a sign-up with a known address, a wrong
password and an unknown address do the same work and say the same.
"""

from vibestream.contexts.user.accounts.domain import CODE_GOOD_FOR, AddressInvalid
from vibestream.contexts.user.accounts.service.by_issuer import drop_second_steps, enter_by_issuer, make_by_issuer
from vibestream.contexts.user.accounts.service.guarding import SignInCodeWrong
from vibestream.contexts.user.accounts.service.half_way import SECOND_STEP_COOKIE, SECOND_STEP_GOOD_FOR, SecondStep
from vibestream.contexts.user.accounts.service.lookup import AccountMissing, account, user_by_email
from vibestream.contexts.user.accounts.service.mailing import (
    mail_factor_notice,
    mail_password_change,
    mail_sign_in_code,
    mail_sign_up,
)
from vibestream.contexts.user.accounts.service.moving import AddressTaken, canonical, move_address
from vibestream.contexts.user.accounts.service.own_factors import (
    app_begun,
    begin_app,
    confirm_app,
    remove_app,
    renew_recovery_codes,
)
from vibestream.contexts.user.accounts.service.own_passkeys import (
    add_passkey,
    ask_to_create_passkey,
    passkey_sign_in,
    passkey_step_up,
    remove_passkey,
)
from vibestream.contexts.user.accounts.service.recovering import Named, show_factor, verified_by_email
from vibestream.contexts.user.accounts.service.second_step import SecondStepExpired, finish_second_step
from vibestream.contexts.user.accounts.service.sign_in import (
    SignInRefused,
    WrongPassword,
    change_password,
    sign_in,
)
from vibestream.contexts.user.accounts.service.sign_up import (
    SIGN_UP_COOKIE,
    SIGN_UP_COOKIE_GOOD_FOR,
    CodeExpired,
    CodesLimited,
    CodeWrong,
    SignedIn,
    SignUpStarted,
    resend_code,
    sign_up,
    verify_email,
)
from vibestream.contexts.user.accounts.service.step_up import proved, step_up
from vibestream.contexts.user.accounts.service.telling import tell_factor, tell_password_changed
from vibestream.contexts.user.accounts.service.tidying import tidy
from vibestream.contexts.user.accounts.store import Account
from vibestream.contexts.user.attempts.service import DEVICE_COOKIE, DEVICE_GOOD_FOR, SignInSlowed

__all__ = [
    "CODE_GOOD_FOR",
    "DEVICE_COOKIE",
    "DEVICE_GOOD_FOR",
    "SECOND_STEP_COOKIE",
    "SECOND_STEP_GOOD_FOR",
    "SIGN_UP_COOKIE",
    "SIGN_UP_COOKIE_GOOD_FOR",
    "Account",
    "AccountMissing",
    "AddressInvalid",
    "AddressTaken",
    "CodeExpired",
    "CodeWrong",
    "CodesLimited",
    "Named",
    "SecondStep",
    "SecondStepExpired",
    "SignInCodeWrong",
    "SignInRefused",
    "SignInSlowed",
    "SignUpStarted",
    "SignedIn",
    "WrongPassword",
    "account",
    "add_passkey",
    "app_begun",
    "ask_to_create_passkey",
    "begin_app",
    "canonical",
    "change_password",
    "confirm_app",
    "drop_second_steps",
    "enter_by_issuer",
    "finish_second_step",
    "mail_factor_notice",
    "mail_password_change",
    "mail_sign_in_code",
    "mail_sign_up",
    "make_by_issuer",
    "move_address",
    "passkey_sign_in",
    "passkey_step_up",
    "proved",
    "remove_app",
    "remove_passkey",
    "renew_recovery_codes",
    "resend_code",
    "show_factor",
    "sign_in",
    "sign_up",
    "step_up",
    "tell_factor",
    "tell_password_changed",
    "tidy",
    "user_by_email",
    "verified_by_email",
    "verify_email",
]
