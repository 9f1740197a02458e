"""How connecting a wallet fails."""

from __future__ import annotations

from typing import ClassVar

from vibestream.kernel.errors import Conflict, Gone, InvalidInput, Missing, Unavailable


class AddressMalformed(InvalidInput):
    """Not an address of a wallet: 0x and 40 hexadecimal digits, whose capitals fit if there are any."""

    code: ClassVar[str] = "wallet_link.address_malformed"

    def __init__(self) -> None:
        super().__init__("This is not the address of a wallet.")


class MessageRefused(InvalidInput):
    """What was signed is not what this page asked to be signed. The reason is for the log and for tests."""

    code: ClassVar[str] = "wallet_link.message_refused"

    def __init__(self, reason: str) -> None:
        super().__init__("What the wallet signed is not what it was asked to sign here.")
        self._reason = reason

    @property
    def reason(self) -> str:
        """A few fixed words of what was wrong."""
        return self._reason


class SignatureRefused(InvalidInput):
    """The signature is not one by the key of the address, or not in its one proper form."""

    code: ClassVar[str] = "wallet_link.signature_refused"
    keeps_transaction: ClassVar[bool] = True
    """What was asked is used up, although the answer is refused."""

    def __init__(self) -> None:
        super().__init__("This is not a signature of that wallet.")


class ChainUnavailable(Unavailable):
    """The node that was to ask a contract does not answer, or is one of another chain. What was asked stays good."""

    code: ClassVar[str] = "wallet_link.chain_unavailable"

    def __init__(self) -> None:
        super().__init__("The chain does not answer. Try again in a moment.")


class ChallengeExpired(Gone):
    """This browser was not asked to sign this, too long ago, or has answered already."""

    code: ClassVar[str] = "wallet_link.challenge_expired"

    def __init__(self) -> None:
        super().__init__("That took too long, or was answered already. Try again.")


class WalletTaken(Conflict):
    """The wallet is connected already: with this account, or with another one."""

    code: ClassVar[str] = "wallet_link.taken"

    def __init__(self) -> None:
        super().__init__("That wallet is connected with an account here already.")


class WalletsFull(Conflict):
    """As many wallets are connected as may be."""

    code: ClassVar[str] = "wallet_link.full"

    def __init__(self) -> None:
        super().__init__("Five wallets are connected already. Remove one first.")


class WalletMissing(Missing):
    """The account has no such wallet."""

    code: ClassVar[str] = "wallet_link.missing"

    def __init__(self) -> None:
        super().__init__("There is no such wallet.")
