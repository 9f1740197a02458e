"""How signing in with another issuer fails."""

from __future__ import annotations

from typing import ClassVar

from vibestream.kernel.errors import Conflict, Gone, InvalidInput, Missing, Unauthenticated, Unavailable


class ProviderMissing(Missing):
    """No issuer of this name is configured."""

    code: ClassVar[str] = "identity.provider_missing"

    def __init__(self) -> None:
        super().__init__("There is no such way to sign in here.")


class RequestExpired(Gone):
    """This browser was not sent there, too long ago, to another issuer, or the answer was taken already."""

    code: ClassVar[str] = "identity.request_expired"

    def __init__(self) -> None:
        super().__init__("That took too long, or was answered already. Try again.")


class Declined(Unauthenticated):
    """The person, or the issuer, chose not to go on."""

    code: ClassVar[str] = "identity.declined"

    def __init__(self) -> None:
        super().__init__("You were not signed in: it was cancelled there.")


class AnswerRefused(Unauthenticated):
    """What came back does not prove who it is. The reason is for the log, not for whoever sent it."""

    code: ClassVar[str] = "identity.answer_refused"

    def __init__(self, reason: str) -> None:
        super().__init__("What came back does not prove who you are. Try again.")
        self._reason = reason

    @property
    def reason(self) -> str:
        """A few fixed words of what was wrong."""
        return self._reason


class IssuerUnavailable(Unavailable):
    """The issuer does not answer, or not in its protocol's words."""

    code: ClassVar[str] = "identity.issuer_unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__("They do not answer. Try again later, or sign in another way.")
        self._reason = reason

    @property
    def reason(self) -> str:
        """A few fixed words of what was wrong."""
        return self._reason


class AnotherAccount(InvalidInput):
    """Somebody showed that they are another person there than the one who is signed in here."""

    code: ClassVar[str] = "identity.another_account"

    def __init__(self) -> None:
        super().__init__("That is not the account there that yours is connected with. Nothing was done.")


class CannotProve(Conflict):
    """What this issuer says does not count as a proof for this account: it has a password or a second factor, or no such connection."""

    code: ClassVar[str] = "identity.cannot_prove"

    def __init__(self) -> None:
        super().__init__("That does not show that it is you. Show your password, your second factor or a passkey.")


class NothingWaiting(Gone):
    """This browser has shown no account elsewhere that could be connected, or too long ago."""

    code: ClassVar[str] = "identity.nothing_waiting"

    def __init__(self) -> None:
        super().__init__("There is nothing to connect any more. Begin again.")


class IdentityTaken(Conflict):
    """The account elsewhere is connected already: with this account, or with another one."""

    code: ClassVar[str] = "identity.taken"

    def __init__(self) -> None:
        super().__init__("That account is connected with an account here already.")


class IdentitiesFull(Conflict):
    """As many accounts elsewhere are connected as may be."""

    code: ClassVar[str] = "identity.full"

    def __init__(self) -> None:
        super().__init__("Ten accounts are connected already. Remove one first.")


class AddressNotProved(Conflict):
    """An account cannot be made by what the issuer says alone: the address is not proved, or somebody here has it."""

    code: ClassVar[str] = "identity.address_not_proved"

    def __init__(self) -> None:
        super().__init__("Sign in, or make an account with a code that we mail; then connect it.")


class IdentityMissing(Missing):
    """The account has no such connection."""

    code: ClassVar[str] = "identity.missing"

    def __init__(self) -> None:
        super().__init__("There is no such connected account.")


class LastWayIn(Conflict):
    """Without it nobody could enter the account any more."""

    code: ClassVar[str] = "identity.last_way_in"

    def __init__(self) -> None:
        super().__init__("It is the only way into your account. Set a password or add a passkey first.")
